//! What generated code names of `narchi-runtime`, as far as these tests need it.

pub mod prelude {
    pub type Result<T> = std::result::Result<T, std::fmt::Error>;

    #[derive(Debug)]
    pub struct Tensor;

    pub enum Kind {
        Float,
    }

    pub enum Size {
        Fixed(i64),
        Symbol(usize),
    }

    #[allow(unused_imports, reason = "only sound models need them")]
    pub use Size::{Fixed, Symbol};

    pub struct Input {
        pub name: &'static str,
        pub kind: Kind,
        pub shape: &'static [Size],
    }

    pub struct Fact<const S: usize> {
        pub text: &'static str,
        pub block: &'static str,
        pub holds: fn([i64; S]) -> bool,
    }

    pub struct Inputs<const I: usize, const S: usize> {
        pub symbols: [&'static str; S],
        pub tensors: [Input; I],
        pub facts: &'static [Fact<S>],
    }

    impl<const I: usize, const S: usize> Inputs<I, S> {
        pub fn check(&self, _: [&Tensor; I]) -> Result<()> {
            Ok(())
        }

        pub fn zeros(&self, _: [i64; S]) -> Result<[Tensor; I]> {
            Ok([const { Tensor }; I])
        }
    }

    pub trait InBlock {
        fn in_block(self, path: &'static str) -> Self;
    }

    impl<T> InBlock for Result<T> {
        fn in_block(self, _: &'static str) -> Self {
            self
        }
    }

    pub mod nn {
        use super::{Result, Tensor};

        pub fn located<T>(result: Result<T>, _: &str) -> Result<T> {
            result
        }

        pub struct Path;

        impl<T> std::ops::Div<T> for &Path {
            type Output = Path;

            fn div(self, _: T) -> Path {
                Path
            }
        }

        impl<T> std::ops::Div<T> for Path {
            type Output = Path;

            fn div(self, _: T) -> Path {
                Path
            }
        }

        pub trait Module {
            fn forward(&self, xs: &Tensor) -> Tensor;
        }

        #[derive(Debug)]
        pub struct Linear;

        #[derive(Default)]
        pub struct LinearConfig {
            pub bias: bool,
        }

        impl Linear {
            pub fn new(_: Path, _: i64, _: i64, _: LinearConfig) -> Self {
                Self
            }

            pub fn forward(&self, _: &Tensor) -> Result<Tensor> {
                Ok(Tensor)
            }
        }

        #[allow(unused_macros, reason = "only sound models need it")]
        macro_rules! weights {
            ($($ignored:tt)*) => {};
        }
        #[allow(unused_imports, reason = "as above")]
        pub(crate) use weights;

        pub fn or_panic(tensor: Result<Tensor>) -> Tensor {
            tensor.unwrap()
        }
    }

    pub mod frozen {
        use super::{Result, Tensor, nn};

        #[allow(unused_macros, reason = "only sound models need it")]
        macro_rules! blocks {
            ($($ignored:tt)*) => {};
        }
        #[allow(unused_imports, reason = "as above")]
        pub(crate) use blocks;

        #[derive(Debug)]
        pub struct Linear;

        impl Linear {
            pub fn new(_: nn::Linear) -> Self {
                Self
            }

            pub fn relu(self) -> Self {
                self
            }

            pub fn pack(self) -> Self {
                self
            }

            pub fn forward(&self, _: &Tensor) -> Result<Tensor> {
                Ok(Tensor)
            }
        }

        pub fn no_grad_guard() {}

        pub fn describe<T>(_: &T) -> String {
            String::new()
        }

        pub fn freeze<M, F>(_: &M, _: &str, build: impl FnOnce(&nn::Path) -> F) -> Result<F> {
            Ok(build(&nn::Path))
        }

        pub struct Options;

        pub fn freeze_with<M, F>(
            _: &M,
            _: &str,
            _: Options,
            build: impl FnOnce(&nn::Path) -> F,
        ) -> Result<F> {
            Ok(build(&nn::Path))
        }

        pub fn load<M, F>(
            _: impl AsRef<std::path::Path>,
            _: impl FnOnce(&nn::Path) -> M,
            build: impl FnOnce(&nn::Path) -> F,
        ) -> Result<F> {
            Ok(build(&nn::Path))
        }
    }
}
