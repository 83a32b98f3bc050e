//! Installs libtorch into the cache: all of it or nothing, one at a time.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::VERSION;
use super::download::{Folders, download};
use super::failure::Failure;
use super::find::{Libtorch, Place};
use super::inspect::inspect;
use super::plan::Plan;
use super::progress::{Output, megabytes};
use super::settings::Settings;
use super::unpack::unpack;

/// How the names of folders begin that are being filled.
const UNFINISHED: &str = ".unfinished-";

/// Gives the installed libtorch, installing it if it is not there.
pub(crate) fn install(
    settings: &Settings,
    plan: &Plan,
    output: Output,
) -> Result<Libtorch, Failure> {
    let root = plan.set.root(&settings.cache);
    let installed = || inspect(Place::Cache, &root, &root, &root, settings);
    if let Ok(libtorch) = installed() {
        return Ok(libtorch);
    }

    let cache = &settings.cache;
    fs::create_dir_all(cache).map_err(|error| Failure::io("create", cache, &error))?;
    let _lock = lock(&cache.join("lock"), output)?;
    if let Ok(libtorch) = installed() {
        return Ok(libtorch);
    }
    // With the lock in hand, whatever is unfinished was left by someone who is gone.
    for folder in unfinished(cache) {
        remove(&folder)?;
    }
    check_room(cache, plan)?;

    let making = tempfile::Builder::new()
        .prefix(UNFINISHED)
        .tempdir_in(cache)
        .map_err(|error| Failure::io("create a folder in", cache, &error))?;
    let folder = plan.set.folder(cache);
    output.say(&format!(
        "installing libtorch {VERSION} into {}",
        folder.display()
    ));
    let made = fill(settings, plan, making.path(), output)?;
    let made_root = plan.set.root_in(&made);
    inspect(Place::Cache, &made_root, &made_root, &made_root, settings).map_err(|failure| {
        Failure::new(format!(
            "the wheels do not hold what was expected: {}",
            failure.message
        ))
    })?;
    if folder.exists() {
        // A broken one: a folder can be renamed only to a place that is free.
        remove(&folder)?;
    }
    fs::rename(&made, &folder).map_err(|error| Failure::io("create", &folder, &error))?;
    installed()
}

/// Downloads and unpacks into folders below `making`; gives the one that is the installation.
fn fill(
    settings: &Settings,
    plan: &Plan,
    making: &Path,
    output: Output,
) -> Result<PathBuf, Failure> {
    let folders = Folders {
        wheels: making.join("wheels"),
        temporary: making.join("pip"),
        log: making.join("pip.log"),
    };
    let made = making.join("libtorch");
    for folder in [&folders.wheels, &folders.temporary, &made] {
        fs::create_dir(folder).map_err(|error| Failure::io("create", folder, &error))?;
    }
    for wanted in &plan.downloads {
        download(&settings.python, wanted, &folders, output)?;
    }
    unpack(&folders.wheels, &made, plan.keep, output)?;
    remove(&folders.wheels)?;

    let root = plan.set.root_in(&made);
    if plan.without_cuda {
        write(&root.join("lib/libtorch.so"), "INPUT(-lc10)\n")?;
    }
    write(&root.join("build-version"), &format!("{VERSION}\n"))?;
    Ok(made)
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let written = fs::File::create(path).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.map_err(|error| Failure::io("write", path, &error))
}

/// The folders that an install which was killed has left.
pub(crate) fn unfinished(cache: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(cache).into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = entries
        .filter(|it| it.file_name().to_string_lossy().starts_with(UNFINISHED))
        .map(|it| it.path())
        .collect();
    folders.sort();
    folders
}

fn remove(folder: &Path) -> Result<(), Failure> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Failure::io("remove", folder, &error))
        }
        _ => Ok(()),
    }
}

/// A lock of the operating system: it goes with its process, however that ends.
#[cfg(unix)]
fn lock(path: &Path, output: Output) -> Result<fs::File, Failure> {
    use rustix::fs::{FlockOperation, flock};

    let file = fs::File::options().create(true).append(true).open(path);
    let file = file.map_err(|error| Failure::io("create", path, &error))?;
    if flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok() {
        return Ok(file);
    }
    output.say(&format!(
        "waiting for another install to finish, which holds {}",
        path.display()
    ));
    loop {
        match flock(&file, FlockOperation::LockExclusive) {
            Ok(()) => return Ok(file),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(Failure::io("lock", path, &error.into())),
        }
    }
}

/// No plan is for such a system, so nothing gets here.
#[cfg(not(unix))]
fn lock(path: &Path, _: Output) -> Result<fs::File, Failure> {
    fs::File::create(path).map_err(|error| Failure::io("create", path, &error))
}

#[cfg(unix)]
fn check_room(cache: &Path, plan: &Plan) -> Result<(), Failure> {
    // Where the system does not tell, writing will.
    let Ok(disk) = rustix::fs::statvfs(cache) else {
        return Ok(());
    };
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    if free >= plan.room {
        return Ok(());
    }
    let (room, free) = (megabytes(plan.room), megabytes(free));
    let message = format!(
        "installing libtorch needs {room} of disk for a while, but {} has only {free}",
        cache.display()
    );
    Err(Failure::new(message)
        .help("free some space, or set NARCHI_CACHE to a folder on another disk"))
}

#[cfg(not(unix))]
fn check_room(_: &Path, _: &Plan) -> Result<(), Failure> {
    Ok(())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::sync::Barrier;
    use std::thread;

    use super::super::fakes;
    use super::super::plan::{Set, plan_for};
    use super::*;

    /// A plan for wheels of some bytes.
    fn plan(set: Set) -> Plan {
        Plan {
            room: 0,
            ..plan_for("linux", "x86_64", set).unwrap()
        }
    }

    /// Settings with a pip that copies fake wheels to where they are wanted, and notes each call in `calls`.
    fn settings(home: &Path, before: &str) -> Settings {
        let torch = [
            (
                "torch/include/torch/csrc/api/include/torch/torch.h",
                "header",
            ),
            ("torch/include/torch/", ""),
            ("torch/lib/libc10.so", "c10"),
            ("torch/lib/libtorch_cpu.so", "cpu"),
            ("torch/lib/libtorch_cuda.so", "cuda"),
            ("torch/lib/libtorch.so", "both"),
            ("torch/lib/libgomp.so.1", "gomp"),
            ("torch/__init__.py", "python"),
        ];
        fakes::wheel(&home.join("wheels/torch-2.13.0-cp313.whl"), &torch);
        let nvidia = [
            ("nvidia/cu13/lib/libcudart.so.13", "cudart"),
            ("nvidia/cu13/lib/libcupti.so.13", "cupti"),
        ];
        fakes::wheel(&home.join("wheels/nvidia.whl"), &nvidia);
        let script = format!(
            "{before}\ncd '{}'\necho \"$@\" >> calls\n\
             while [ $# -gt 0 ]; do if [ \"$1\" = --dest ]; then dest=$2; fi; last=$1; shift; done\n\
             cp wheels/*.whl \"$dest\"",
            home.display()
        );
        Settings {
            python: fakes::program(home, "python", &script),
            ..fakes::settings_in(home)
        }
    }

    /// Everything below a folder: the names, sorted.
    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder)
            .unwrap()
            .map(|it| it.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = entries.collect();
        names.sort();
        names
    }

    /// Installs; gives the failure and what is in the cache then.
    fn check(settings: &Settings, set: Set) -> (Option<String>, Vec<String>) {
        let result = install(settings, &plan(set), Output::Nowhere);
        (
            result.err().map(|it| it.to_string()),
            names(&settings.cache),
        )
    }

    #[test]
    fn the_cpu_set_is_laid_out_as_tch_wants_it_and_no_wheel_stays() {
        let home = fakes::folder();
        let settings = settings(home.path(), "");
        let expected = ["libtorch-2.13.0-cpu", "lock"].map(str::to_owned).to_vec();
        assert_eq!(check(&settings, Set::Cpu), (None, expected));

        let root = settings.cache.join("libtorch-2.13.0-cpu");
        assert_eq!(names(&root), ["build-version", "include", "lib"]);
        let lib = [
            "libc10.so",
            "libcudart.so.13",
            "libcupti.so.13",
            "libgomp.so.1",
            "libtorch.so",
            "libtorch_cpu.so",
        ];
        assert_eq!(names(&root.join("lib")), lib);
        assert_eq!(
            fs::read_to_string(root.join("lib/libtorch.so")).unwrap(),
            "INPUT(-lc10)\n"
        );
        assert_eq!(
            fs::read_to_string(root.join("build-version")).unwrap(),
            "2.13.0\n"
        );

        let calls = fs::read_to_string(home.path().join("calls")).unwrap();
        let calls: Vec<&str> = calls.lines().collect();
        assert_eq!(calls.len(), 2, "{calls:?}");
        for (call, end) in calls.iter().zip([
            "torch==2.13.0 --no-deps",
            "cuda-toolkit[cudart,cupti]==13.0.3",
        ]) {
            assert!(call.starts_with(
                "-m pip download --only-binary=:all: --implementation cp --python-version 3.13"
            ));
            assert!(call.ends_with(end), "{call}");
        }
    }

    #[test]
    fn what_is_installed_is_not_downloaded_again() {
        let home = fakes::folder();
        let settings = settings(home.path(), "");
        assert_eq!(check(&settings, Set::Cpu).0, None);
        fs::remove_file(home.path().join("calls")).unwrap();
        assert_eq!(check(&settings, Set::Cpu).0, None);
        assert!(!home.path().join("calls").exists());
    }

    #[test]
    fn with_cuda_everything_stays_in_its_place() {
        let home = fakes::folder();
        let settings = settings(home.path(), "");
        let libtorch = install(&settings, &plan(Set::Cuda), Output::Nowhere).unwrap();
        assert_eq!(
            libtorch.root,
            settings.cache.join("libtorch-2.13.0-cuda/torch")
        );
        assert_eq!(
            fs::read_to_string(libtorch.root.join("lib/libtorch.so")).unwrap(),
            "both"
        );
        assert!(libtorch.root.join("lib/libtorch_cuda.so").exists());
        assert!(
            libtorch
                .root
                .join("../nvidia/cu13/lib/libcudart.so.13")
                .exists()
        );
        assert!(
            !fs::read_to_string(home.path().join("calls"))
                .unwrap()
                .contains("--no-deps")
        );
    }

    #[test]
    fn a_pip_that_fails_leaves_nothing_and_its_words_are_shown() {
        let home = fakes::folder();
        let settings = settings(home.path(), "echo 'ERROR: something odd' >&2; exit 3");
        let (failure, left) = check(&settings, Set::Cpu);
        assert!(
            failure.as_deref().unwrap().contains("ERROR: something odd"),
            "{failure:?}"
        );
        assert_eq!(left, ["lock"]);
    }

    #[test]
    fn no_python_is_a_failure_that_says_so() {
        let home = fakes::folder();
        let settings = Settings {
            python: "/nowhere/python3".into(),
            ..settings(home.path(), "")
        };
        let (failure, left) = check(&settings, Set::Cpu);
        assert!(
            failure
                .as_deref()
                .unwrap()
                .contains("there is no /nowhere/python3"),
            "{failure:?}"
        );
        assert_eq!(left, ["lock"]);
    }

    #[test]
    fn wheels_that_lack_a_library_are_refused() {
        let home = fakes::folder();
        let settings = settings(home.path(), "");
        fakes::wheel(
            &home.path().join("wheels/torch-2.13.0-cp313.whl"),
            &[("torch/lib/libc10.so", "c10")],
        );
        let (failure, left) = check(&settings, Set::Cpu);
        assert!(
            failure
                .as_deref()
                .unwrap()
                .contains("do not hold what was expected"),
            "{failure:?}"
        );
        assert_eq!(left, ["lock"]);
    }

    #[test]
    fn a_wheel_that_was_cut_is_refused() {
        let home = fakes::folder();
        let settings = settings(home.path(), "");
        fs::write(home.path().join("wheels/nvidia.whl"), "PK").unwrap();
        let (failure, left) = check(&settings, Set::Cpu);
        assert!(
            failure
                .as_deref()
                .unwrap()
                .contains("nvidia.whl is damaged"),
            "{failure:?}"
        );
        assert_eq!(left, ["lock"]);
    }

    #[test]
    fn a_disk_without_room_is_told_before_anything_is_downloaded() {
        let home = fakes::folder();
        let settings = settings(home.path(), "");
        let plan = Plan {
            room: u64::MAX,
            ..plan(Set::Cpu)
        };
        let failure = install(&settings, &plan, Output::Nowhere)
            .unwrap_err()
            .to_string();
        assert!(failure.contains("MB of disk for a while, but"), "{failure}");
        assert!(failure.contains("NARCHI_CACHE"), "{failure}");
        assert!(!home.path().join("calls").exists());
    }

    #[test]
    fn what_a_killed_install_left_is_cleaned_away() {
        let home = fakes::folder();
        let settings = settings(home.path(), "");
        let left = settings.cache.join(".unfinished-x/wheels");
        fs::create_dir_all(&left).unwrap();
        fs::write(left.join("torch.whl"), "half of it").unwrap();
        fs::write(settings.cache.join("lock"), "").unwrap();
        assert_eq!(
            unfinished(&settings.cache),
            [settings.cache.join(".unfinished-x")]
        );
        let expected = ["libtorch-2.13.0-cpu", "lock"].map(str::to_owned).to_vec();
        assert_eq!(check(&settings, Set::Cpu), (None, expected));
    }

    #[test]
    fn a_broken_installation_is_replaced() {
        let home = fakes::folder();
        let settings = settings(home.path(), "");
        assert_eq!(check(&settings, Set::Cpu).0, None);
        let lost = settings
            .cache
            .join("libtorch-2.13.0-cpu/lib/libtorch_cpu.so");
        fs::remove_file(&lost).unwrap();
        assert_eq!(check(&settings, Set::Cpu).0, None);
        assert!(lost.exists());
    }

    #[test]
    fn of_two_installs_at_once_one_downloads_and_both_succeed() {
        let home = fakes::folder();
        let settings = settings(home.path(), "sleep 0.2");
        let start = Barrier::new(2);
        thread::scope(|scope| {
            let both = [(); 2].map(|()| {
                scope.spawn(|| {
                    start.wait();
                    install(&settings, &plan(Set::Cpu), Output::Nowhere)
                })
            });
            for one in both {
                assert_eq!(
                    one.join().unwrap().unwrap().root,
                    settings.cache.join("libtorch-2.13.0-cpu")
                );
            }
        });
        assert_eq!(
            fs::read_to_string(home.path().join("calls"))
                .unwrap()
                .lines()
                .count(),
            2,
            "two calls make one install"
        );
        assert_eq!(names(&settings.cache), ["libtorch-2.13.0-cpu", "lock"]);
    }

    #[test]
    fn a_cache_that_cannot_be_made_is_a_failure() {
        let home = fakes::folder();
        let file = home.path().join("file");
        fs::write(&file, "").unwrap();
        let settings = Settings {
            cache: file.join("cache"),
            ..settings(home.path(), "")
        };
        let failure = install(&settings, &plan(Set::Cpu), Output::Nowhere)
            .unwrap_err()
            .to_string();
        assert!(failure.contains("cannot create"), "{failure}");
    }
}
