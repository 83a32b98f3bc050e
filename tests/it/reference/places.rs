//! Where people look first in the files that are wrong: written down from the files and what is said of them, before
//! anybody had seen a report.

/// The case, the file, and the line.
pub(super) const LOOKED_AT: &[(&str, &str, usize)] = &[
    (
        "conv_conv_input_too_small",
        "conv/conv_input_too_small.jsonnet",
        7,
    ),
    ("conv_float_kernel", "conv/float_kernel.jsonnet", 7),
    ("conv_no_kernel", "conv/no_kernel.jsonnet", 4),
    ("conv_auto_out_feats", "conv/auto_out_feats.jsonnet", 6),
    ("conv_conv2d_on_2d", "conv/conv2d_on_2d.jsonnet", 4),
    ("vars_var_0", "vars/var_0.jsonnet", 21),
    ("reshape_null_in_list", "reshape/null_in_list.jsonnet", 9),
    (
        "reshape_unflatten_auto_not_divisible",
        "reshape/unflatten_auto_not_divisible.jsonnet",
        9,
    ),
    (
        "reshape_unflatten_2_keys",
        "reshape/unflatten_2_keys.jsonnet",
        12,
    ),
    (
        "reshape_unflatten_two_autos",
        "reshape/unflatten_two_autos.jsonnet",
        10,
    ),
    (
        "reshape_duplicate_index",
        "reshape/duplicate_index.jsonnet",
        8,
    ),
    (
        "reshape_too_few_indexes",
        "reshape/too_few_indexes.jsonnet",
        6,
    ),
    (
        "reshape_unknown_string",
        "reshape/unknown_string.jsonnet",
        6,
    ),
    ("join_cat_dim_mismatch", "join/cat_dim_mismatch.jsonnet", 6),
    (
        "join_cat_neg_dim_out_of_range",
        "join/cat_neg_dim_out_of_range.jsonnet",
        6,
    ),
    ("fixed_linear_str", "fixed/linear_str.jsonnet", 6),
    (
        "fixed_linear_two_inputs",
        "fixed/linear_two_inputs.jsonnet",
        11,
    ),
    ("fixed_aap1_on_3d", "fixed/aap1_on_3d.jsonnet", 4),
    (
        "rnn_lstm_bidirectional_odd",
        "rnn/lstm_bidirectional_odd.jsonnet",
        6,
    ),
    ("rnn_lstm_3d", "rnn/lstm_3d.jsonnet", 4),
    (
        "graph_unreferenced_block",
        "graph/unreferenced_block.jsonnet",
        9,
    ),
    (
        "graph_block_only_as_source",
        "graph/block_only_as_source.jsonnet",
        9,
    ),
    (
        "graph_duplicate_block_id",
        "graph/duplicate_block_id.jsonnet",
        9,
    ),
    (
        "graph_duplicate_input_id",
        "graph/duplicate_input_id.jsonnet",
        19,
    ),
    (
        "graph_block_id_is_input_id",
        "graph/block_id_is_input_id.jsonnet",
        5,
    ),
    (
        "graph_output_as_source",
        "graph/output_as_source.jsonnet",
        13,
    ),
    ("graph_edge_into_input", "graph/edge_into_input.jsonnet", 13),
    (
        "graph_output_not_in_graph",
        "graph/output_not_in_graph.jsonnet",
        27,
    ),
    (
        "graph_output_more_dims",
        "graph/output_more_dims.jsonnet",
        22,
    ),
    ("graph_output_mismatch", "graph/output_mismatch.jsonnet", 25),
    ("schema_auto_in_input", "schema/auto_in_input.jsonnet", 15),
    ("schema_null_in_input", "schema/null_in_input.jsonnet", 15),
    ("schema_float_dim", "schema/float_dim.jsonnet", 15),
    (
        "schema_extra_key_in_input",
        "schema/extra_key_in_input.jsonnet",
        17,
    ),
    (
        "schema_id_with_separator",
        "schema/id_with_separator.jsonnet",
        5,
    ),
    (
        "schema_jsonnet_syntax_error",
        "schema/jsonnet_syntax_error.jsonnet",
        1,
    ),
    (
        "schema_jsonnet_runtime_error",
        "schema/jsonnet_runtime_error.jsonnet",
        1,
    ),
    ("schema_no_outputs", "schema/no_outputs.jsonnet", 1),
    ("schema_no_blocks", "schema/no_blocks.jsonnet", 2),
    ("schema_empty_graph", "schema/empty_graph.jsonnet", 8),
    (
        "schema_conv_with_blocks",
        "schema/conv_with_blocks.jsonnet",
        9,
    ),
    (
        "group_group_missing_id",
        "group/group_missing_id.jsonnet",
        12,
    ),
    (
        "group_group_output_undefined",
        "group/group_output_undefined.jsonnet",
        20,
    ),
    (
        "group_group_input_undefined",
        "group/group_input_undefined.jsonnet",
        19,
    ),
    (
        "group_nested_attribute_error",
        "group/nested_attribute_error.jsonnet",
        8,
    ),
    (
        "group_nested_add_mismatch",
        "group/nested_add_mismatch.jsonnet",
        24,
    ),
    ("group_null_block", "group/null_block.jsonnet", 7),
    (
        "modules_fix_from_other_int",
        "modules/fix_from_other_int.jsonnet",
        17,
    ),
    ("modules_fix_from_var", "modules/fix_from_var.jsonnet", 17),
    ("modules_rank_mismatch", "modules/rank_mismatch.jsonnet", 15),
    ("modules_missing_file", "modules/missing_file.jsonnet", 6),
    (
        "modules_ext_vars_missing",
        "modules/ext_vars_missing.jsonnet",
        6,
    ),
    ("modules_recursion", "modules/recursion.jsonnet", 6),
    ("modules_no_path", "modules/no_path.jsonnet", 4),
];

/// Reports that point into another file: at what the included file declares, with what is fed in beside it.
pub(super) const IN_ANOTHER_FILE: [&str; 3] = [
    "modules_fix_from_other_int",
    "modules_fix_from_var",
    "modules_rank_mismatch",
];
