//! Doc comments of structs.

use super::{context::Context, plan::Source, shapes::Shapes};

/// How many instances a doc comment names.
const NAMED: usize = 4;

pub(super) fn of_struct(context: &Context<'_>) -> Vec<String> {
    if let Some(root) = context.root {
        return root.docs();
    }
    let shapes = Shapes::new(context);
    let join = |sources: &mut dyn Iterator<Item = Source>| -> Option<String> {
        let texts: Option<Vec<String>> = sources.map(|it| shapes.text(it)).collect();
        Some(texts?.join(", "))
    };
    let inputs = join(&mut (0..context.example.inputs.len()).map(Source::Input));
    let outputs = join(&mut context.example.outputs.iter().map(|it| it.source));
    let mut docs = vec![instances(context)];
    if let (Some(inputs), Some(outputs)) = (inputs, outputs) {
        docs.push(String::new());
        docs.push(format!(" `{inputs}` → `{outputs}`"));
    }
    docs
}

/// ` layer1.0, layer1.1, layer2.1, … (5 in all)`
fn instances(context: &Context<'_>) -> String {
    let all = &context.class.instances;
    let named = all
        .iter()
        .take(NAMED)
        .map(|it| format!("`{}`", context.classes.scope(*it).path));
    let named = named.collect::<Vec<_>>().join(", ");
    match all.len() {
        count if count > NAMED => format!(" {named}, … ({count} in all)"),
        _ => format!(" {named}"),
    }
}

/// A description of the file as lines of a doc comment: what is markup there is none here.
pub(super) fn described(text: &str) -> Vec<String> {
    let line = |line: &str| {
        let mut escaped = String::new();
        for (at, letter) in line.trim().char_indices() {
            let rest = &line.trim()[at..];
            let is_link = rest.starts_with("<http") || (letter == '>' && line.contains("<http"));
            if matches!(letter, '[' | ']' | '<' | '>' | '*') && !is_link {
                escaped.push('\\');
            }
            escaped.push(letter);
        }
        // A fence would make a test of what follows.
        if escaped.starts_with("```") || escaped.starts_with("~~~") {
            String::new()
        } else {
            format!(" {escaped}").trim_end().to_owned()
        }
    };
    text.trim().lines().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_are_text_and_links() {
        let text = "A [net] <b>.\n\n    indented <https://a.b/c>\n```\nfence";
        let lines = [
            r" A \[net\] \<b\>.",
            "",
            " indented <https://a.b/c>",
            "",
            " fence",
        ];
        assert_eq!(described(text), lines);
    }
}
