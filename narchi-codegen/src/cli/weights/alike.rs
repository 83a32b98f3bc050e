//! Which of some modules is which of some others, all with the same tensors: what their names tell.

use std::collections::{BTreeMap, BTreeSet};

type Path = Vec<String>;

/// Places of modules in two lists that are each other's.
type Pairs = Vec<(usize, usize)>;

/// Places of modules whose names differ in numbers alone, in the order of those, by the name with `#` for each number.
type Families = BTreeMap<String, Vec<usize>>;

/// How names of modules in a model have turned out to go with names of modules in a file: both with `#` for their numbers, and
/// by how much those differ.
#[derive(Debug, Default)]
pub(super) struct Relations(BTreeSet<(String, String, Vec<i128>)>);

impl Relations {
    /// Notes that two modules are each other's.
    pub(super) fn learn(&mut self, model: &[String], file: &[String]) {
        self.0.extend(relation(model, file));
    }

    /// Pairs that are related as others are.
    pub(super) fn pairs(&self, model: &[Path], file: &[Path]) -> Pairs {
        let is_known = |a: usize, b: usize| {
            relation(&model[a], &file[b]).is_some_and(|it| self.0.contains(&it))
        };
        let only = |mut found: Pairs| (found.len() == 1).then(|| found.remove(0));
        let of_model = |a: usize| -> Pairs {
            (0..file.len())
                .filter(|b| is_known(a, *b))
                .map(|b| (a, b))
                .collect()
        };
        let of_file = |b: usize| -> Pairs {
            (0..model.len())
                .filter(|a| is_known(*a, b))
                .map(|a| (a, b))
                .collect()
        };
        let pairs = (0..model.len()).filter_map(|a| only(of_model(a)));
        pairs.filter(|it| only(of_file(it.1)).is_some()).collect()
    }
}

fn relation(model: &[String], file: &[String]) -> Option<(String, String, Vec<i128>)> {
    let (model, file) = (
        split_numbers(&model.join(".")),
        split_numbers(&file.join(".")),
    );
    if model.1.len() != file.1.len() {
        return None;
    }
    let differences = model
        .1
        .iter()
        .zip(&file.1)
        .map(|(a, b)| i128::from(*a) - i128::from(*b));
    Some((model.0, file.0, differences.collect()))
}

/// Pairs as far as the names leave no doubt. There are as many on both sides.
pub(super) fn pairs(model: &[Path], file: &[Path]) -> Pairs {
    if let ([_], [_]) = (model, file) {
        return vec![(0, 0)];
    }
    let (mut of_model, mut of_file) = (families(model), families(file));
    let mut pairs = Pairs::new();
    let mut take = |of_model: &mut Families, of_file: &mut Families, (a, b): (String, String)| {
        let (a, b) = (of_model.remove(&a), of_file.remove(&b));
        pairs.extend(a.unwrap_or_default().into_iter().zip(b.unwrap_or_default()));
    };
    let have_as_many = |of_model: &Families, of_file: &Families, a: &str, b: &str| {
        let count = |families: &Families, name: &str| families.get(name).map(Vec::len);
        count(of_model, a) == count(of_file, b)
    };
    // The same names with as many numbers: 1, 2, 3 may be 0, 1, 2 of the other.
    for name in of_model.keys().cloned().collect::<Vec<_>>() {
        if have_as_many(&of_model, &of_file, &name, &name) {
            take(&mut of_model, &mut of_file, (name.clone(), name));
        }
    }
    for (a, b) in similar(&of_model, &of_file) {
        if have_as_many(&of_model, &of_file, &a, &b) {
            take(&mut of_model, &mut of_file, (a, b));
        }
    }
    // What is left when all others are known.
    let (mut a, mut b) = (of_model.keys().cloned(), of_file.keys().cloned());
    if let (Some(a), None, Some(b), None) = (a.next(), a.next(), b.next(), b.next()) {
        take(&mut of_model, &mut of_file, (a, b));
    }
    pairs
}

/// The same where one side has more: numbers are no order there. `translated` are the paths of the file as they would be in the
/// model if what is above them had its name.
pub(super) fn unbalanced_pairs(model: &[Path], file: &[Path], translated: &[Path]) -> Pairs {
    let mut same = same_names(model, translated);
    if same.is_empty() {
        same = same_names(&without_shared(model), &without_shared(file));
    }
    let (mut of_model, mut of_file) = (families(model), families(file));
    let is_open = |family: &mut Vec<usize>, taken: &dyn Fn(usize) -> bool| {
        family.retain(|it| !taken(*it));
        family.len() == 1
    };
    of_model.retain(|_, it| is_open(it, &|place| same.iter().any(|it| it.0 == place)));
    of_file.retain(|_, it| is_open(it, &|place| same.iter().any(|it| it.1 == place)));
    for (a, b) in similar(&of_model, &of_file) {
        same.push((of_model[&a][0], of_file[&b][0]));
    }
    same
}

/// The paths without what all begin with.
fn without_shared(paths: &[Path]) -> Vec<Path> {
    let first = paths.first().map_or(&[][..], Vec::as_slice);
    let is_shared = |length: &usize| {
        paths
            .iter()
            .all(|it| it.get(..*length) == first.get(..*length))
    };
    let shared = (0..=first.len()).take_while(is_shared).last().unwrap_or(0);
    let rest = |it: &Path| it.get(shared..).unwrap_or_default().to_vec();
    paths.iter().map(rest).collect()
}

fn same_names(model: &[Path], file: &[Path]) -> Pairs {
    let place = |it: &Path| file.iter().position(|other| other == it);
    let pairs = model.iter().enumerate();
    pairs
        .filter_map(|(index, it)| Some((index, place(it)?)))
        .collect()
}

fn families(paths: &[Path]) -> Families {
    let mut families: BTreeMap<String, Vec<(Vec<u64>, usize)>> = BTreeMap::new();
    for (place, path) in without_shared(paths).iter().enumerate() {
        let (name, numbers) = split_numbers(&path.join("."));
        families.entry(name).or_default().push((numbers, place));
    }
    let sorted = |mut family: Vec<(Vec<u64>, usize)>| -> Vec<usize> {
        family.sort();
        family.into_iter().map(|it| it.1).collect()
    };
    families
        .into_iter()
        .map(|(name, it)| (name, sorted(it)))
        .collect()
}

/// The text with `#` for each number, and the numbers.
fn split_numbers(text: &str) -> (String, Vec<u64>) {
    let (mut template, mut numbers) = (String::new(), Vec::new());
    for piece in pieces(text) {
        match piece.parse() {
            Ok(number) => {
                template.push('#');
                numbers.push(number);
            }
            Err(_) => template.push_str(piece),
        }
    }
    (template, numbers)
}

/// Runs of digits, of letters, and of anything else.
fn pieces(text: &str) -> Vec<&str> {
    let kind = |it: char| (it.is_ascii_digit(), it.is_alphabetic());
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut before: Option<char> = None;
    for (place, char) in text.char_indices() {
        let is_hump = before.is_some_and(char::is_lowercase) && char.is_uppercase();
        if before.is_some_and(|it| kind(it) != kind(char)) || is_hump {
            pieces.push(&text[start..place]);
            start = place;
        }
        before = Some(char);
    }
    pieces.push(&text[start..]);
    pieces
}

/// Names that are more like each other than like any other.
fn similar(of_model: &Families, of_file: &Families) -> Vec<(String, String)> {
    /// Less alike is unlike.
    const ALIKE: f64 = 0.25;
    /// The next best has to be this much less alike.
    const CLEARLY: f64 = 0.15;
    /// More than these are not compared each with each.
    const MOST: usize = 64;
    if of_model.len() > MOST || of_file.len() > MOST {
        return Vec::new();
    }
    let score = |a: &str, b: &str| likeness(&words(a), &words(b));
    let mut pairs = Vec::new();
    for a in of_model.keys() {
        let scored = of_file.keys().map(|b| (score(a, b), b));
        let best = scored.reduce(|x, y| if y.0 > x.0 { y } else { x });
        let Some((own, b)) = best.filter(|it| it.0 >= ALIKE) else {
            continue;
        };
        let is_best = |other: f64| other + CLEARLY <= own;
        let in_row = of_file
            .keys()
            .filter(|it| *it != b)
            .all(|it| is_best(score(a, it)));
        let in_column = of_model
            .keys()
            .filter(|it| *it != a)
            .all(|it| is_best(score(it, b)));
        if in_row && in_column {
            pairs.push((a.clone(), b.clone()));
        }
    }
    pairs
}

/// Those of a name without numbers.
fn words(name: &str) -> Vec<String> {
    let is_word = |it: &&str| it.chars().any(char::is_alphabetic);
    let words = pieces(name).into_iter().filter(is_word);
    words.map(str::to_lowercase).collect()
}

/// From 0, nothing in common, to 1, the same words.
#[expect(clippy::cast_precision_loss, reason = "paths have few words")]
fn likeness(a: &[String], b: &[String]) -> f64 {
    let best = |word: &String, others: &[String]| {
        let scores = others.iter().map(|it| alike(word, it));
        scores.fold(0.0, f64::max)
    };
    let sum = |words: &[String], others: &[String]| -> f64 {
        words.iter().map(|it| best(it, others)).sum()
    };
    let count = a.len() + b.len();
    if count == 0 {
        return 0.0;
    }
    (sum(a, b) + sum(b, a)) / count as f64
}

/// The same word, or one that is short for the other, as `q` for `query`.
fn alike(a: &str, b: &str) -> f64 {
    if a == b {
        1.0
    } else if a.starts_with(b) || b.starts_with(a) {
        0.7
    } else {
        // Words with most letters in common, as `attention` and `attn`, count somewhat.
        let near = strsim::jaro_winkler(a, b);
        if near > 0.8 { 0.6 * near } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(model: &[&str], file: &[&str], expected: &[(&str, &str)]) {
        let paths = |all: &[&str]| -> Vec<Path> {
            let path = |it: &&str| it.split('.').map(str::to_owned).collect();
            all.iter().map(path).collect()
        };
        let found = pairs(&paths(model), &paths(file));
        let mut found: Vec<_> = found
            .into_iter()
            .map(|it| (model[it.0], file[it.1]))
            .collect();
        found.sort_unstable();
        assert_eq!(found, expected);
    }

    #[test]
    fn one_of_a_kind_needs_no_name() {
        check(&["fc"], &["head.linear"], &[("fc", "head.linear")]);
    }

    #[test]
    fn the_same_names_are_the_same() {
        check(
            &["a", "b"],
            &["net.b", "net.a"],
            &[("a", "net.a"), ("b", "net.b")],
        );
    }

    #[test]
    fn numbers_are_an_order() {
        check(
            &["layer0", "layer1", "layer2"],
            &["stage.1", "stage.2", "stage.10"],
            &[
                ("layer0", "stage.1"),
                ("layer1", "stage.2"),
                ("layer2", "stage.10"),
            ],
        );
        check(
            &["conv4_2", "conv5_1", "conv5_2"],
            &["features.28", "features.19", "features.24"],
            &[
                ("conv4_2", "features.19"),
                ("conv5_1", "features.24"),
                ("conv5_2", "features.28"),
            ],
        );
        // Even where single names are the same.
        check(&["l0", "l1"], &["l1", "l2"], &[("l0", "l1"), ("l1", "l2")]);
    }

    #[test]
    fn short_words_stand_for_long_ones() {
        check(
            &["att.query", "att.key", "att.value"],
            &["a.k", "a.q", "a.v"],
            &[
                ("att.key", "a.k"),
                ("att.query", "a.q"),
                ("att.value", "a.v"),
            ],
        );
    }

    #[test]
    fn what_the_names_leave_open_is_left_open() {
        check(&["left", "right"], &["a", "b"], &[]);
        check(&["conv1", "conv2"], &["conv_a", "conv_b"], &[]);
        check(
            &["q", "k", "x", "y"],
            &["query", "key", "z", "w"],
            &[("k", "key"), ("q", "query")],
        );
        check(
            &["l0", "l1", "x", "y"],
            &["l1", "l2", "z", "w"],
            &[("l0", "l1"), ("l1", "l2")],
        );
    }

    #[test]
    fn what_is_left_when_all_others_are_known_is_known() {
        check(
            &["q", "k", "x"],
            &["query", "key", "z"],
            &[("k", "key"), ("q", "query"), ("x", "z")],
        );
    }

    #[test]
    fn names_are_related_as_others_are() {
        let path = |it: &str| -> Path { it.split('.').map(str::to_owned).collect() };
        let mut relations = Relations::default();
        relations.learn(&path("conv1"), &path("list.1"));
        let model = [path("conv3"), path("down.0")];
        let file = [path("list.4.list.2"), path("list.3")];
        assert_eq!(relations.pairs(&model, &file), [(0, 1)]);
        relations.learn(&path("conv1"), &path("list.0"));
        let file = [path("list.2"), path("list.3")];
        assert_eq!(relations.pairs(&model, &file), []);
    }
}
