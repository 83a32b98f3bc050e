//! A model as text: the blocks with their types, the weights, one line of summary.

use std::fmt::Write;

use crate::{
    dim::Env,
    emit,
    header::Header,
    layer::WeightKind,
    model::{Kind, Model, Scope, Segment},
};

/// A parameter or buffer of a model, as PyTorch's state dict would list it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weight {
    /// The name, `layer1.0.conv1.weight`.
    pub name: String,
    /// The sizes; nothing where one is known only when the model is made.
    pub shape: Vec<Option<i64>>,
    /// Whether training changes it.
    pub is_trained: bool,
    /// Whether it is a 64-bit whole number, not a float.
    pub is_int: bool,
}

impl Model {
    /// The name of the architecture.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The generated code, as the text of a file.
    pub fn source(&self, type_name: Option<&str>, header: &Header) -> String {
        emit::emit(self, type_name, header.forms()).source(&header.to_string(), None)
    }

    /// The parameters and buffers, in the order of PyTorch's state dict.
    pub fn state(&self) -> Vec<Weight> {
        self.state_with(&Env::default())
    }

    /// The same for these values of sizes that are known when the model is made.
    ///
    /// # Errors
    ///
    /// As [`summarize`](Self::summarize).
    #[cfg(feature = "cli")]
    pub fn state_at(&self, at: &[(String, i64)]) -> Result<Vec<Weight>, String> {
        Ok(self.state_with(&self.env(at)?))
    }

    fn state_with(&self, env: &Env) -> Vec<Weight> {
        let weights = self.weights().into_iter().map(|(name, weight)| Weight {
            name,
            shape: weight
                .shape
                .iter()
                .map(|it| it.eval_int(env).ok())
                .collect(),
            is_trained: weight.kind == WeightKind::Parameter,
            is_int: weight.kind == WeightKind::Counter,
        });
        weights.collect()
    }

    /// Paths that stand for others in checkpoints, and those others, whose weights they have.
    pub fn shared(&self) -> Vec<(&str, &str)> {
        let pairs = self.shared.iter();
        pairs.map(|(a, b)| (a.as_str(), b.as_str())).collect()
    }

    /// What the inputs must meet beyond their shapes, `H ≥ 63`.
    pub fn facts(&self) -> Vec<String> {
        self.facts.iter().map(|it| it.text.clone()).collect()
    }

    /// Inputs, outputs and parameters in a line.
    pub fn summary(&self) -> String {
        let root = self.scope(self.root());
        let inputs = root
            .inputs
            .iter()
            .map(|it| root.block(*it).ports[0].to_string());
        let outputs = root.outputs.iter().map(|it| root.ty(it.value).to_string());
        let join = |all: Vec<String>| all.join(", ");
        let (inputs, outputs) = (join(inputs.collect()), join(outputs.collect()));
        match self.parameters() {
            Some(count) => format!("{inputs} → {outputs}, {} parameters", thousands(count)),
            None => format!("{inputs} → {outputs}"),
        }
    }

    /// The blocks with their types, one a line, scopes indented.
    pub fn listing(&self) -> String {
        let mut text = String::new();
        let root = self.scope(self.root());
        for input in &root.inputs {
            let block = root.block(*input);
            line(
                &mut text,
                0,
                block.name.as_deref().unwrap_or_default(),
                "input",
                &block.ports,
            );
        }
        let mut left = vec![(root, 0, 0)];
        while let Some((scope, next, depth)) = left.pop() {
            let Some(id) = scope.order.get(next).copied() else {
                continue;
            };
            left.push((scope, next + 1, depth));
            let block = scope.block(id);
            let name = match (&block.name, &block.segment) {
                (Some(name), _) | (None, Segment::Name(name)) => name.clone(),
                (None, Segment::Index(index)) => index.to_string(),
            };
            let from: Vec<String> = scope
                .inputs_of(id)
                .iter()
                .map(|it| label(scope, it.block))
                .collect();
            let name = format!("{name}({})", from.join(", "));
            match &block.kind {
                Kind::Input => {}
                Kind::Layer(layer) => line(&mut text, depth, &name, &layer.spell(), &block.ports),
                Kind::Scope(inner) => {
                    line(&mut text, depth, &name, "scope", &block.ports);
                    left.push((self.scope(*inner), 0, depth + 1));
                }
            }
        }
        for output in &root.outputs {
            let (name, from) = (
                output.name.as_deref().unwrap_or_default(),
                label(root, output.value.block),
            );
            line(
                &mut text,
                0,
                &format!("{name}({from})"),
                "output",
                std::slice::from_ref(root.ty(output.value)),
            );
        }
        for required in &self.facts {
            // Writing to a string does not fail.
            _ = writeln!(text, "requires {} (`{}`)", required.text, required.block);
        }
        text
    }
}

fn label(scope: &Scope, id: crate::model::BlockId) -> String {
    let block = scope.block(id);
    match (&block.kind, &block.name, &block.segment) {
        (Kind::Input, None, _) => "in".to_owned(),
        (_, Some(name), _) | (_, None, Segment::Name(name)) => name.clone(),
        (_, None, Segment::Index(index)) => index.to_string(),
    }
}

fn line(text: &mut String, depth: usize, name: &str, what: &str, ports: &[crate::shape::Type]) {
    let ports: Vec<String> = ports.iter().map(ToString::to_string).collect();
    // Writing to a string does not fail.
    _ = writeln!(
        text,
        "{:1$}{name}: {what} -> {2}",
        "",
        2 * depth,
        ports.join(", ")
    );
}

/// `11,689,512`
pub fn thousands(count: i64) -> String {
    let digits = count.unsigned_abs().to_string();
    let mut text = if count < 0 {
        "-".to_owned()
    } else {
        String::new()
    };
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::thousands;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(thousands(11_689_512), "11,689,512");
        assert_eq!(thousands(512), "512");
        assert_eq!(thousands(-1000), "-1,000");
    }
}
