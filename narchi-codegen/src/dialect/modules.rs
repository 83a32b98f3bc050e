//! Modules: architectures in files of their own, as blocks of another.

use std::{collections::BTreeMap, path::Path};

use crate::{
    diagnostic::{Diagnostic, Found, Sink},
    document::{Node, NodeId, Place, Value},
    frontend::{self, Argument, Evaluated, Input, Places, Reads},
    source::{Sources, Span},
};

/// A file with everything that it includes. Values are numbered through all of them.
#[derive(Debug)]
pub(crate) struct Documents {
    /// The first includes the others, directly or not.
    all: Vec<Document>,
    /// Which of them each Module block is; none after a problem was reported.
    modules: BTreeMap<NodeId, Option<usize>>,
}

#[derive(Debug)]
pub(crate) struct Document {
    input: Input,
    pub(crate) node: Node,
    /// The files that include this one, outermost first.
    chain: Vec<usize>,
}

/// Files that include each other deeper than this have no end.
const MAX_DEPTH: usize = 64;

impl Documents {
    /// Evaluates the files of all Module blocks of a document, and those of theirs.
    pub(crate) fn load(
        sink: &mut Sink,
        sources: &mut Sources,
        reads: &mut Reads,
        input: &Input,
        mut node: Node,
    ) -> Self {
        let mut next = node.number_from(0);
        let input = input.clone();
        let mut this = Self {
            all: vec![Document {
                input,
                node,
                chain: Vec::new(),
            }],
            modules: BTreeMap::new(),
        };
        let mut index = 0;
        while index < this.all.len() {
            for module in modules_of(&this.all[index].node) {
                let id = module.id;
                let request = this.request(sink, index, &module);
                let found = request.and_then(|input| {
                    this.known(&input).or_else(|| {
                        let found = read(sink, sources, reads, &input, &module)?;
                        let chain = this.all[index]
                            .chain
                            .iter()
                            .copied()
                            .chain([index])
                            .collect();
                        this.all.push(Document {
                            input,
                            node: found,
                            chain,
                        });
                        let last = this.all.len() - 1;
                        next = this.all[last].node.number_from(next);
                        Some(last)
                    })
                });
                this.modules.insert(id, found);
            }
            index += 1;
        }
        this
    }

    /// The file that includes all others.
    pub(crate) fn root(&self) -> &Node {
        &self.all[0].node
    }

    /// Where the outermost file has its blocks.
    pub(crate) fn blocks(&self) -> Place {
        let root = self.root();
        root.get("blocks")
            .map_or_else(|| root.place(), Node::key_place)
    }

    /// The architecture of a Module block, and the stem of its file's name.
    pub(crate) fn of_module(&self, block: &Node) -> Option<&Node> {
        Some(&self.all[(*self.modules.get(&block.id)?)?].node)
    }

    /// Looks up places, evaluating files again as they are needed.
    pub(crate) fn locate<'a>(
        &'a self,
        sources: &'a mut Sources,
    ) -> impl FnMut(&Place) -> Found + 'a {
        let mut known: Vec<Option<Places>> = self.all.iter().map(|_| None).collect();
        move |place| {
            let after = self.all.partition_point(|it| it.node.id <= place.node);
            let index = after.saturating_sub(1);
            let Document { input, node, .. } = &self.all[index];
            let places = known[index].get_or_insert_with(|| frontend::places(input, sources, node));
            let place = Place {
                node: NodeId(place.node.0 - node.id.0),
                part: place.part.clone(),
            };
            let span = places.span(&place);
            let calls = places.calls(&place);
            let calls = calls.iter().filter(|it| !it.contains(span));
            Found {
                span,
                calls: calls.map(|it| written_by(*it, sources)).collect(),
            }
        }
    }

    /// What a block wants to include; reports what is wrong with that.
    fn request(&self, sink: &mut Sink, from: usize, block: &Module) -> Option<Input> {
        let Document {
            input: outer,
            chain,
            ..
        } = &self.all[from];
        let folder = outer.path.parent().unwrap_or(Path::new(""));
        let path = folder.join(block.path.as_ref()?);
        let mut input = Input {
            path,
            ..outer.clone()
        };
        // What the block gives counts more than what is there.
        for (name, value) in &block.ext_vars {
            input.ext_vars.retain(|it| it.0 != *name);
            input.ext_vars.push((name.clone(), value.clone()));
        }
        let mut above = chain.iter().copied().chain([from]);
        let real = |it: &Path| it.canonicalize().unwrap_or_else(|_| it.to_owned());
        let same = above.any(|it| real(&self.all[it].input.path) == real(&input.path));
        if same || chain.len() >= MAX_DEPTH {
            let message = format!("`{}` includes itself", input.path.display());
            let report = Diagnostic::error("module-cycle", block.path_place.clone(), message);
            let help = "name another file: what repeats is repeated by jsonnet, as in `[… for i in std.range(1, 3)]`";
            sink.push(report.help(Some(help)));
            return None;
        }
        Some(input)
    }

    /// A file that was read before with the same variables.
    fn known(&self, input: &Input) -> Option<usize> {
        let same =
            |it: &Document| it.input.path == input.path && it.input.ext_vars == input.ext_vars;
        self.all.iter().position(same)
    }
}

/// A call, for people.
fn written_by(call: Span, sources: &Sources) -> String {
    /// Longer ones are cut.
    const LONGEST: usize = 60;
    let (line, column) = sources.line_and_column(call);
    let file = &sources.file(call.file).name;
    let text = sources.text(call);
    let name = text.split('(').next().unwrap_or(text);
    let text = if text.ends_with(')') && text.len() <= LONGEST {
        text.to_owned()
    } else {
        format!("{name}(…)")
    };
    format!("written by {text} at {file}:{line}:{column}")
}

/// What a Module block says of its file.
struct Module {
    id: NodeId,
    path: Option<String>,
    path_place: Place,
    ext_vars: Vec<(String, Argument)>,
}

/// The Module blocks of an architecture, at any depth.
fn modules_of(architecture: &Node) -> Vec<Module> {
    let mut found = Vec::new();
    let mut left: Vec<&Node> = architecture
        .get("blocks")
        .into_iter()
        .flat_map(Node::items)
        .collect();
    left.reverse();
    while let Some(block) = left.pop() {
        if block.get("_class").and_then(Node::as_str) != Some("Module") {
            left.extend(block.get("blocks").into_iter().flat_map(Node::items).rev());
            continue;
        }
        let path = block.get("_path");
        let variables = block.get("_ext_vars").into_iter().flat_map(Node::entries);
        let variables = variables.map(|it| {
            let value = match &it.value.value {
                Value::String(text) => Argument::Text(text.clone()),
                _ => Argument::Code(it.value.to_json()),
            };
            (it.key.clone(), value)
        });
        found.push(Module {
            id: block.id,
            path: path.and_then(Node::as_str).map(str::to_owned),
            path_place: path.unwrap_or(block).place(),
            ext_vars: variables.collect(),
        });
    }
    found
}

fn read(
    sink: &mut Sink,
    sources: &mut Sources,
    reads: &mut Reads,
    input: &Input,
    block: &Module,
) -> Option<Node> {
    let Evaluated {
        document,
        reads: more,
    } = frontend::evaluate(input, sources);
    for (all, found) in [
        (&mut reads.files, more.files),
        (&mut reads.missing, more.missing),
    ] {
        let new: Vec<_> = found.into_iter().filter(|it| !all.contains(it)).collect();
        all.extend(new);
    }
    match document {
        Ok(document) => Some(document),
        // There is no text to point into: the mistake is where the file is asked for.
        Err(problem) if sources.file(problem.place.file).text.is_empty() => {
            sink.push(problem.map(|_| block.path_place.clone()));
            None
        }
        // The block that includes the file is what can give it.
        Err(problem) if problem.code == "missing-ext-var" => {
            let (line, column) = sources.line_and_column(problem.place);
            let file = &sources.file(problem.place.file).name;
            let asked = format!("asked for at {file}:{line}:{column}");
            let is_misspelt = problem
                .help
                .as_ref()
                .is_some_and(|it| it.starts_with("did"));
            let help = (!is_misspelt).then_some("give it in `_ext_vars` of this block");
            let problem = problem.map(|_| block.path_place.clone());
            sink.push(problem.note(asked).help(help));
            None
        }
        Err(problem) => {
            sink.push_found(problem);
            None
        }
    }
}
