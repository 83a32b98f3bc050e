//! Which tensor of a file is which of a model: modules are compared by what they contain, from the root down, and by their
//! names only where several contain the same.

use std::collections::BTreeMap;

use super::{
    alike,
    tree::{Kinds, Tensor, Tree, is_counter, usual},
};

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Proposal {
    /// Modules of the model and of the file that are the same, the outer ones first.
    pub(super) modules: Vec<(Vec<String>, Vec<String>)>,
    /// Names of tensors of the model and of the file that are the same.
    pub(super) tensors: Vec<(String, String)>,
    /// What could be any of several.
    pub(super) ambiguous: Vec<Ambiguous>,
}

/// Modules of a model, any of which could be any of some modules of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Ambiguous {
    pub(super) model: Vec<String>,
    pub(super) file: Vec<String>,
}

struct Comparison<'a> {
    model: (&'a [Tensor], Tree),
    file: (&'a [Tensor], Tree),
    /// Whether the order decides where nothing else does.
    by_order: bool,
    /// Pairs of modules, whose parts are compared one pair after the other.
    left: Vec<(usize, usize)>,
    relations: alike::Relations,
    undecided: Vec<Undecided>,
    found: Proposal,
}

/// Modules that may be each other's: places in the trees of the model and of the file.
#[derive(Default)]
struct Frontier {
    model: Vec<usize>,
    file: Vec<usize>,
}

/// Modules with the same in them, whose own names do not tell which is which.
struct Undecided {
    /// Where the paths begin that are compared.
    skipped: (usize, usize),
    frontier: Frontier,
}

/// Compares tensors in the order of the model, and of the file.
pub(super) fn propose(model: &[Tensor], file: &[Tensor], by_order: bool) -> Proposal {
    let mut kinds = Kinds::default();
    let mut comparison = Comparison {
        model: (model, Tree::new(model, &mut kinds)),
        file: (file, Tree::new(file, &mut kinds)),
        by_order,
        left: vec![(0, 0)],
        relations: alike::Relations::default(),
        undecided: Vec::new(),
        found: Proposal::default(),
    };
    let mut next = 0;
    loop {
        while let Some((of_model, of_file)) = comparison.left.get(next).copied() {
            comparison.compare(of_model, of_file);
            next += 1;
        }
        if !comparison.decide_by_others() && !comparison.decide_by_order() {
            break;
        }
    }
    comparison.give_up();
    comparison.found
}

impl Comparison<'_> {
    fn compare(&mut self, of_model: usize, of_file: usize) {
        let (a, b) = (
            &self.model.1.modules[of_model],
            &self.file.1.modules[of_file],
        );
        if of_model != 0 {
            self.found.modules.push((a.path.clone(), b.path.clone()));
        }
        if a.children.is_empty() && b.children.is_empty() {
            self.pair_tensors(of_model, of_file);
            return;
        }
        // A module that has nothing below it is compared as a whole with what is in the other.
        let parts = |tree: &Tree, module: usize| match tree.modules[module].children.as_slice() {
            [] => vec![module],
            children => children.to_vec(),
        };
        let mut frontier = Frontier {
            model: parts(&self.model.1, of_model),
            file: parts(&self.file.1, of_file),
        };
        let skipped = (a.path.len(), b.path.len());
        loop {
            self.pair_balanced(skipped, &mut frontier);
            if !self.open_largest(&mut frontier) {
                break;
            }
        }
        self.pair_the_rest(skipped, &frontier);
    }

    /// Pairs modules of which there are as many on both sides, also within what was not looked into yet.
    fn pair_balanced(&mut self, skipped: (usize, usize), frontier: &mut Frontier) {
        let count = |tree: &Tree, modules: &[usize]| {
            let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
            for kind in modules.iter().flat_map(|it| &tree.modules[*it].bag) {
                *counts.entry(*kind).or_default() += 1;
            }
            counts
        };
        let (in_model, in_file) = (
            count(&self.model.1, &frontier.model),
            count(&self.file.1, &frontier.file),
        );
        for (bag, (of_model, of_file)) in self.alike(frontier) {
            let is_balanced = bag.iter().all(|it| in_model.get(it) == in_file.get(it));
            if bag.is_empty() || !is_balanced || of_model.len() != of_file.len() {
                continue;
            }
            frontier.model.retain(|it| !of_model.contains(it));
            frontier.file.retain(|it| !of_file.contains(it));
            self.pair(
                skipped,
                Frontier {
                    model: of_model,
                    file: of_file,
                },
            );
        }
    }

    /// The modules of a frontier by what is in them.
    fn alike(&self, frontier: &Frontier) -> BTreeMap<Vec<usize>, (Vec<usize>, Vec<usize>)> {
        let mut alike: BTreeMap<Vec<usize>, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
        for module in &frontier.model {
            let bag = self.model.1.modules[*module].bag.clone();
            alike.entry(bag).or_default().0.push(*module);
        }
        for module in &frontier.file {
            let bag = self.file.1.modules[*module].bag.clone();
            alike.entry(bag).or_default().1.push(*module);
        }
        alike
    }

    /// Puts the parts of the modules with the most in them in their place; whether there were any.
    fn open_largest(&self, frontier: &mut Frontier) -> bool {
        let size = |tree: &Tree, modules: &[usize]| {
            let open = modules.iter().map(|it| &tree.modules[*it]);
            let open = open.filter(|it| !it.children.is_empty());
            open.map(|it| it.bag.len()).max()
        };
        let largest = size(&self.model.1, &frontier.model).max(size(&self.file.1, &frontier.file));
        let Some(largest) = largest else {
            return false;
        };
        let open = |tree: &Tree, modules: &mut Vec<usize>| {
            let parts = |it: usize| {
                let module = &tree.modules[it];
                if module.children.is_empty() || module.bag.len() < largest {
                    vec![it]
                } else {
                    module.children.clone()
                }
            };
            *modules = modules.drain(..).flat_map(parts).collect();
        };
        open(&self.model.1, &mut frontier.model);
        open(&self.file.1, &mut frontier.file);
        true
    }

    /// Pairs single modules of which there are more on one side.
    fn pair_the_rest(&mut self, skipped: (usize, usize), frontier: &Frontier) {
        for (bag, (of_model, of_file)) in self.alike(frontier) {
            if !bag.is_empty() && !of_model.is_empty() && !of_file.is_empty() {
                self.pair(
                    skipped,
                    Frontier {
                        model: of_model,
                        file: of_file,
                    },
                );
            }
        }
    }

    fn pair(&mut self, skipped: (usize, usize), modules: Frontier) {
        let (model, file) = self.paths(&modules);
        let pairs = if model.len() == file.len() {
            alike::pairs(&model, &file)
        } else {
            let translated: Vec<Vec<String>> = file.iter().map(|it| self.translated(it)).collect();
            alike::unbalanced_pairs(&model, &file, &translated)
        };
        let rest = self.take(skipped, modules, pairs);
        // What has no counterpart at all is missing or left over, and `check` says so.
        if !rest.model.is_empty() && !rest.file.is_empty() {
            self.undecided.push(Undecided {
                skipped,
                frontier: rest,
            });
        }
    }

    fn paths(&self, modules: &Frontier) -> (Vec<Vec<String>>, Vec<Vec<String>>) {
        (
            self.model.1.paths(&modules.model),
            self.file.1.paths(&modules.file),
        )
    }

    /// Takes pairs of places for good; what is left of the modules.
    fn take(
        &mut self,
        skipped: (usize, usize),
        modules: Frontier,
        mut pairs: Vec<(usize, usize)>,
    ) -> Frontier {
        let (model, file) = self.paths(&modules);
        pairs.sort_unstable();
        for (a, b) in &pairs {
            self.left.push((modules.model[*a], modules.file[*b]));
            self.relations
                .learn(&model[*a][skipped.0..], &file[*b][skipped.1..]);
        }
        let without = |modules: &[usize], is_taken: &dyn Fn(usize) -> bool| -> Vec<usize> {
            let left = modules.iter().enumerate().filter(|it| !is_taken(it.0));
            left.map(|it| *it.1).collect()
        };
        Frontier {
            model: without(&modules.model, &|place| {
                pairs.iter().any(|it| it.0 == place)
            }),
            file: without(&modules.file, &|place| pairs.iter().any(|it| it.1 == place)),
        }
    }

    /// Pairs modules whose names go together as those of others do; whether there were any.
    fn decide_by_others(&mut self) -> bool {
        let before = self.left.len();
        for undecided in std::mem::take(&mut self.undecided) {
            let Undecided { skipped, frontier } = undecided;
            let (model, file) = self.paths(&frontier);
            let rest = |paths: Vec<Vec<String>>, skipped: usize| -> Vec<Vec<String>> {
                paths.into_iter().map(|it| it[skipped..].to_vec()).collect()
            };
            let (model, file) = (rest(model, skipped.0), rest(file, skipped.1));
            let mut pairs = self.relations.pairs(&model, &file);
            let open = |taken: usize, all: usize| all - taken == 1;
            // What is left when all others are known.
            if open(pairs.len(), model.len()) && open(pairs.len(), file.len()) {
                let a = (0..model.len()).find(|it| pairs.iter().all(|pair| pair.0 != *it));
                let b = (0..file.len()).find(|it| pairs.iter().all(|pair| pair.1 != *it));
                pairs.extend(a.zip(b));
            }
            let rest = self.take(skipped, frontier, pairs);
            if !rest.model.is_empty() && !rest.file.is_empty() {
                self.undecided.push(Undecided {
                    skipped,
                    frontier: rest,
                });
            }
        }
        self.left.len() > before
    }

    /// Pairs the first modules that nothing else tells apart as they come, if that is wanted.
    fn decide_by_order(&mut self) -> bool {
        let is_balanced = |it: &Undecided| it.frontier.model.len() == it.frontier.file.len();
        let first = self
            .undecided
            .iter()
            .position(is_balanced)
            .filter(|_| self.by_order);
        let Some(first) = first else {
            return false;
        };
        let Undecided { skipped, frontier } = self.undecided.remove(first);
        let pairs = (0..frontier.model.len()).map(|it| (it, it)).collect();
        self.take(skipped, frontier, pairs);
        true
    }

    /// Nothing tells which is which.
    fn give_up(&mut self) {
        for undecided in std::mem::take(&mut self.undecided) {
            let (model, file) = self.paths(&undecided.frontier);
            let names = |paths: Vec<Vec<String>>| paths.iter().map(|it| it.join(".")).collect();
            self.found.ambiguous.push(Ambiguous {
                model: names(model),
                file: names(file),
            });
        }
    }

    /// What a path of the file is in the model, if it is there as modules beside it are that have kept their names.
    fn translated(&self, path: &[String]) -> Vec<String> {
        let parent_in_model = |parent: &[String]| {
            let mut votes: BTreeMap<&[String], usize> = BTreeMap::new();
            for (of_model, of_file) in &self.left {
                let ours = &self.model.1.modules[*of_model].path;
                let theirs = &self.file.1.modules[*of_file].path;
                let (Some((a, ours)), Some((b, theirs))) = (ours.split_last(), theirs.split_last())
                else {
                    continue;
                };
                if a == b && theirs == parent {
                    *votes.entry(ours).or_default() += 1;
                }
            }
            let all: usize = votes.values().sum();
            let most = votes.into_iter().max_by_key(|it| it.1)?;
            (most.1 * 2 > all).then(|| most.0.to_vec())
        };
        for length in (0..path.len()).rev() {
            let (parent, rest) = path.split_at(length);
            if let Some(parent) = parent_in_model(parent) {
                return [&parent, rest].concat();
            }
        }
        path.to_vec()
    }

    fn pair_tensors(&mut self, of_model: usize, of_file: usize) {
        let (a, b) = (
            &self.model.1.modules[of_model],
            &self.file.1.modules[of_file],
        );
        for (leaf, place) in &a.tensors {
            let is_other = |it: &&(String, usize)| {
                let is_same = usual(&it.0) == usual(leaf);
                is_same && (is_counter(leaf) || self.file.0[it.1].1 == self.model.0[*place].1)
            };
            if let Some(other) = b.tensors.iter().find(is_other) {
                let (own, other) = (&self.model.0[*place].0, &self.file.0[other.1].0);
                self.found.tensors.push((own.clone(), other.clone()));
            }
        }
    }
}
