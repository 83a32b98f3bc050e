//! What goes wrong in an evaluation, in our words.

use rsjsonnet_lang::{
    ast::{BinaryOp, UnaryOp},
    program::{EvalErrorKind as Kind, EvalErrorValueType as Type},
};

/// A line for an error.
pub(super) fn message(kind: &Kind) -> String {
    match kind {
        Kind::InvalidIndexedType { got_type, .. } => {
            format!("{} has no fields or items", a(*got_type))
        }
        Kind::InvalidSlicedType { got_type, .. } => format!("{} has no slices", a(*got_type)),
        Kind::SliceIndexOrStepIsNotNumber { got_type, .. }
        | Kind::StringIndexIsNotNumber { got_type, .. }
        | Kind::ArrayIndexIsNotNumber { got_type, .. } => {
            format!("an index must be a number, not {}", a(*got_type))
        }
        Kind::NumericIndexIsNotValid { index, .. } => format!("{index} is no index"),
        Kind::NumericIndexOutOfRange { index, length, .. } => {
            format!("there is no item {index} among {length}, counted from 0")
        }
        Kind::ObjectIndexIsNotString { got_type, .. }
        | Kind::FieldNameIsNotString { got_type, .. } => {
            format!("the name of a field must be a string, not {}", a(*got_type))
        }
        Kind::RepeatedFieldName { name, .. } => format!("the field `{name}` is defined twice"),
        Kind::UnknownObjectField { field_name, .. } => {
            format!("the object has no field `{field_name}`")
        }
        Kind::FieldOfNonObject { .. } => "only objects have fields".to_owned(),
        Kind::SuperWithoutSuperObject { .. } => {
            "`super` is used in an object that extends none".to_owned()
        }
        Kind::ForSpecValueIsNotArray { got_type, .. } => {
            format!("`for` needs an array, not {}", a(*got_type))
        }
        Kind::CondIsNotBool { got_type, .. } => {
            format!("a condition must be true or false, not {}", a(*got_type))
        }
        Kind::CalleeIsNotFunction { got_type, .. } => format!("{} cannot be called", a(*got_type)),
        Kind::TooManyCallArgs { num_params, .. } => {
            format!("too many arguments: the function takes at most {num_params}")
        }
        Kind::UnknownCallParam { param_name, .. } => {
            format!("the function has no parameter `{param_name}`")
        }
        Kind::RepeatedCallParam { param_name, .. } => {
            format!("the parameter `{param_name}` is given twice")
        }
        Kind::CallParamNotBound { param_name, .. } => {
            format!("the parameter `{param_name}` is not given")
        }
        Kind::NativeCallFailed => "there are no native functions".to_owned(),
        Kind::InvalidUnaryOpType { op, rhs_type, .. } => {
            format!("`{}` does not take {}", unary(*op), a(*rhs_type))
        }
        Kind::InvalidBinaryOpTypes {
            op,
            lhs_type,
            rhs_type,
            ..
        } => {
            format!(
                "`{}` does not take {} and {}",
                binary(*op),
                a(*lhs_type),
                a(*rhs_type)
            )
        }
        Kind::NumberNotBitwiseSafe { .. } => "the number is too large for its bits".to_owned(),
        Kind::NumberOverflow { .. } => "the number is too large".to_owned(),
        Kind::NumberNan { .. } => "the result is not a number".to_owned(),
        Kind::DivByZero { .. } => "division by zero".to_owned(),
        Kind::ShiftByNegative { .. } => "a shift by a negative number".to_owned(),
        Kind::InvalidStdFuncArgType {
            func_name,
            arg_index,
            expected_types,
            got_type,
        } => {
            let expected: Vec<&str> = expected_types.iter().map(|it| a(*it)).collect();
            let (index, expected) = (arg_index + 1, expected.join(" or "));
            format!(
                "argument {index} of `std.{func_name}` must be {expected}, not {}",
                a(*got_type)
            )
        }
        Kind::ImportFailed { path, .. } => format!("cannot import `{path}`"),
        Kind::ManifestFunction => "a function has no text".to_owned(),
        Kind::CompareNullInequality => "nulls have no order".to_owned(),
        Kind::CompareBooleanInequality => "booleans have no order".to_owned(),
        Kind::CompareObjectInequality => "objects have no order".to_owned(),
        Kind::CompareFunctions => "functions cannot be compared".to_owned(),
        Kind::CompareDifferentTypesInequality { lhs_type, rhs_type } => {
            format!("{} and {} have no order", a(*lhs_type), a(*rhs_type))
        }
        Kind::PrimitiveEqualsNonPrimitive { got_type } => {
            format!("`std.primitiveEquals` does not take {}", a(*got_type))
        }
        Kind::Other { message, .. } => in_our_style(message),
        // These have reports of their own.
        Kind::StackOverflow
        | Kind::InfiniteRecursion
        | Kind::AssertFailed { .. }
        | Kind::AssertEqualFailed { .. }
        | Kind::ExplicitError { .. }
        | Kind::UnknownExtVar { .. } => "the evaluation failed".to_owned(),
    }
}

fn in_our_style(message: &str) -> String {
    let message = message.trim().trim_end_matches('.');
    let mut characters = message.chars();
    match characters.next() {
        Some(first) => first.to_lowercase().chain(characters).collect(),
        None => "the evaluation failed".to_owned(),
    }
}

fn a(kind: Type) -> &'static str {
    match kind {
        Type::Null => "null",
        Type::Bool => "a boolean",
        Type::Number => "a number",
        Type::String => "a string",
        Type::Array => "an array",
        Type::Object => "an object",
        Type::Function => "a function",
    }
}

fn unary(op: UnaryOp) -> &'static str {
    match op {
        UnaryOp::Minus => "-",
        UnaryOp::Plus => "+",
        UnaryOp::BitwiseNot => "~",
        UnaryOp::LogicNot => "!",
    }
}

fn binary(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Add => "+",
        BinaryOp::Sub => "-",
        BinaryOp::Mul => "*",
        BinaryOp::Div => "/",
        BinaryOp::Rem => "%",
        BinaryOp::Shl => "<<",
        BinaryOp::Shr => ">>",
        BinaryOp::Lt => "<",
        BinaryOp::Le => "<=",
        BinaryOp::Gt => ">",
        BinaryOp::Ge => ">=",
        BinaryOp::Eq => "==",
        BinaryOp::Ne => "!=",
        BinaryOp::In => "in",
        BinaryOp::BitwiseAnd => "&",
        BinaryOp::BitwiseOr => "|",
        BinaryOp::BitwiseXor => "^",
        BinaryOp::LogicAnd => "&&",
        BinaryOp::LogicOr => "||",
    }
}
