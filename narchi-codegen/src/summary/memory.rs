//! What the results of blocks take, and how much of it at a time.

use std::collections::BTreeMap;

use super::product;
use crate::{
    dim::Env,
    layer::Memory,
    model::{Block, Kind, Model, ScopeId, Value},
    shape::{Dtype, Type},
};

/// The bytes of what a block gives that has memory of its own.
pub(super) fn of_results(block: &Block, env: &Env) -> Option<i64> {
    if !is_fresh(block) {
        return Some(0);
    }
    super::sum(block.ports.iter().map(|it| bytes(it, env)))
}

fn is_fresh(block: &Block) -> bool {
    match &block.kind {
        Kind::Layer(layer) => layer.memory() != Memory::View && !layer.is_identity_in_inference(),
        Kind::Input | Kind::Scope(_) => false,
    }
}

fn bytes(ty: &Type, env: &Env) -> Option<i64> {
    let size = match ty.dtype {
        Dtype::Float => 4,
        Dtype::Int64 => 8,
    };
    product(ty.dims(), env)?.checked_mul(size)
}

/// The most bytes that results take at a time, if they are dropped after their last reader.
pub(super) fn peak(model: &Model, env: &Env) -> Option<i64> {
    let mut flat = Flat {
        model,
        env,
        sizes: Vec::new(),
        steps: Vec::new(),
    };
    let root = model.scope(model.root());
    let mut inputs = Vec::new();
    for input in &root.inputs {
        for port in &root.block(*input).ports {
            inputs.push(flat.buffer(bytes(port, env)?));
        }
    }
    let outputs = flat.scope(model.root(), &inputs)?;

    // Where each buffer is read last; what the caller has is never dropped.
    let mut last: Vec<usize> = vec![0; flat.sizes.len()];
    for (place, step) in flat.steps.iter().enumerate() {
        for buffer in step.reads.iter().chain(&step.makes) {
            last[*buffer] = place;
        }
    }
    for buffer in inputs.iter().chain(&outputs) {
        last[*buffer] = usize::MAX;
    }
    let mut live: i64 = inputs.iter().map(|it| flat.sizes[*it]).sum();
    let mut peak = live;
    for (place, step) in flat.steps.iter().enumerate() {
        for buffer in &step.makes {
            live = live.checked_add(flat.sizes[*buffer])?;
        }
        peak = peak.max(live);
        let mut ended: Vec<usize> = step.reads.iter().chain(&step.makes).copied().collect();
        ended.sort_unstable();
        ended.dedup();
        for buffer in ended.into_iter().filter(|it| last[*it] == place) {
            live -= flat.sizes[buffer];
        }
    }
    Some(peak)
}

/// All layers in the order of execution, without scopes.
struct Flat<'a> {
    model: &'a Model,
    env: &'a Env,
    /// The bytes of each buffer.
    sizes: Vec<i64>,
    steps: Vec<Step>,
}

/// The buffers that a layer reads and makes.
struct Step {
    reads: Vec<usize>,
    makes: Vec<usize>,
}

impl Flat<'_> {
    fn buffer(&mut self, bytes: i64) -> usize {
        self.sizes.push(bytes);
        self.sizes.len() - 1
    }

    /// The buffers of what a scope gives, given those of what goes in.
    fn scope(&mut self, id: ScopeId, inputs: &[usize]) -> Option<Vec<usize>> {
        let scope = self.model.scope(id);
        let mut buffers: BTreeMap<Value, usize> = BTreeMap::new();
        let ports = scope.inputs.iter().zip(inputs);
        buffers.extend(ports.map(|(block, buffer)| {
            let value = Value {
                block: *block,
                port: 0,
            };
            (value, *buffer)
        }));
        for id in &scope.order {
            let block = scope.block(*id);
            let reads: Option<Vec<usize>> = scope
                .inputs_of(*id)
                .iter()
                .map(|it| buffers.get(it).copied())
                .collect();
            let reads = reads?;
            let makes = match &block.kind {
                Kind::Scope(inner) => self.scope(*inner, &reads)?,
                _ if is_fresh(block) => {
                    let mut makes = Vec::new();
                    for port in &block.ports {
                        let bytes = bytes(port, self.env)?;
                        makes.push(self.buffer(bytes));
                    }
                    self.steps.push(Step {
                        reads,
                        makes: makes.clone(),
                    });
                    makes
                }
                // It looks at the memory of what it reads.
                _ => block
                    .ports
                    .iter()
                    .filter_map(|_| reads.first().copied())
                    .collect(),
            };
            let ports = makes.into_iter().enumerate();
            buffers.extend(ports.map(|(port, buffer)| (Value { block: *id, port }, buffer)));
        }
        let outputs = scope.outputs.iter();
        outputs.map(|it| buffers.get(&it.value).copied()).collect()
    }
}
