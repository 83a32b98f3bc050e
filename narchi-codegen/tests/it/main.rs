//! Tests of the compiler as its users see it: reports, listings, the command line.

mod cli;
mod current;
mod errors;
mod models;
