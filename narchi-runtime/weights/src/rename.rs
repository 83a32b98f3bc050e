//! Rules that give the tensors of a file the names that a model has for them.

use std::fmt;
use std::str::FromStr;

use crate::error::quoted;

/// Rules that give the tensors of a file the names that a model has for them, as lines of text: what is left of the arrow becomes
/// what is right of it, with all that is below. Empty lines and those that begin with `#` say nothing.
///
/// ```
/// let renames: narchi_weights::Renames = "
///     backbone.stem -> conv1
///     backbone.stages.*.norm -> layers.*.bn
///     backbone -> .
/// "
/// .parse()?;
/// assert_eq!(renames.apply("backbone.stem.weight"), "conv1.weight");
/// assert_eq!(renames.apply("backbone.stages.2.norm.bias"), "layers.2.bn.bias");
/// assert_eq!(renames.apply("backbone.fc.weight"), "fc.weight");
/// assert_eq!(renames.apply("head.weight"), "head.weight");
/// # Ok::<(), narchi_weights::WrongRule>(())
/// ```
///
/// A rule is about whole parts between dots. `*` stands for any one part; those of the right side are those of the left side,
/// in order. `.` is the root: left of the arrow it is every name, right of it nothing is left of the path. Of the rules that a
/// name begins with, the one with the most parts counts, then the one with the fewest `*`; no rule sees what another one made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Renames(Vec<Rename>);

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rename {
    from: Vec<String>,
    to: Vec<String>,
}

/// Why a text is no list of rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongRule {
    line: usize,
    message: String,
}

impl WrongRule {
    /// The line, counted from one.
    pub fn line(&self) -> usize {
        self.line
    }
}

impl fmt::Display for WrongRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} of the renames: {}", self.line, self.message)
    }
}

impl std::error::Error for WrongRule {}

impl Renames {
    /// Whether there are no rules.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The rules as pairs of paths, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (String, String)> {
        self.0.iter().map(|it| (shown(&it.from), shown(&it.to)))
    }

    /// What the rules make of a name; one that no rule is about stays as it is.
    pub fn apply(&self, name: &str) -> String {
        let parts: Vec<&str> = name.split('.').collect();
        match self.decisive(&parts) {
            Some(rule) => rule.apply(&parts),
            None => name.to_owned(),
        }
    }

    /// The rule that counts.
    fn decisive(&self, parts: &[&str]) -> Option<&Rename> {
        let fitting = self.0.iter().filter(|it| it.fits(parts));
        fitting.max_by_key(|it| {
            let stars = it.from.iter().filter(|it| *it == "*").count();
            (it.from.len(), std::cmp::Reverse(stars))
        })
    }
}

impl Rename {
    fn fits(&self, parts: &[&str]) -> bool {
        let same = |(from, part): (&String, &&str)| from == "*" || from == part;
        // Something must be left for the name of the tensor.
        let has_rest = parts.len() > self.from.len() || !self.to.is_empty();
        parts.len() >= self.from.len() && has_rest && self.from.iter().zip(parts).all(same)
    }

    fn apply(&self, parts: &[&str]) -> String {
        let stars = self.from.iter().zip(parts).filter(|it| it.0 == "*");
        let mut stars = stars.map(|it| *it.1);
        let to = self.to.iter().map(|it| match it.as_str() {
            "*" => stars.next().unwrap_or("*"),
            other => other,
        });
        let to: Vec<&str> = to.collect();
        let rest = parts.get(self.from.len()..).unwrap_or_default();
        [&to, rest].concat().join(".")
    }
}

impl FromStr for Renames {
    type Err = WrongRule;

    fn from_str(text: &str) -> Result<Self, WrongRule> {
        let mut rules: Vec<Rename> = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let wrong = |message: String| WrongRule {
                line: index + 1,
                message,
            };
            let rule = rule(line).map_err(wrong)?;
            if let Some(other) = rules.iter().find(|it| it.from == rule.from) {
                let message = format!(
                    "{} has a rule already: `{other}`",
                    quoted(&shown(&rule.from))
                );
                return Err(wrong(message));
            }
            rules.push(rule);
        }
        Ok(Self(rules))
    }
}

fn rule(line: &str) -> Result<Rename, String> {
    let sides = line.split_once("->").filter(|it| !it.1.contains("->"));
    let Some((from, to)) = sides else {
        return Err(format!(
            "{} is no rule: write `old.path -> new.path`",
            quoted(line)
        ));
    };
    let (from, to) = (path(from.trim())?, path(to.trim())?);
    let stars = |path: &[String]| path.iter().filter(|it| *it == "*").count();
    if stars(&from) != stars(&to) {
        return Err(format!(
            "{} has not as many `*` on both sides",
            quoted(line)
        ));
    }
    Ok(Rename { from, to })
}

fn path(text: &str) -> Result<Vec<String>, String> {
    if text == "." {
        return Ok(Vec::new());
    }
    let parts: Vec<String> = text.split('.').map(str::to_owned).collect();
    let is_wrong = |it: &String| {
        it.is_empty() || it.chars().any(char::is_whitespace) || it.contains('*') && it != "*"
    };
    if parts.iter().any(is_wrong) {
        let what = quoted(text);
        return Err(format!(
            "{what} is no path: write parts with dots between them, `*` for any one part, or `.` for the root"
        ));
    }
    Ok(parts)
}

fn shown(path: &[String]) -> String {
    if path.is_empty() {
        ".".to_owned()
    } else {
        path.join(".")
    }
}

impl fmt::Display for Rename {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} -> {}", shown(&self.from), shown(&self.to))
    }
}

/// The rules, a line each: what is parsed again.
impl fmt::Display for Renames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|it| writeln!(f, "{it}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(rules: &str, name: &str, expected: &str) {
        let rules: Renames = rules.parse().unwrap();
        assert_eq!(rules.apply(name), expected);
        assert_eq!(rules.to_string().parse(), Ok(rules));
    }

    #[test]
    fn whole_parts_are_renamed_with_all_that_is_below() {
        check("a.b -> c", "a.b.weight", "c.weight");
        check("a.b -> c", "a.bc.weight", "a.bc.weight");
        check("a.b -> c", "a.b", "c");
        check("a -> .", "a.weight", "weight");
        check("a -> .", "a", "a");
        check(". -> net.0", "a.weight", "net.0.a.weight");
        check("*.x.* -> *.y.z.*", "1.x.2.bias", "1.y.z.2.bias");
    }

    #[test]
    fn the_rule_with_the_most_parts_counts_and_none_sees_another() {
        check("a -> b\na.c -> d", "a.c.weight", "d.weight");
        check("a.* -> b.*\na.1 -> d", "a.1.weight", "d.weight");
        check("a -> b\nb -> a", "a.weight", "b.weight");
    }

    #[test]
    fn what_is_no_rule_is_refused_with_its_line() {
        let refused = |rules: &str, expected: &str| {
            let error = rules.parse::<Renames>().unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        };
        refused("# fine\n\na b", "line 3 of the renames: `a b` is no rule");
        refused("a -> b -> c", "is no rule");
        refused("a -> ", "`` is no path");
        refused("a..b -> c", "`a..b` is no path");
        refused("a* -> c", "`a*` is no path");
        refused("a.* -> c", "has not as many `*`");
        refused(
            "a -> b\na -> c",
            "line 2 of the renames: `a` has a rule already: `a -> b`",
        );
    }
}
