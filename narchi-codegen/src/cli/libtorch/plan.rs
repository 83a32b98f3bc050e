//! What to download for this machine, and what of it to keep.

use std::env::consts::{ARCH, OS};
use std::path::{Path, PathBuf};

use super::VERSION;
use super::failure::Failure;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Set {
    Cpu,
    Cuda,
}

impl Set {
    /// The folder of an installation.
    pub(crate) fn folder(self, cache: &Path) -> PathBuf {
        let name = match self {
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
        };
        cache.join(format!("libtorch-{VERSION}-{name}"))
    }

    /// What LIBTORCH has to be for it.
    pub(crate) fn root(self, cache: &Path) -> PathBuf {
        self.root_in(&self.folder(cache))
    }

    /// With CUDA the libraries look for each other at `../../nvidia`, so the wheels' own folders stay.
    pub(crate) fn root_in(self, folder: &Path) -> PathBuf {
        match self {
            Self::Cpu => folder.to_owned(),
            Self::Cuda => folder.join("torch"),
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) set: Set,
    pub(crate) downloads: Vec<Download>,
    /// The place in the installation of a file of a wheel; None if it is not needed.
    pub(crate) keep: fn(&str) -> Option<String>,
    /// Whether `libtorch.so` is to be written, since that of the wheel asks for CUDA.
    pub(crate) without_cuda: bool,
    /// The bytes on disk while wheels and installation are both there.
    pub(crate) room: u64,
}

/// One call of `pip download`.
#[derive(Debug, Clone)]
pub(crate) struct Download {
    pub(crate) what: String,
    pub(crate) arguments: Vec<String>,
}

const MEGABYTE: u64 = 1_000_000;

pub(crate) fn plan(set: Set) -> Result<Plan, Failure> {
    plan_for(OS, ARCH, set)
}

pub(crate) fn plan_for(os: &str, arch: &str, set: Set) -> Result<Plan, Failure> {
    let torch = || Download {
        what: format!("torch {VERSION}"),
        arguments: vec![format!("torch=={VERSION}")],
    };
    let mut torch_alone = torch();
    torch_alone.arguments.push("--no-deps".to_owned());
    match (os, arch, set) {
        ("linux", "x86_64" | "aarch64", Set::Cpu) => Ok(Plan {
            set,
            downloads: vec![torch_alone, Download {
                what: "two libraries of CUDA that libtorch_cpu.so links to".to_owned(),
                arguments: vec!["cuda-toolkit[cudart,cupti]==13.0.3".to_owned()],
            }],
            keep: keep_cpu_of_linux,
            without_cuda: true,
            room: 1200 * MEGABYTE,
        }),
        ("linux", "x86_64" | "aarch64", Set::Cuda) => Ok(Plan {
            set,
            downloads: vec![Download { what: format!("torch {VERSION} with CUDA"), ..torch() }],
            keep: keep_with_cuda,
            without_cuda: false,
            room: 7000 * MEGABYTE,
        }),
        ("macos", "aarch64", Set::Cpu) => Ok(Plan {
            set,
            downloads: vec![torch_alone],
            keep: keep_of_macos,
            without_cuda: false,
            room: 600 * MEGABYTE,
        }),
        ("macos", "aarch64", Set::Cuda) => {
            Err(Failure::new("there is no CUDA on macOS").help("leave `--cuda` away"))
        }
        ("macos", ..) => Err(Failure::new(format!("there is no libtorch {VERSION} for macOS on {arch}"))
            .help("build PyTorch from its source and set LIBTORCH to its folder `torch`")),
        ("windows", ..) => Err(Failure::new("narchi does not install libtorch on Windows").help(format!(
            "use the feature `download-libtorch` of tch, or unpack the zip of libtorch {VERSION} from \
             https://pytorch.org/get-started/locally and set LIBTORCH to its folder"
        ))),
        _ => Err(Failure::new(format!("there is no wheel of torch {VERSION} for {os} on {arch}"))
            .help("build PyTorch from its source and set LIBTORCH to its folder `torch`")),
    }
}

fn keep_cpu_of_linux(name: &str) -> Option<String> {
    if let Some(header) = name.strip_prefix("torch/include/") {
        return Some(format!("include/{header}"));
    }
    let file = name.rsplit('/').next()?;
    let is_torchs = name == format!("torch/lib/{file}")
        // The last three are what libtorch_cpu.so links to on aarch64.
        && ["libc10.so", "libtorch_cpu.so", "libgomp.so", "libarm_compute", "libgfortran.so", "libnvpl_"]
            .iter()
            .any(|it| file.starts_with(it));
    let is_cudas =
        name.starts_with("nvidia/") && ["libcudart.so.13", "libcupti.so.13"].contains(&file);
    (is_torchs || is_cudas).then(|| format!("lib/{file}"))
}

fn keep_with_cuda(name: &str) -> Option<String> {
    let torchs = name.strip_prefix("torch/").is_some_and(is_part_of_libtorch);
    (torchs || name.starts_with("nvidia/")).then(|| name.to_owned())
}

fn keep_of_macos(name: &str) -> Option<String> {
    name.strip_prefix("torch/")
        .filter(|it| is_part_of_libtorch(it))
        .map(str::to_owned)
}

/// What the zips of libtorch consist of; the rest of the wheel is Python.
fn is_part_of_libtorch(name: &str) -> bool {
    ["bin/", "include/", "lib/", "share/"]
        .iter()
        .any(|it| name.starts_with(it))
        && !name.contains("torch_python")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where the plan for a machine puts a file of a wheel.
    fn check(os: &str, set: Set, name: &str) -> Option<String> {
        let arch = if os == "linux" { "x86_64" } else { "aarch64" };
        (plan_for(os, arch, set).unwrap().keep)(name)
    }

    #[test]
    fn the_cpu_set_of_linux_is_headers_and_what_libtorch_cpu_links_to() {
        let kept = |name| check("linux", Set::Cpu, name);
        assert_eq!(
            kept("torch/include/ATen/ATen.h").unwrap(),
            "include/ATen/ATen.h"
        );
        assert_eq!(kept("torch/lib/libc10.so").unwrap(), "lib/libc10.so");
        assert_eq!(kept("torch/lib/libgomp.so.1").unwrap(), "lib/libgomp.so.1");
        assert_eq!(
            kept("torch/lib/libtorch_cpu.so").unwrap(),
            "lib/libtorch_cpu.so"
        );
        assert_eq!(
            kept("nvidia/cu13/lib/libcudart.so.13").unwrap(),
            "lib/libcudart.so.13"
        );
        for other in [
            "torch/lib/libc10_cuda.so",
            "torch/lib/libtorch.so",
            "torch/lib/libtorch_cuda.so",
            "torch/lib/x/libc10.so",
        ] {
            assert_eq!(kept(other), None, "{other}");
        }
        for other in [
            "torch/__init__.py",
            "nvidia/cu13/lib/libnvperf_host.so",
            "torch-2.13.0.dist-info/RECORD",
            "",
        ] {
            assert_eq!(kept(other), None, "{other}");
        }
    }

    #[test]
    fn with_cuda_the_libraries_stay_where_they_look_for_each_other() {
        let kept = |name| check("linux", Set::Cuda, name);
        for name in [
            "torch/lib/libtorch_cuda.so",
            "torch/share/cmake/Torch/TorchConfig.cmake",
            "nvidia/cudnn/lib/libcudnn.so.9",
        ] {
            assert_eq!(kept(name).unwrap(), name);
        }
        assert_eq!(kept("triton/_C/libtriton.so"), None);
        assert_eq!(kept("torch/nn/modules/linear.py"), None);
        assert_eq!(
            Set::Cuda.root(Path::new("/c")),
            Path::new("/c/libtorch-2.13.0-cuda/torch")
        );
    }

    #[test]
    fn the_wheel_of_macos_is_kept_without_its_python() {
        let kept = |name| check("macos", Set::Cpu, name);
        assert_eq!(kept("torch/lib/libomp.dylib").unwrap(), "lib/libomp.dylib");
        assert_eq!(kept("torch/lib/libtorch_python.dylib"), None);
    }

    #[test]
    fn other_machines_are_told_what_to_do() {
        let help = |os, arch, set| plan_for(os, arch, set).unwrap_err().to_string();
        assert!(help("windows", "x86_64", Set::Cpu).contains("`download-libtorch`"));
        assert!(help("macos", "x86_64", Set::Cpu).contains("LIBTORCH"));
        assert!(help("macos", "aarch64", Set::Cuda).contains("no CUDA on macOS"));
        assert!(help("linux", "riscv64", Set::Cpu).contains("for linux on riscv64"));
    }
}
