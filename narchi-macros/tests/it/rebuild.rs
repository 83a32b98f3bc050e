//! A crate that uses the macro and a build script is built again exactly when a file that its
//! models depend on has changed.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

/// A small crate with a model through each door, in a folder of its own.
struct Project {
    name: String,
    folder: PathBuf,
}

const ARCHITECTURE: &str = "local sizes = import 'sizes.libsonnet';
{
    inputs: [{ _id: 'x', _shape: [8] }],
    outputs: [{ _id: 'y', _shape: [sizes.classes] }],
    blocks: [{ _id: 'fc', _class: 'Linear', output_feats: sizes.classes }],
    graph: ['x -> fc -> y'],
}
";

impl Project {
    fn new(name: &str) -> Self {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .expect("the workspace");
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        _ = fs::remove_dir_all(&folder);
        let name = name.to_owned();
        let this = Self { name, folder };
        let (macros, codegen) = (
            workspace.join("narchi-macros"),
            workspace.join("narchi-codegen"),
        );
        let manifest = format!(
            "[package]\nname = \"{}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
            [dependencies]\nnarchi-macros = {{ path = '{}' }}\n\n\
            [build-dependencies]\nnarchi-codegen = {{ path = '{}', default-features = false }}\n",
            this.name,
            macros.display(),
            codegen.display()
        );
        this.write("Cargo.toml", &manifest);
        this.write(
            "build.rs",
            "fn main() -> Result<(), narchi_codegen::ConfigError> {\n    \
            narchi_codegen::Config::new().jpath(\"lib\").jpath(\"late\").compile(&[\"arch/built.jsonnet\"])\n}\n",
        );
        this.write(
            "src/lib.rs",
            "extern crate self as narchi_runtime;\nmod stand_in;\npub use stand_in::prelude;\n\
            narchi_macros::narchi_model!(crate, pub Expanded, \"../arch/expanded.jsonnet\");\n\
            include!(concat!(env!(\"OUT_DIR\"), \"/built.rs\"));\n\
            pub fn both(vs: &prelude::nn::Path) -> (Expanded, Built) {\n    \
            (Expanded::new(vs), Built::new(vs))\n}\n",
        );
        this.write("src/stand_in.rs", include_str!("stand_in.rs"));
        this.write(
            "arch/expanded.jsonnet",
            &ARCHITECTURE.replace("sizes.lib", "own.lib"),
        );
        this.write("arch/own.libsonnet", "{ classes: 3 }\n");
        this.write("arch/built.jsonnet", ARCHITECTURE);
        this.write("lib/sizes.libsonnet", "{ classes: 3 }\n");
        fs::create_dir_all(this.folder.join("late")).expect("a folder");
        fs::copy(workspace.join("Cargo.lock"), this.folder.join("Cargo.lock")).expect("a copy");
        this
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.folder.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    /// Checks the crate: whether it was up to date, and the errors.
    fn check(&self) -> (bool, Vec<String>) {
        let output = Command::new(env!("CARGO"))
            .args(["check", "--offline", "--quiet", "--message-format=json"])
            .current_dir(&self.folder)
            // Shared by all runs, so that dependencies are built once.
            .env(
                "CARGO_TARGET_DIR",
                Path::new(env!("CARGO_TARGET_TMPDIR")).join("rebuild-target"),
            )
            .output()
            .expect("cargo runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let messages: Vec<Value> = text
            .lines()
            .filter_map(|it| serde_json::from_str(it).ok())
            .collect();
        let of_user =
            |it: &&Value| it["target"]["name"] == *self.name && it["reason"] == "compiler-artifact";
        let is_fresh = messages
            .iter()
            .find(of_user)
            .is_some_and(|it| it["fresh"] == true);
        let errors = messages
            .iter()
            .filter(|it| it["message"]["level"] == "error");
        let errors: Vec<String> = errors
            .filter_map(|it| it["message"]["message"].as_str().map(str::to_owned))
            .filter(|it| !it.starts_with("aborting") && !it.starts_with("could not compile"))
            .collect();
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success() || !errors.is_empty(),
            "cargo failed: {text}"
        );
        (is_fresh, errors)
    }
}

#[test]
fn crates_are_built_again_exactly_when_needed() {
    let project = Project::new("rebuild");
    assert_eq!(project.check().1, Vec::<String>::new());
    assert_eq!(project.check(), (true, vec![]), "nothing has changed");

    // Cargo compares times, whose resolution may be coarse.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    project.write("arch/own.libsonnet", "{ classes: 4 }\n");
    assert_eq!(
        project.check(),
        (false, vec![]),
        "the macro's import has changed"
    );
    assert_eq!(project.check(), (true, vec![]), "nothing has changed since");

    std::thread::sleep(std::time::Duration::from_millis(1100));
    project.write("lib/sizes.libsonnet", "{ classes: 4 }\n");
    assert_eq!(
        project.check(),
        (false, vec![]),
        "the build script's import has changed"
    );

    // Found where nothing was before: it is looked for there first.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    project.write("late/sizes.libsonnet", "{ classes: 0 }\n");
    let (is_fresh, errors) = project.check();
    assert!(!is_fresh);
    let [error] = errors.as_slice() else {
        panic!("one error is expected: {errors:#?}")
    };
    assert!(
        error.contains("`output_feats` of `Linear` cannot be 0"),
        "{error}"
    );

    // Mending an import of a model that does not compile builds it again.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    project.write("late/sizes.libsonnet", "{ classes: 5 }\n");
    assert_eq!(project.check(), (false, vec![]), "the mistake is mended");
    std::thread::sleep(std::time::Duration::from_millis(1100));
    project.write("arch/own.libsonnet", "{ classes: -1 }\n");
    assert_eq!(project.check().1.len(), 1);
    std::thread::sleep(std::time::Duration::from_millis(1100));
    project.write("arch/own.libsonnet", "{ classes: 6 }\n");
    assert_eq!(project.check(), (false, vec![]), "the mistake is mended");
    assert_eq!(project.check(), (true, vec![]), "nothing has changed since");
}

/// Writes a checkpoint of `fc`, 8 to `classes`.
fn checkpoint(project: &Project, classes: usize) {
    let header = format!(
        "{{\"fc.weight\":{{\"dtype\":\"F32\",\"shape\":[{classes},8],\"data_offsets\":[0,{0}]}},\
        \"fc.bias\":{{\"dtype\":\"F32\",\"shape\":[{classes}],\"data_offsets\":[{0},{1}]}}}}",
        classes * 32,
        classes * 36
    );
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.extend(vec![0; classes * 36]);
    fs::write(project.folder.join("arch/net.safetensors"), bytes).expect("a file");
}

#[test]
fn a_changed_checkpoint_is_compared_again() {
    let project = Project::new("compared");
    let code = |path: &str| fs::read_to_string(project.folder.join(path)).expect("a file");
    let option = "expanded.jsonnet\", weights = \"../arch/net.safetensors\"";
    project.write(
        "src/lib.rs",
        &code("src/lib.rs").replace("expanded.jsonnet\"", option),
    );
    let weights = ".weights(\"arch/net.safetensors\").compile";
    project.write("build.rs", &code("build.rs").replace(".compile", weights));
    checkpoint(&project, 3);
    assert_eq!(project.check().1, Vec::<String>::new());
    assert_eq!(project.check(), (true, vec![]), "nothing has changed");

    std::thread::sleep(std::time::Duration::from_millis(1100));
    checkpoint(&project, 4);
    let (is_fresh, errors) = project.check();
    assert!(!is_fresh);
    assert_eq!(errors.len(), 2, "one for each door: {errors:#?}");
    for error in errors {
        assert!(
            error.contains("[4]") && error.contains("net.safetensors"),
            "{error}"
        );
    }

    std::thread::sleep(std::time::Duration::from_millis(1100));
    checkpoint(&project, 3);
    assert_eq!(project.check(), (false, vec![]), "the mistake is mended");
}
