use std::fmt;

/// The element types that are read; all of them are stored in little-endian order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Dtype {
    /// 64-bit float
    F64,
    /// 32-bit float
    F32,
    /// 16-bit float of IEEE 754
    F16,
    /// the upper half of a 32-bit float
    BF16,
    /// 64-bit signed integer
    I64,
    /// 32-bit signed integer
    I32,
    /// 16-bit signed integer
    I16,
    /// 8-bit signed integer
    I8,
    /// 8-bit unsigned integer
    U8,
    /// one byte, 0 or 1
    Bool,
}

/// How one element type is called by each format.
struct Names {
    dtype: Dtype,
    size: u8,
    torch: &'static str,
    torch_storage: &'static str,
    safetensors: &'static str,
    numpy: Option<&'static str>,
}

#[rustfmt::skip]
const NAMES: [Names; 10] = [
    Names { dtype: Dtype::F64, size: 8, torch: "float64", torch_storage: "DoubleStorage", safetensors: "F64", numpy: Some("<f8") },
    Names { dtype: Dtype::F32, size: 4, torch: "float32", torch_storage: "FloatStorage", safetensors: "F32", numpy: Some("<f4") },
    Names { dtype: Dtype::F16, size: 2, torch: "float16", torch_storage: "HalfStorage", safetensors: "F16", numpy: Some("<f2") },
    Names { dtype: Dtype::BF16, size: 2, torch: "bfloat16", torch_storage: "BFloat16Storage", safetensors: "BF16", numpy: None },
    Names { dtype: Dtype::I64, size: 8, torch: "int64", torch_storage: "LongStorage", safetensors: "I64", numpy: Some("<i8") },
    Names { dtype: Dtype::I32, size: 4, torch: "int32", torch_storage: "IntStorage", safetensors: "I32", numpy: Some("<i4") },
    Names { dtype: Dtype::I16, size: 2, torch: "int16", torch_storage: "ShortStorage", safetensors: "I16", numpy: Some("<i2") },
    Names { dtype: Dtype::I8, size: 1, torch: "int8", torch_storage: "CharStorage", safetensors: "I8", numpy: Some("|i1") },
    Names { dtype: Dtype::U8, size: 1, torch: "uint8", torch_storage: "ByteStorage", safetensors: "U8", numpy: Some("|u1") },
    Names { dtype: Dtype::Bool, size: 1, torch: "bool", torch_storage: "BoolStorage", safetensors: "BOOL", numpy: Some("|b1") },
];

impl Dtype {
    fn names(self) -> &'static Names {
        // The table is in the order of the enum; a test holds them together.
        &NAMES[self as usize]
    }

    /// The bytes of one element.
    pub fn size(self) -> usize {
        usize::from(self.names().size)
    }

    pub(crate) fn safetensors(self) -> &'static str {
        self.names().safetensors
    }

    pub(crate) fn from_safetensors(name: &str) -> Option<Self> {
        find(|names| names.safetensors == name)
    }

    pub(crate) fn from_torch(name: &str) -> Option<Self> {
        find(|names| names.torch == name)
    }

    pub(crate) fn from_torch_storage(name: &str) -> Option<Self> {
        find(|names| names.torch_storage == name)
    }

    pub(crate) fn from_numpy(name: &str) -> Option<Self> {
        find(|names| names.numpy == Some(name))
    }
}

fn find(is: impl Fn(&Names) -> bool) -> Option<Dtype> {
    NAMES
        .iter()
        .find(|names| is(names))
        .map(|names| names.dtype)
}

/// Torch's name, `float32`.
impl fmt::Display for Dtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.names().torch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_enum() {
        for (index, names) in NAMES.iter().enumerate() {
            assert_eq!(names.dtype as usize, index);
        }
        assert_eq!(NAMES.last().map(|names| names.dtype), Some(Dtype::Bool));
    }
}
