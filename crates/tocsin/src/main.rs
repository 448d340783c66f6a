//! The binary. All of it stands in the library beside it, where the whole-system tests find the pipeline.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    tocsin::main()
}
