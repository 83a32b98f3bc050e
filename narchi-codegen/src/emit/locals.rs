//! The local variables of `forward`.

use std::collections::BTreeMap;

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::{body::Statement, plan::Source};
use crate::{
    layer::{Memory, Moves, Operand},
    names::{Taken, ident},
};

/// Names that mean something else in `forward`.
const RESERVED: [&str; 8] = [
    "train", "block", "i", "array", "nn", "frozen", "drop", "inputs",
];

pub(super) struct Locals {
    pub(super) statements: Vec<Statement>,
    /// Which local holds a value, and whether we own it.
    values: BTreeMap<Source, (Ident, bool)>,
    taken: Taken,
    /// The local of the first chain, `x`.
    chain: Option<Ident>,
    /// Locals whose value has ended.
    free: Vec<Ident>,
}

/// A block on its way to a statement.
pub(super) struct Step<'a> {
    pub(super) results: Vec<Outcome>,
    pub(super) operands: &'a [Operand],
    pub(super) moves: Moves,
    pub(super) value: TokenStream,
    pub(super) name: Name,
    pub(super) note: Option<String>,
}

/// One output of a block.
pub(super) struct Outcome {
    pub(super) source: Source,
    pub(super) is_used: bool,
}

/// What to call a result that needs a name.
pub(super) struct Name {
    pub(super) block: String,
    /// Its name as one of several outputs.
    pub(super) output: Option<String>,
}

/// A local for each input, called as in the file.
pub(super) fn of_inputs<'a>(names: impl Iterator<Item = &'a str>) -> Vec<Ident> {
    let mut taken = Taken::new(RESERVED);
    names.map(|it| ident(&taken.unique(it))).collect()
}

impl Locals {
    pub(super) fn new(inputs: Vec<Ident>) -> Self {
        let mut taken = Taken::new(RESERVED);
        let mut values = BTreeMap::new();
        for (index, input) in inputs.into_iter().enumerate() {
            taken.unique(&input.to_string());
            values.insert(Source::Input(index), (input, false));
        }
        Self {
            statements: Vec::new(),
            values,
            taken,
            chain: None,
            free: Vec::new(),
        }
    }

    pub(super) fn operand(&self, source: Source, is_last: bool, is_only: bool) -> Operand {
        #[expect(
            clippy::expect_used,
            reason = "operands are computed before their users"
        )]
        let (name, owned) = self
            .values
            .get(&source)
            .cloned()
            .expect("the value is known");
        Operand {
            name,
            owned,
            dies: owned && is_last,
            is_only,
            memory: Memory::View,
        }
    }

    pub(super) fn is_chain(&self, name: &Ident) -> bool {
        self.chain.as_ref() == Some(name)
    }

    /// Notes that a local holds a value.
    pub(super) fn hold(&mut self, source: Source, local: Ident) {
        self.values.insert(source, (local, true));
    }

    /// Drops a local that a sum has read.
    pub(super) fn end_after_sum(&mut self, local: &Ident) {
        self.free.push(local.clone());
        self.statements.push(Statement::Drop {
            local: local.clone(),
            after_sum: true,
        });
    }

    /// Gives the results of a block to locals.
    ///
    /// An operand that had no other user ends here: its local goes on as the result. Where values meet or
    /// part, results have names of their own, and operands that end are dropped.
    pub(super) fn assign(&mut self, step: Step<'_>) {
        let Step {
            results,
            operands,
            moves,
            value,
            name,
            note,
        } = step;
        let all_moved = moves.moves(operands);
        let chain = operands
            .iter()
            .find(|it| it.dies && it.is_only && operands.len() == 1);
        let target = match (results.as_slice(), chain) {
            // Several results never share a local.
            ([_], Some(operand)) if name.output.is_none() => Some(operand.name.clone()),
            ([_], None) if operands.len() > 1 && name.output.is_none() => {
                self.meeting(operands, all_moved)
            }
            _ => None,
        };
        let mut drops: Vec<Ident> = Vec::new();
        for operand in operands
            .iter()
            .filter(|it| it.dies && Some(&it.name) != target.as_ref())
        {
            if !all_moved && !drops.contains(&operand.name) {
                drops.push(operand.name.clone());
            }
            self.free.push(operand.name.clone());
        }
        match target {
            Some(local) => {
                self.free.retain(|it| *it != local);
                for result in results {
                    self.hold(result.source, local.clone());
                }
                self.statements.push(Statement::Assign {
                    local,
                    value,
                    note,
                    in_place: false,
                });
            }
            None => {
                let locals: Vec<Ident> = results
                    .iter()
                    .map(|it| self.fresh(&name, it.is_used))
                    .collect();
                for (result, local) in results.into_iter().zip(&locals) {
                    self.hold(result.source, local.clone());
                }
                self.statements.push(Statement::Let {
                    locals,
                    value,
                    note,
                });
            }
        }
        let drops = drops.into_iter().map(|local| Statement::Drop {
            local,
            after_sum: false,
        });
        self.statements.extend(drops);
    }

    /// The local for a value made of several: the chain goes on, if it took part or has ended.
    fn meeting(&self, operands: &[Operand], all_moved: bool) -> Option<Ident> {
        let mut dying = operands
            .iter()
            .filter(|it| it.dies && (it.is_only || all_moved));
        let of_chain = dying
            .clone()
            .find(|it| self.is_chain(&it.name))
            .map(|it| it.name.clone());
        let ended = || self.free.iter().find(|it| self.is_chain(it)).cloned();
        of_chain
            .or_else(ended)
            .or_else(|| dying.next().map(|it| it.name.clone()))
    }

    /// An owned local with the value of the operand, for a loop to change.
    pub(super) fn owned(&mut self, operand: &Operand, name: &Name) -> Ident {
        if operand.dies && operand.is_only {
            return operand.name.clone();
        }
        let (from, local) = (&operand.name, self.fresh(name, true));
        let value = quote!(#from.shallow_clone());
        self.statements.push(Statement::Let {
            locals: vec![local.clone()],
            value,
            note: None,
        });
        if operand.dies {
            self.free.push(from.clone());
            self.statements.push(Statement::Drop {
                local: from.clone(),
                after_sum: false,
            });
        }
        local
    }

    /// The first chain is `x`; what branches off is named after the block that begins it, outputs as in
    /// the file.
    fn fresh(&mut self, name: &Name, is_used: bool) -> Ident {
        if !is_used {
            return ident(
                &self
                    .taken
                    .unique(&format!("_{}", name.block.trim_start_matches('_'))),
            );
        }
        if let Some(output) = &name.output {
            return ident(&self.taken.unique(output));
        }
        if self.chain.is_some() {
            return ident(&self.taken.unique(&name.block));
        }
        let free = ["x", "y", "z"]
            .into_iter()
            .find(|it| !self.taken.contains(it));
        let chain = ident(&self.taken.unique(free.unwrap_or("x")));
        self.chain = Some(chain.clone());
        chain
    }
}
