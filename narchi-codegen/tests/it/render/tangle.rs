//! Architectures with wires everywhere, from numbers that look random and are always the same.

use serde_json::{Value, json};

struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        // The generator of Knuth's MMIX.
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % end
    }
}

/// A model of sums, and of Groups of sums.
pub(crate) fn architecture(seed: u64) -> String {
    let mut numbers = Numbers(seed);
    let inputs: Vec<String> = (0..=numbers.below(3)).map(|it| format!("in{it}")).collect();
    let (blocks, mut graph, last) = blocks(&mut numbers, &inputs, 0);
    let mut outputs = vec!["out0".to_owned()];
    graph.push(format!("{last} -> out0"));
    for output in 1..=numbers.below(3) {
        let from = numbers.below(blocks.len());
        let from = blocks[from]["_id"].as_str().unwrap_or_default();
        graph.push(format!("{from} -> out{output}"));
        outputs.push(format!("out{output}"));
    }
    let ends = |all: &[String]| -> Vec<Value> {
        all.iter()
            .map(|it| json!({ "_id": it, "_shape": [8] }))
            .collect()
    };
    json!({ "inputs": ends(&inputs), "outputs": ends(&outputs), "blocks": blocks, "graph": graph })
        .to_string()
}

/// Blocks, their wires, and the last of them, which needs all others.
fn blocks(
    numbers: &mut Numbers,
    inputs: &[String],
    depth: usize,
) -> (Vec<Value>, Vec<String>, String) {
    let (mut blocks, mut graph) = (Vec::new(), Vec::new());
    let mut unused: Vec<String> = inputs.to_vec();
    let mut all: Vec<String> = inputs.to_vec();
    for number in 0..3 + numbers.below(9) {
        let name = format!("b{}_{}", number, "x".repeat(numbers.below(12)));
        let is_group = depth < 2 && numbers.below(4) == 0;
        let mut from = vec![all[numbers.below(all.len())].clone()];
        if is_group {
            let first = "first".to_owned();
            let (mut inner, wires, last) =
                self::blocks(numbers, std::slice::from_ref(&first), depth + 1);
            inner.insert(0, json!({ "_id": first, "_class": "Identity" }));
            blocks.push(json!({
                "_id": name, "_class": "Group", "blocks": inner, "graph": wires, "input": first, "output": last,
            }));
        } else {
            for _ in 0..=numbers.below(3) {
                let other = &all[numbers.below(all.len())];
                if !from.contains(other) {
                    from.push(other.clone());
                }
            }
            let class = if from.len() > 1 { "Add" } else { "ReLU" };
            blocks.push(json!({ "_id": name, "_class": class }));
        }
        graph.extend(from.iter().map(|it| format!("{it} -> {name}")));
        unused.retain(|it| !from.contains(it));
        unused.push(name.clone());
        all.push(name);
    }
    let class = if unused.len() > 1 { "Add" } else { "ReLU" };
    blocks.push(json!({ "_id": "last", "_class": class }));
    graph.extend(unused.iter().map(|it| format!("{it} -> last")));
    (blocks, graph, "last".to_owned())
}
