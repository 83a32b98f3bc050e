//! First half of sharing: which scopes have the same structure.
//!
//! Works bottom-up over the arena and gives each scope two small numbers, as hash-consing does. Equal
//! `class`: equal up to numbers and to the lengths of uniform runs. Equal `exact`: equal altogether.
//! Keys mention the numbers of children, never their content, so that the work is linear in the number
//! of blocks.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt::Write as _,
};

use super::{
    frozen,
    plan::{Block, Form, Fused, Norm, Plan, Scope, ScopeId, What},
    roll::roll,
    simplify::{Dissolve, dissolve},
};
use crate::layer::Value;

pub(super) type ClassId = usize;

/// More levels of structs by value, and the compiler refuses to lay them out.
const MAX_LEVELS: usize = 64;

/// What is known of each scope of the arena.
#[derive(Clone, Copy, Debug)]
pub(super) struct Marks {
    pub(super) class: ClassId,
    /// Equal for scopes of one class and one type: lengths of runs are part of the type.
    pub(super) ty: usize,
    pub(super) exact: usize,
    /// How many levels of structs are inside, if none is left out for being too deep.
    pub(super) levels: usize,
}

#[derive(Debug)]
pub(super) struct Classified {
    pub(super) plan: Plan,
    pub(super) marks: Vec<Marks>,
    /// The scopes of each class that still exist, in the order of the arena. A class is numbered after
    /// those inside it.
    pub(super) instances: Vec<Vec<ScopeId>>,
}

/// Simplifies and classifies. Twice: whether a small scope is worth a struct depends on how many places
/// would use it.
pub(super) fn classify(plan: Plan) -> Classified {
    let root = plan.root();
    let first = pass(plan.clone(), &|_| false, 1);
    let places = places(&first);
    let used_once = |scope: ScopeId| {
        places
            .get(&first.marks[scope].class)
            .is_none_or(|it| it.len() == 1)
    };
    let levels = first.marks[root].levels;
    pass(plan, &used_once, levels.div_ceil(MAX_LEVELS).max(1))
}

/// Of scopes nested too deep, one level in `every` becomes a struct.
fn pass(mut plan: Plan, used_once: &dyn Fn(ScopeId) -> bool, every: usize) -> Classified {
    let mut classes = Interner::default();
    let mut types = Interner::default();
    let mut exacts = Interner::default();
    let mut marks: Vec<Marks> = Vec::new();
    for id in 0..plan.scopes.len() {
        let (inside, rest) = plan.scopes.split_at_mut(id);
        let scope = &mut rest[0];
        let levels = dissolve(
            scope,
            &mut Dissolve {
                inside,
                marks: &marks,
                used_once,
                every,
                form: plan.form,
            },
        );
        if plan.form == Form::Frozen {
            frozen::fuse(scope);
        }
        roll(scope, &marks);
        let Keys {
            class,
            lengths,
            numbers,
        } = keys(scope, &marks);
        let class = classes.number(class);
        let ty = types.number(format!("{class} {lengths}"));
        let exact = exacts.number(format!("{ty} {numbers}"));
        marks.push(Marks {
            class,
            ty,
            exact,
            levels,
        });
    }
    let instances = instances(&plan, &marks, classes.0.len());
    Classified {
        plan,
        marks,
        instances,
    }
}

/// Scopes that were dissolved are in the arena, but not in the tree.
fn instances(plan: &Plan, marks: &[Marks], count: usize) -> Vec<Vec<ScopeId>> {
    let mut alive = vec![false; plan.scopes.len()];
    alive[plan.root()] = true;
    let mut instances = vec![Vec::new(); count];
    for id in (0..plan.scopes.len()).rev() {
        if alive[id] {
            instances[marks[id].class].push(id);
            for block in &plan.scopes[id].blocks {
                if let What::Run { scopes, .. } = &block.what {
                    for scope in scopes {
                        alive[*scope] = true;
                    }
                }
            }
        }
    }
    for instances in &mut instances {
        instances.reverse();
    }
    instances
}

/// Where the code would mention each class: in which class, at which block.
fn places(classified: &Classified) -> BTreeMap<ClassId, BTreeSet<(ClassId, usize)>> {
    let mut places: BTreeMap<ClassId, BTreeSet<_>> = BTreeMap::new();
    for (class, instances) in classified.instances.iter().enumerate() {
        let blocks = instances
            .iter()
            .flat_map(|it| classified.plan.scopes[*it].blocks.iter().enumerate());
        for (index, block) in blocks {
            if let Some(scope) = block.first_scope() {
                places
                    .entry(classified.marks[scope].class)
                    .or_default()
                    .insert((class, index));
            }
        }
    }
    places
}

/// What decides the marks of a scope.
#[derive(Default)]
struct Keys {
    class: String,
    lengths: String,
    numbers: String,
}

/// The keys of a scope whose children are marked.
fn keys(scope: &Scope, marks: &[Marks]) -> Keys {
    let mut keys = Keys::default();
    let class = &mut keys.class;
    push(
        class,
        format_args!("{} {:?}{:?}", scope.numbered, scope.order, scope.elements),
    );
    // Several named inputs or outputs become a struct with these names.
    for port in &scope.inputs {
        push(class, format_args!("{:?}", port.name));
    }
    for output in &scope.outputs {
        push(
            class,
            format_args!("{:?}{:?}", output.source, output.port.name),
        );
    }
    for block in &scope.blocks {
        block_keys(block, marks, &mut keys);
    }
    keys
}

fn block_keys(block: &Block, marks: &[Marks], keys: &mut Keys) {
    let Keys {
        class,
        lengths,
        numbers,
    } = keys;
    push(class, format_args!("|{:?}", block.inputs));
    if block.has_weights() {
        push(class, format_args!("{:?}{:?}", block.path, block.start));
    }
    match &block.what {
        What::Layer(leaf) => {
            class.push_str(&leaf.kind);
            for number in block.leaves().flat_map(|it| &it.numbers) {
                // A list has another type than a number.
                if let Value::Axes(values) = &number.value {
                    push(class, format_args!("[{}]", values.len()));
                }
                push(numbers, format_args!("{:?},", number.value));
            }
            fused_keys(&block.fused, class);
        }
        What::Run {
            scopes,
            uniform: true,
        } => {
            push(class, format_args!("run {}", marks[scopes[0]].class));
            push(
                lengths,
                format_args!("{}*{};", scopes.len(), marks[scopes[0]].ty),
            );
            push(numbers, format_args!("{};", marks[scopes[0]].exact));
        }
        What::Run {
            scopes,
            uniform: false,
        } => {
            push(lengths, format_args!("{};", marks[scopes[0]].ty));
            push(
                class,
                format_args!("run {} of {}", marks[scopes[0]].class, scopes.len()),
            );
            for scope in scopes {
                push(numbers, format_args!("{},", marks[*scope].exact));
            }
        }
    }
}

fn fused_keys(fused: &Fused, class: &mut String) {
    for norm in &fused.norms {
        let Norm {
            leaf,
            path,
            start,
            is_before,
        } = norm;
        push(
            class,
            format_args!(" {} {path:?}{start:?}{is_before}", leaf.kind),
        );
    }
    if let Some(epilogue) = &fused.epilogue {
        push(class, format_args!(" {epilogue}"));
    }
    if fused.adds {
        class.push_str(" adds");
    }
}

fn push(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    _ = text.write_fmt(arguments);
}

/// Small numbers for texts, in order of appearance.
#[derive(Default)]
struct Interner(HashMap<String, usize>);

impl Interner {
    fn number(&mut self, text: String) -> usize {
        let next = self.0.len();
        *self.0.entry(text).or_insert(next)
    }
}
