//! Takes what is needed out of wheels.

use std::fs;
use std::io::{self, BufReader, Write as _};
use std::path::{Component, Path, PathBuf};

use zip::ZipArchive;
use zip::result::ZipError;

use super::failure::Failure;
use super::progress::{Output, Progress};

type Wheel = ZipArchive<BufReader<fs::File>>;

/// Unpacks into `folder` what `keep` gives a place to.
pub(crate) fn unpack(
    wheels: &Path,
    folder: &Path,
    keep: fn(&str) -> Option<String>,
    output: Output,
) -> Result<(), Failure> {
    let mut opened = Vec::new();
    for path in wheels_in(wheels)? {
        opened.push((open(&path)?, path));
    }
    let mut total = 0;
    for (wheel, path) in &mut opened {
        total += kept_bytes(wheel, keep).map_err(|error| damaged(path, &error))?;
    }

    let mut progress = Progress::start(output, "unpacking", "unpacked", "libtorch");
    let mut bytes = 0;
    for (wheel, path) in &mut opened {
        unpack_one(wheel, path, folder, keep, |more| {
            bytes += more;
            progress.update(bytes, Some(total));
        })?;
    }
    progress.finish(bytes);
    Ok(())
}

fn wheels_in(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let entries: io::Result<Vec<_>> = fs::read_dir(folder).and_then(Iterator::collect);
    let entries = entries.map_err(|error| Failure::io("read", folder, &error))?;
    let mut paths: Vec<PathBuf> = entries.iter().map(fs::DirEntry::path).collect();
    paths.retain(|it| it.extension().is_some_and(|it| it == "whl"));
    paths.sort();
    Ok(paths)
}

fn open(path: &Path) -> Result<Wheel, Failure> {
    let file = fs::File::open(path).map_err(|error| Failure::io("open", path, &error))?;
    ZipArchive::new(BufReader::new(file)).map_err(|error| damaged(path, &error))
}

fn kept_bytes(wheel: &mut Wheel, keep: fn(&str) -> Option<String>) -> Result<u64, ZipError> {
    let mut bytes = 0;
    for index in 0..wheel.len() {
        let file = wheel.by_index_raw(index)?;
        if keep(&file.name()?).is_some() {
            bytes += file.size();
        }
    }
    Ok(bytes)
}

fn unpack_one(
    wheel: &mut Wheel,
    path: &Path,
    folder: &Path,
    keep: fn(&str) -> Option<String>,
    mut unpacked: impl FnMut(u64),
) -> Result<(), Failure> {
    for index in 0..wheel.len() {
        let mut file = wheel
            .by_index(index)
            .map_err(|error| damaged(path, &error))?;
        let name = file
            .name()
            .map_err(|error| damaged(path, &error))?
            .into_owned();
        let Some(place) = keep(&name) else {
            continue;
        };
        if file.is_dir() {
            continue;
        }
        if !Path::new(&place)
            .components()
            .all(|it| matches!(it, Component::Normal(_)))
        {
            let message = format!(
                "{} wants to write outside its folder, to {}",
                path.display(),
                name
            );
            return Err(Failure::new(message));
        }
        let place = folder.join(place);
        let written = create(&place).map_err(|error| Failure::io("create", &place, &error))?;
        copy(&mut file, written, path, &place, &mut unpacked)?;
        #[cfg(unix)]
        if file.unix_mode().is_some_and(|it| it & 0o111 != 0) {
            use std::os::unix::fs::PermissionsExt as _;

            let made = fs::set_permissions(&place, fs::Permissions::from_mode(0o755));
            made.map_err(|error| Failure::io("write", &place, &error))?;
        }
    }
    Ok(())
}

fn create(place: &Path) -> io::Result<fs::File> {
    if let Some(above) = place.parent() {
        fs::create_dir_all(above)?;
    }
    fs::File::create(place)
}

/// Like `io::copy`, but tells a damaged wheel from a full disk, and goes on telling how far it is.
fn copy(
    file: &mut impl io::Read,
    mut written: fs::File,
    wheel: &Path,
    place: &Path,
    mut unpacked: impl FnMut(u64),
) -> Result<(), Failure> {
    const LARGE: u64 = 1 << 20;
    let cannot_write = |error| Failure::io("write", place, &error);

    let mut buffer = vec![0; 1 << 18];
    let mut bytes = 0;
    loop {
        let n = match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(damaged(wheel, &error.into())),
        };
        written.write_all(&buffer[..n]).map_err(cannot_write)?;
        bytes += n as u64;
        unpacked(n as u64);
    }
    // Some file systems find out only now that there is no room; and a library that a crash cut short would
    // look whole. Thousands of headers are not worth the time.
    if bytes >= LARGE {
        written.sync_all().map_err(cannot_write)?;
    }
    Ok(())
}

fn damaged(wheel: &Path, error: &ZipError) -> Failure {
    Failure::new(format!("the wheel {} is damaged: {error}", wheel.display()))
        .help("run the command again")
}

#[cfg(all(test, unix))]
mod tests {
    use super::super::fakes;
    use super::*;

    fn keep_x(name: &str) -> Option<String> {
        name.strip_prefix("x/").map(|it| format!("y/{it}"))
    }

    /// Unpacks one wheel made of these files, after its bytes went through `change`.
    fn check(
        files: &[(&str, &str)],
        change: impl Fn(&mut Vec<u8>),
    ) -> (tempfile::TempDir, Result<(), Failure>) {
        let home = fakes::folder();
        let wheels = home.path().join("wheels");
        let wheel = wheels.join("a.whl");
        fakes::wheel(&wheel, files);
        let mut bytes = fs::read(&wheel).unwrap();
        change(&mut bytes);
        fs::write(&wheel, bytes).unwrap();
        let result = unpack(&wheels, &home.path().join("out"), keep_x, Output::Nowhere);
        (home, result)
    }

    #[test]
    fn what_is_kept_is_written_to_its_place_and_nothing_else() {
        let long = "words ".repeat(100_000);
        let (home, result) = check(
            &[
                ("x/a/b.h", "text"),
                ("x/a/", ""),
                ("z.py", "no"),
                ("x/long.so", &long),
            ],
            |_| {},
        );
        assert_eq!(result, Ok(()));
        let out = home.path().join("out");
        assert_eq!(fs::read_to_string(out.join("y/a/b.h")).unwrap(), "text");
        assert_eq!(fs::read_to_string(out.join("y/long.so")).unwrap(), long);
        assert_eq!(fs::read_dir(&out).unwrap().count(), 1);
    }

    #[test]
    fn a_cut_wheel_is_a_failure() {
        let (_home, result) = check(&[("x/a", "text")], |bytes| bytes.truncate(bytes.len() / 2));
        let text = result.unwrap_err().to_string();
        assert!(text.contains("a.whl is damaged"), "{text}");
    }

    #[test]
    fn a_wheel_with_changed_bytes_is_a_failure() {
        let text = "0123456789".repeat(50);
        // The bytes after the header of the first file.
        let (_home, result) = check(&[("x/a", &text)], |bytes| bytes[36..40].fill(0xff));
        let text = result.unwrap_err().to_string();
        assert!(text.contains("a.whl is damaged"), "{text}");
    }

    #[test]
    fn a_name_that_leaves_the_folder_is_refused() {
        // The second stays in the wheel's own folder, but what `keep` makes of it does not.
        for name in ["x/../../../evil", "x/../../evil"] {
            let (home, result) = check(&[(name, "text")], |_| {});
            let text = result.unwrap_err().to_string();
            assert!(text.contains("outside its folder"), "{text}");
            assert!(!home.path().join("evil").exists() && !home.path().join("out").exists());
        }
    }

    #[test]
    fn a_place_that_cannot_be_written_is_a_failure() {
        let (_home, result) = check(&[("x/a", "text"), ("x/a/b", "text")], |_| {});
        let text = result.unwrap_err().to_string();
        assert!(text.contains("cannot create"), "{text}");
    }
}
