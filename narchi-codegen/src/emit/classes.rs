//! Classes with everything the emitter needs: columns, parameters, names of fields and arguments.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    classify::{ClassId, Classified},
    generalize::{Column, Expr, General, Rules, generalize},
    names,
    plan::{Block, Form, Scope, ScopeId, Source, What},
    schedule,
};
use crate::{
    dim::Dim,
    layer::{Channels, Memory, Role, Value},
};

#[derive(Debug)]
pub(super) struct Class {
    pub(super) instances: Vec<ScopeId>,
    pub(super) general: General,
    /// Names of the parameters, in order.
    pub(super) arguments: Vec<String>,
    /// Names of derived numbers, in order.
    pub(super) derived: Vec<String>,
    /// Field names by block.
    pub(super) fields: Vec<Option<String>>,
    /// The blocks that `forward` computes, in order.
    pub(super) order: Vec<usize>,
    pub(super) needs_train: bool,
    pub(super) memory: Memory,
    /// Which parameters `forward` needs, so that the struct keeps them.
    pub(super) stored: Vec<bool>,
    /// Whether anything calls its `forward`.
    pub(super) is_called: bool,
    /// For each block, where its columns begin.
    begins: Vec<usize>,
    /// What the output's channels are, as seen by the user of the class.
    channels: Channels,
    /// For each parameter, whether it is the channels of the input, of the output.
    ends: Vec<(bool, bool)>,
}

impl Class {
    /// The expressions of the numbers of a block. For runs, the first is the length.
    pub(super) fn exprs(&self, block: usize) -> &[Expr] {
        let end = self
            .begins
            .get(block + 1)
            .copied()
            .unwrap_or(self.general.exprs.len());
        &self.general.exprs[self.begins[block]..end]
    }

    pub(super) fn is_const(&self, parameter: usize) -> bool {
        self.general.parameters[parameter].role == Role::Count
    }
}

/// Classes by id; those that no scope has any more are None.
pub(super) struct Classes<'a> {
    pub(super) classified: &'a Classified,
    /// Struct names.
    pub(super) names: Vec<String>,
    pub(super) all: Vec<Option<Class>>,
}

impl Classes<'_> {
    pub(super) fn scope(&self, id: ScopeId) -> &Scope {
        &self.classified.plan.scopes[id]
    }

    pub(super) fn class_of(&self, scope: ScopeId) -> ClassId {
        self.classified.marks[scope].class
    }

    #[expect(
        clippy::expect_used,
        reason = "a class is made before those outside it, and asked for by these"
    )]
    pub(super) fn get(&self, class: ClassId) -> &Class {
        self.all[class]
            .as_ref()
            .expect("a scope in the tree has a live class")
    }

    /// The instance whose ids and shapes stand for the class.
    pub(super) fn example(&self, class: ClassId) -> &Scope {
        self.scope(self.get(class).instances[0])
    }

    pub(super) fn root(&self) -> ClassId {
        self.class_of(self.classified.plan.root())
    }
}

/// A class is numbered after those inside it, so that one loop is enough.
pub(super) fn classes(classified: &Classified, names: Vec<String>) -> Classes<'_> {
    let mut classes = Classes {
        classified,
        names,
        all: Vec::new(),
    };
    // The values of each scope for the parameters of its class.
    let mut values: Vec<Vec<Value>> = vec![Vec::new(); classified.plan.scopes.len()];
    for instances in &classified.instances {
        if instances.is_empty() {
            classes.all.push(None);
            continue;
        }
        let class = class(&classes, instances, &values);
        for (index, instance) in instances.iter().enumerate() {
            values[*instance] = class
                .general
                .parameters
                .iter()
                .map(|it| it.values[index].clone())
                .collect();
        }
        classes.all.push(Some(class));
    }
    find_called(&mut classes);
    classes
}

/// Marks the classes whose `forward` is called, from the root inwards.
fn find_called(classes: &mut Classes<'_>) {
    let mut called = BTreeSet::from([classes.root()]);
    for class in (0..classes.all.len()).rev() {
        let Some(found) = &classes.all[class] else {
            continue;
        };
        if called.contains(&class) {
            let blocks = &classes.example(class).blocks;
            let scopes = found
                .order
                .iter()
                .filter_map(|it| blocks[*it].first_scope());
            called.extend(scopes.map(|it| classes.class_of(it)));
        }
    }
    for (class, found) in classes.all.iter_mut().enumerate() {
        if let Some(found) = found {
            found.is_called = called.contains(&class);
        }
    }
}

fn class(classes: &Classes<'_>, instances: &[ScopeId], values: &[Vec<Value>]) -> Class {
    let example = classes.scope(instances[0]);
    let is_root = instances[0] == classes.classified.plan.root();
    let form = classes.classified.plan.form;
    let name_of = |scope: ScopeId| classes.names[classes.class_of(scope)].as_str();
    let fields = names::fields(example, name_of(instances[0]), form, name_of);
    let order = schedule::needed(example);
    let origins = Origins::new(classes, example);
    let in_code = in_code(example, &order);
    let (mut columns, begins) = columns(classes, example, &origins, &in_code);
    for instance in instances {
        let blocks = classes
            .scope(*instance)
            .blocks
            .iter()
            .zip(&in_code)
            .filter(|it| *it.1);
        let of_blocks = blocks.flat_map(|it| numbers(it.0, values));
        columns
            .iter_mut()
            .zip(of_blocks)
            .for_each(|(column, value)| column.values.push(value));
    }
    let is_block = example.blocks.iter().all(|it| it.first_scope().is_none());
    let rules = Rules {
        symbols_are_literals: is_root,
        evidence: if is_block { 2 } else { 3 },
    };
    let general = generalize(&columns, rules);
    let (arguments, derived) = names::arguments(&general, &columns, &fields);
    let ends = general
        .parameters
        .iter()
        .map(|it| names::ends(&it.columns, &columns))
        .collect();
    let in_forward = |parameter: usize| {
        let mut exprs = general.exprs.iter().zip(&columns);
        exprs.any(|(expr, column)| column.in_forward && expr.uses(parameter))
    };
    let stored = (0..general.parameters.len()).map(in_forward).collect();
    let needs_train = order.iter().any(|it| match &example.blocks[*it].what {
        What::Layer(leaf) => form == Form::Trained && leaf.layer.needs_train(),
        What::Run { scopes, .. } => classes.get(classes.class_of(scopes[0])).needs_train,
    });
    let source = example.outputs.first().map(|it| it.source);
    let memory = source.map_or(Memory::View, |it| memory(classes, example, it));
    let channels = match source.and_then(|it| origins.of(it)) {
        Some(Source::Input(_)) => Channels::Keeps,
        Some(Source::Block { .. }) => Channels::Makes,
        None => Channels::Mixes,
    };
    let instances = instances.to_vec();
    Class {
        instances,
        general,
        arguments,
        derived,
        fields,
        order,
        needs_train,
        memory,
        stored,
        is_called: true,
        begins,
        channels,
        ends,
    }
}

/// Who else looks at the memory of a value.
pub(super) fn memory(classes: &Classes<'_>, scope: &Scope, source: Source) -> Memory {
    let Source::Block { block, .. } = source else {
        return Memory::View;
    };
    match &scope.blocks[block].what {
        What::Layer(leaf) => leaf.memory,
        What::Run { scopes, .. } => classes.get(classes.class_of(scopes[0])).memory,
    }
}

/// Which blocks there is code for: those that are computed, and those with weights.
fn in_code(scope: &Scope, order: &[usize]) -> Vec<bool> {
    let mut in_code: Vec<bool> = scope.blocks.iter().map(Block::has_weights).collect();
    for index in order {
        in_code[*index] = true;
    }
    in_code
}

/// The columns of a class, still without values, and for each block where its columns begin.
fn columns(
    classes: &Classes<'_>,
    example: &Scope,
    origins: &Origins,
    in_code: &[bool],
) -> (Vec<Column>, Vec<usize>) {
    let mut columns: Vec<Column> = Vec::new();
    let mut begins = Vec::new();
    let output = example.outputs.first().and_then(|it| origins.of(it.source));
    for (index, block) in example.blocks.iter().enumerate() {
        begins.push(columns.len());
        if !in_code[index] {
            continue;
        }
        let label = block.moved_from.as_ref().or(block.id.as_ref());
        let fed_by_input = block
            .inputs
            .first()
            .is_some_and(|it| origins.of(*it) == Some(Source::Input(0)));
        let made_output = output
            == Some(Source::Block {
                block: index,
                port: 0,
            });
        let noun = match &block.what {
            What::Layer(leaf) => leaf.layer.noun(),
            What::Run { .. } => "",
        };
        let mut push = |name: &str, role: Role, ends: (bool, bool), in_forward: bool| {
            columns.push(Column {
                name: name.to_owned(),
                label: label.cloned(),
                noun,
                role,
                is_input: ends.0 && fed_by_input,
                is_output: ends.1 && made_output,
                in_forward,
                values: Vec::new(),
            });
        };
        match &block.what {
            What::Layer(_) => {
                for (place, leaf) in block.leaves().enumerate() {
                    for number in &leaf.numbers {
                        // What is fused into a layer gets the channels from it.
                        let is_in = place == 0 && number.role == Role::InFeats;
                        let ends = (is_in, number.role == Role::OutFeats);
                        push(number.name, number.role, ends, number.in_forward);
                    }
                }
            }
            What::Run { scopes, uniform } => {
                push("n", Role::Count, (false, false), false);
                let child = classes.get(classes.class_of(scopes[0]));
                for _ in 0..if *uniform { 1 } else { scopes.len() } {
                    let parameters = child
                        .general
                        .parameters
                        .iter()
                        .zip(&child.arguments)
                        .zip(&child.ends);
                    for ((parameter, name), ends) in parameters {
                        push(name, parameter.role, *ends, false);
                    }
                }
            }
        }
    }
    (columns, begins)
}

/// The numbers of a block, in the order of its columns.
fn numbers<'a>(block: &'a Block, values: &'a [Vec<Value>]) -> Box<dyn Iterator<Item = Value> + 'a> {
    match &block.what {
        What::Layer(_) => Box::new(
            block
                .leaves()
                .flat_map(|it| &it.numbers)
                .map(|it| it.value.clone()),
        ),
        What::Run { scopes, uniform } => {
            let length = Value::Dim(Dim::from(i64::try_from(scopes.len()).unwrap_or(i64::MAX)));
            let elements = if *uniform { &scopes[..1] } else { &scopes[..] };
            Box::new(
                std::iter::once(length)
                    .chain(elements.iter().flat_map(|it| values[*it].iter().cloned())),
            )
        }
    }
}

/// Where the channels of each value were decided: by an input, by a block, or by several together.
struct Origins(BTreeMap<Source, Source>);

impl Origins {
    fn new(classes: &Classes<'_>, scope: &Scope) -> Self {
        let mut origins = Self(BTreeMap::new());
        for index in &scope.order {
            let block = &scope.blocks[*index];
            let value = Source::Block {
                block: *index,
                port: 0,
            };
            let channels = match &block.what {
                What::Layer(leaf) => leaf.layer.channels(),
                What::Run { scopes, .. } => classes.get(classes.class_of(scopes[0])).channels,
            };
            let origin = match channels {
                Channels::Makes => Some(value),
                Channels::Keeps => block.inputs.first().and_then(|it| origins.of(*it)),
                Channels::Mixes => None,
            };
            if let Some(origin) = origin {
                origins.0.insert(value, origin);
            }
        }
        origins
    }

    fn of(&self, source: Source) -> Option<Source> {
        match source {
            Source::Input(_) => Some(source),
            Source::Block { .. } => self.0.get(&source).copied(),
        }
    }
}
