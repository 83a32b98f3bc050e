//! What architecture files may say, as JSON Schema, for editors that complete and check: made from the declarations of layers.

use std::fmt::Write;

use crate::layers;

/// The JSON Schema of architecture files, as they are after jsonnet was evaluated.
pub fn schema() -> String {
    let mut classes = vec![SEQUENTIAL.to_owned(), GROUP.to_owned(), MODULE.to_owned()];
    for layer in layers::all() {
        let mut properties = String::new();
        for param in layer.params {
            // Writing to a string does not fail.
            _ = write!(
                properties,
                ",\n        {}: {}",
                quoted(param.name),
                described(&(param.schema)(), param.docs)
            );
        }
        let required = layer.params.iter().filter(|it| it.default.is_none());
        let required = std::iter::once("_class").chain(required.map(|it| it.name));
        let required: Vec<String> = required.map(quoted).collect();
        classes.push(format!(
            r#"    {{
      "description": {},
      "properties": {{
        "_class": {{ "const": {} }}{properties},
{BLOCK_KEYS}
      }},
      "required": [{}],
      "additionalProperties": false
    }}"#,
            quoted(&text(layer.docs)),
            quoted(layer.name),
            required.join(", ")
        ));
    }
    format!("{START}{}{END}", classes.join(",\n"))
}

/// The schema of a value with what it is for.
fn described(schema: &str, docs: &str) -> String {
    let rest = schema.trim_start_matches('{');
    format!("{{\"description\": {}, {rest}", quoted(&text(docs)))
}

/// Doc comments as one paragraph each.
fn text(docs: &str) -> String {
    let paragraphs = docs.split("\n\n").map(|it| {
        let lines: Vec<&str> = it.lines().map(str::trim).collect();
        lines.join(" ")
    });
    let paragraphs: Vec<String> = paragraphs.collect();
    paragraphs.join("\n\n").trim().to_owned()
}

/// A string of JSON.
fn quoted(text: &str) -> String {
    let mut quoted = "\"".to_owned();
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            '\n' => quoted.push_str("\\n"),
            letter if u32::from(letter) < 32 => _ = write!(quoted, "\\u{:04x}", u32::from(letter)),
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

/// What every block may have.
const BLOCK_KEYS: &str = r##"        "_id": { "$ref": "#/$defs/id" },
        "_id_share": { "description": "The id of a block beside this one whose weights it has, too.", "type": "string" },
        "_description": { "description": "For people.", "type": "string" }"##;

const SEQUENTIAL: &str = r##"    {
      "description": "Blocks one after the other.",
      "properties": {
        "_class": { "const": "Sequential" },
        "_name": { "description": "What its type is called.", "type": "string" },
        "blocks": { "type": "array", "items": { "$ref": "#/$defs/block" }, "minItems": 1 },
        "_id": { "$ref": "#/$defs/id" },
        "_id_share": { "type": "string" },
        "_description": { "type": "string" }
      },
      "required": ["_class", "blocks"],
      "additionalProperties": false
    }"##;

const GROUP: &str = r##"    {
      "description": "Blocks that are wired as the graph says.",
      "properties": {
        "_class": { "const": "Group" },
        "_name": { "description": "What its type is called.", "type": "string" },
        "blocks": { "type": "array", "items": { "$ref": "#/$defs/block" }, "minItems": 1 },
        "graph": { "$ref": "#/$defs/graph" },
        "input": { "$ref": "#/$defs/ends" },
        "output": { "$ref": "#/$defs/ends" },
        "_id": { "$ref": "#/$defs/id" },
        "_id_share": { "type": "string" },
        "_description": { "type": "string" }
      },
      "required": ["_class", "blocks", "graph", "input", "output"],
      "additionalProperties": false
    }"##;

const MODULE: &str = r##"    {
      "description": "An architecture in a file of its own.",
      "properties": {
        "_class": { "const": "Module" },
        "_name": { "description": "What its type is called.", "type": "string" },
        "_path": { "description": "The file, relative to this one.", "type": "string" },
        "_ext_vars": { "description": "Its external variables.", "type": "object" },
        "_id": { "$ref": "#/$defs/id" },
        "_id_share": { "type": "string" },
        "_description": { "type": "string" }
      },
      "required": ["_class", "_path"],
      "additionalProperties": false
    }"##;

const START: &str = r##"{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "A neural network architecture",
  "type": "object",
  "properties": {
    "_id": { "$ref": "#/$defs/id" },
    "_name": { "description": "What its type is called.", "type": "string" },
    "_description": { "description": "For people; it becomes the documentation of the type.", "type": "string" },
    "inputs": { "type": "array", "items": { "$ref": "#/$defs/declared" }, "minItems": 1 },
    "outputs": { "type": "array", "items": { "$ref": "#/$defs/declared" }, "minItems": 1 },
    "blocks": { "type": "array", "items": { "$ref": "#/$defs/block" }, "minItems": 1 },
    "graph": { "$ref": "#/$defs/graph" }
  },
  "required": ["inputs", "blocks", "graph"],
  "$defs": {
    "id": { "description": "What it is called.", "type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$" },
    "graph": {
      "description": "Wires, as in `image -> conv -> scores`.",
      "type": "array", "items": { "type": "string" }, "minItems": 1
    },
    "ends": {
      "description": "The block at this end, or several.",
      "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" }, "minItems": 1 }]
    },
    "declared": {
      "type": "object",
      "properties": {
        "_id": { "$ref": "#/$defs/id" },
        "_shape": {
          "description": "Its sizes without the batch.",
          "type": "array",
          "items": { "anyOf": [
            { "type": "integer", "minimum": 1 },
            { "type": "string", "pattern": "^<<(variable:.+|auto)>>$" }
          ] },
          "minItems": 1
        },
        "_description": { "description": "For people.", "type": "string" }
      },
      "required": ["_id", "_shape"],
      "additionalProperties": false
    },
    "block": {
      "type": "object",
      "required": ["_class"],
      "oneOf": [
"##;

const END: &str = "
      ]
    }
  }
}
";

#[cfg(test)]
mod tests;
