//! The fixed place that leads to the libtorch in use.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::failure::Failure;

/// Makes `link` a symbolic link to `target`, in one step: a build that reads through it sees the old or the new.
pub(crate) fn point(link: &Path, target: &Path) -> Result<(), Failure> {
    // Else a link to a link could end in a circle.
    let target = target
        .canonicalize()
        .map_err(|error| Failure::io("read", target, &error))?;
    match fs::symlink_metadata(link) {
        Ok(there) if !there.file_type().is_symlink() => {
            let message = format!(
                "{} is in the way: it should be a link to libtorch",
                link.display()
            );
            return Err(Failure::new(message).help("move it away and run the command again"));
        }
        Ok(_) if fs::read_link(link).is_ok_and(|old| old == target) => return Ok(()),
        Ok(_) | Err(_) => {}
    }
    let fresh = beside(link);
    let made = symlink(&target, &fresh).and_then(|()| fs::rename(&fresh, link));
    made.map_err(|error| {
        let _ = fs::remove_file(&fresh);
        Failure::io("make the link", link, &error)
    })
}

/// Whether what is there has CUDA; None if nothing is there.
pub(crate) fn has_cuda(link: &Path) -> Option<bool> {
    let lib = link.join("lib");
    lib.is_dir().then(|| lib.join("libtorch_cuda.so").exists())
}

fn beside(link: &Path) -> PathBuf {
    let mut name = link.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}", std::process::id()));
    link.with_file_name(name)
}

#[cfg(unix)]
fn symlink(target: &Path, link: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

#[cfg(windows)]
fn symlink(target: &Path, link: &Path) -> io::Result<()> {
    std::os::windows::fs::symlink_dir(target, link)
}

#[cfg(all(test, unix))]
mod tests {
    use super::super::fakes;
    use super::*;

    /// Points the link at a folder and reads back where it leads.
    fn check(link: &Path, target: &Path) -> Result<PathBuf, Failure> {
        fs::create_dir_all(target).unwrap();
        point(link, target)?;
        Ok(fs::read_link(link).unwrap())
    }

    #[test]
    fn a_link_is_made_and_moved_and_leaves_nothing_else() {
        let home = fakes::folder();
        let (link, one, two) = (
            home.path().join("link"),
            home.path().join("one"),
            home.path().join("two"),
        );
        assert_eq!(check(&link, &one), Ok(one.clone()));
        assert_eq!(check(&link, &one), Ok(one.clone()));
        assert_eq!(check(&link, &two), Ok(two));
        fs::remove_dir(home.path().join("two")).unwrap();
        assert!(!link.exists(), "dangling now");
        assert_eq!(check(&link, &one), Ok(one));
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 2);
    }

    #[test]
    fn whether_there_is_cuda_is_seen_through_the_link() {
        let home = fakes::folder();
        let (link, one) = (home.path().join("link"), home.path().join("one"));
        assert_eq!(has_cuda(&link), None);
        check(&link, &one).unwrap();
        fs::create_dir(one.join("lib")).unwrap();
        assert_eq!(has_cuda(&link), Some(false));
        fs::write(one.join("lib/libtorch_cuda.so"), "").unwrap();
        assert_eq!(has_cuda(&link), Some(true));
    }

    #[test]
    fn a_link_to_itself_stays_what_it_is() {
        let home = fakes::folder();
        let (link, one) = (home.path().join("link"), home.path().join("one"));
        check(&link, &one).unwrap();
        point(&link, &link).unwrap();
        assert_eq!(fs::read_link(&link).unwrap(), one);
    }

    #[test]
    fn what_is_no_link_is_left_alone() {
        let home = fakes::folder();
        let link = home.path().join("link");
        fs::create_dir(&link).unwrap();
        let failure = check(&link, &home.path().join("one")).unwrap_err();
        assert!(failure.to_string().contains("is in the way"), "{failure}");
        assert!(link.is_dir());
    }

    #[test]
    fn a_missing_folder_above_the_link_is_a_failure() {
        let home = fakes::folder();
        let failure = check(&home.path().join("gone/link"), &home.path().join("one")).unwrap_err();
        assert!(
            failure.to_string().contains("cannot make the link"),
            "{failure}"
        );
    }
}
