use serde_json::Value;

use super::*;
use crate::{layer::LayerDef, layers::testing::read};

/// Whether a value is what a schema says, as far as ours use the language.
fn is_valid(value: &Value, schema: &Value) -> bool {
    let is_type = |name: &str| match name {
        "boolean" => value.is_boolean(),
        "integer" => value.as_f64().is_some_and(|it| it.fract() == 0.0),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "null" => value.is_null(),
        other => panic!("{other}"),
    };
    let holds = |(key, of): (&String, &Value)| match key.as_str() {
        "type" => is_type(of.as_str().unwrap()),
        "enum" => of.as_array().unwrap().contains(value),
        "anyOf" => of.as_array().unwrap().iter().any(|it| is_valid(value, it)),
        "minimum" => value.as_f64().is_none_or(|it| it >= of.as_f64().unwrap()),
        "pattern" => value.as_str().is_none_or(|it| it.starts_with("<<")),
        "items" => value
            .as_array()
            .is_none_or(|all| all.iter().all(|it| is_valid(it, of))),
        "minItems" => value
            .as_array()
            .is_none_or(|it| it.len() as u64 >= of.as_u64().unwrap()),
        "maxItems" => value
            .as_array()
            .is_none_or(|it| it.len() as u64 <= of.as_u64().unwrap()),
        "minProperties" => value.as_object().is_none_or(|it| !it.is_empty()),
        "maxProperties" => value
            .as_object()
            .is_none_or(|it| it.len() as u64 <= of.as_u64().unwrap()),
        "additionalProperties" => value
            .as_object()
            .is_none_or(|all| all.values().all(|it| is_valid(it, of))),
        other => panic!("{other}"),
    };
    schema.as_object().unwrap().iter().all(holds)
}

/// Whether a layer takes a value for a parameter, the others being as usual.
fn accepts(layer: &LayerDef, name: &str, value: &Value) -> bool {
    let mut block = serde_json::json!({ "_class": layer.name });
    for param in layer.params.iter().filter(|it| it.default.is_none()) {
        block[param.name] = serde_json::from_str(param.samples[0]).unwrap();
    }
    block[name] = value.clone();
    read(&block.to_string()).is_ok()
}

#[test]
fn it_is_json_and_has_every_class() {
    let schema: Value = serde_json::from_str(&schema()).unwrap();
    let classes = schema["$defs"]["block"]["oneOf"].as_array().unwrap();
    assert_eq!(classes.len(), 3 + layers::all().count());
    let conv = classes
        .iter()
        .find(|it| it["properties"]["_class"]["const"] == "Conv2d")
        .unwrap();
    assert_eq!(
        conv["required"],
        serde_json::json!(["_class", "output_feats", "kernel_size"])
    );
    assert_eq!(conv["properties"]["bias"]["type"], "boolean");
    assert_eq!(
        conv["properties"]["bias"]["description"],
        "Whether to add a learned bias."
    );
}

#[test]
fn values_that_layers_accept_are_valid() {
    for layer in layers::all() {
        for param in layer.params {
            let schema: Value = serde_json::from_str(&(param.schema)()).unwrap();
            let mut refused = 0;
            for sample in param.samples {
                let value: Value = serde_json::from_str(sample).unwrap();
                let accepted = accepts(layer, param.name, &value);
                let valid = is_valid(&value, &schema);
                assert!(
                    valid || !accepted,
                    "{} {}: {sample}",
                    layer.name,
                    param.name
                );
                refused += usize::from(!valid);
            }
            assert!(
                refused > 0,
                "{} {}: nothing is refused",
                layer.name,
                param.name
            );
        }
    }
}
