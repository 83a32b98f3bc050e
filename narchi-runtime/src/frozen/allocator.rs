//! Settings of the allocator that a program may choose.

/// Keeps memory that was freed in the process, for all that is allocated later.
///
/// glibc gives large blocks back to the system each time, and gets new ones page by page: with large activations that may
/// take as long as computing them. This sets its thresholds so that it does not, for the whole process and for good, which
/// is why only a program should call it, early, and no library. Elsewhere than with glibc on Linux it does nothing.
pub fn keep_freed_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[expect(unsafe_code, reason = "a foreign function")]
    // SAFETY: these are settings of the allocator, at any time, by mallopt(3).
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, i32::MAX);
        libc::mallopt(libc::M_TRIM_THRESHOLD, i32::MAX);
        // Small blocks that were freed wait in lists, all of which are gone through whenever a large block comes or goes.
        libc::mallopt(libc::M_MXFAST, 0);
    }
}

/// As [`keep_freed_memory`], and takes so many bytes from the system at once, on large pages: what is allocated later, weights
/// and results, lies there as far as it has room.
///
/// With pages of 4 KiB, looking up where a page is takes some percent of the time of a large model. Call it before models are
/// made, with about the size of their weights and results. Elsewhere than with glibc on Linux it does nothing; where the system
/// has no large pages, it has the effect of [`keep_freed_memory`].
pub fn reserve_memory(bytes: usize) {
    keep_freed_memory();
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    on_large_pages(bytes);
    #[cfg(not(all(target_os = "linux", target_env = "gnu")))]
    let _ = bytes;
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "memory without an owner")]
fn on_large_pages(bytes: usize) {
    const LARGE: usize = 2 << 20;
    const SMALL: usize = 4 << 10;
    let Some(whole) = bytes.checked_next_multiple_of(LARGE) else {
        return;
    };
    let Some(with_gap) = whole.checked_add(LARGE) else {
        return;
    };
    // SAFETY: the block is ours until it is freed; an advice changes nothing in it, and what is written is inside it. Freed
    // memory stays in the heap, by the settings above.
    unsafe {
        // One heap for all threads: there is only one that can grow so far.
        libc::mallopt(libc::M_ARENA_MAX, 1);
        let block = libc::malloc(with_gap).cast::<u8>();
        if block.is_null() {
            return;
        }
        let start = block.add(block.align_offset(LARGE));
        // Where there are no large pages, there are small ones.
        let _ = libc::madvise(start.cast(), whole, libc::MADV_HUGEPAGE);
        for page in 0..whole / SMALL {
            start.add(page * SMALL).write_volatile(0);
        }
        libc::free(block.cast());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_of_bytes_may_be_asked_for() {
        for bytes in [0, 1, 3 << 20, usize::MAX] {
            reserve_memory(bytes);
        }
        let numbers: Vec<u64> = (0..100_000).collect();
        assert_eq!(numbers.iter().sum::<u64>(), 4_999_950_000);
    }
}
