//! The models that tests share are compiled here by the build script.
