//! The `narchi-codegen` command.

mod cli;

#[global_allocator]
static BUDGET: narchi_codegen::Budget = narchi_codegen::Budget;

fn main() -> std::process::ExitCode {
    cli::main()
}
