//! The tensors of a model or of a file as a tree of modules, in which what has the same tensors is told by a number.

use std::collections::BTreeMap;

/// A name and a shape.
pub(super) type Tensor = (String, Vec<i64>);

/// One module: a path that tensors or other modules are below.
#[derive(Debug)]
pub(super) struct Module {
    pub(super) path: Vec<String>,
    /// Places in the tree. A module that has tensors of its own as well as others below it is a child of itself.
    pub(super) children: Vec<usize>,
    /// The last parts of the names of its own tensors, and their places in the list.
    pub(super) tensors: Vec<(String, usize)>,
    /// What kinds of modules with tensors are in it, sorted: two with the same have the same tensors, names aside.
    pub(super) bag: Vec<usize>,
}

#[derive(Debug)]
pub(super) struct Tree {
    pub(super) modules: Vec<Module>,
}

/// The kinds of modules that have been met, by the names and shapes of their own tensors.
#[derive(Debug, Default)]
pub(super) struct Kinds(BTreeMap<Vec<(String, Vec<i64>)>, usize>);

/// What other libraries call a tensor that torch has, too.
const SYNONYMS: [(&str, &str); 9] = [
    ("gamma", "weight"),
    ("beta", "bias"),
    ("w", "weight"),
    ("b", "bias"),
    ("moving_mean", "running_mean"),
    ("moving_variance", "running_var"),
    ("moving_var", "running_var"),
    ("mean", "running_mean"),
    ("var", "running_var"),
];

/// The name that torch has for a tensor of a module.
pub(super) fn usual(leaf: &str) -> &str {
    let found = SYNONYMS.iter().find(|it| it.0 == leaf);
    found.map_or(leaf, |it| it.1)
}

/// Files of old torch lack it, so that it says nothing.
pub(super) fn is_counter(leaf: &str) -> bool {
    leaf == "num_batches_tracked"
}

impl Tree {
    /// The root comes first.
    pub(super) fn new(tensors: &[Tensor], kinds: &mut Kinds) -> Self {
        let mut modules = vec![Module::at(Vec::new())];
        let mut known: BTreeMap<Vec<String>, usize> = BTreeMap::from([(Vec::new(), 0)]);
        for (place, (name, _)) in tensors.iter().enumerate() {
            let mut parts: Vec<String> = name.split('.').map(str::to_owned).collect();
            let leaf = parts.pop().unwrap_or_default();
            let mut module = 0;
            for length in 1..=parts.len() {
                let path = parts[..length].to_vec();
                module = *known.entry(path.clone()).or_insert_with(|| {
                    modules.push(Module::at(path));
                    let new = modules.len() - 1;
                    modules[module].children.push(new);
                    new
                });
            }
            modules[module].tensors.push((leaf, place));
        }
        let mut this = Self { modules };
        this.part_tensors_from_modules();
        this.fill_bags(tensors, kinds);
        this
    }

    /// Gives the tensors of modules that have others below them to a child with the same path.
    fn part_tensors_from_modules(&mut self) {
        for place in 0..self.modules.len() {
            let new = self.modules.len();
            let module = &mut self.modules[place];
            if module.children.is_empty() || module.tensors.is_empty() {
                continue;
            }
            let mut own = Module::at(module.path.clone());
            own.tensors = std::mem::take(&mut module.tensors);
            module.children.insert(0, new);
            self.modules.push(own);
        }
    }

    fn fill_bags(&mut self, tensors: &[Tensor], kinds: &mut Kinds) {
        for module in &mut self.modules {
            let counted = module.tensors.iter().filter(|it| !is_counter(&it.0));
            let mut kind: Vec<_> = counted
                .map(|(leaf, place)| (usual(leaf).to_owned(), tensors[*place].1.clone()))
                .collect();
            if kind.is_empty() {
                continue;
            }
            kind.sort();
            let next = kinds.0.len();
            module.bag.push(*kinds.0.entry(kind).or_insert(next));
        }
        // What is below first: a parent comes before its children.
        let mut order = vec![0];
        let mut next = 0;
        while let Some(place) = order.get(next) {
            order.extend(self.modules[*place].children.clone());
            next += 1;
        }
        for place in order.into_iter().rev() {
            let children = self.modules[place].children.clone();
            for child in children {
                let below = self.modules[child].bag.clone();
                self.modules[place].bag.extend(below);
            }
            self.modules[place].bag.sort_unstable();
        }
    }

    pub(super) fn paths(&self, modules: &[usize]) -> Vec<Vec<String>> {
        modules
            .iter()
            .map(|it| self.modules[*it].path.clone())
            .collect()
    }
}

impl Module {
    fn at(path: Vec<String>) -> Self {
        Self {
            path,
            children: Vec::new(),
            tensors: Vec::new(),
            bag: Vec::new(),
        }
    }
}
