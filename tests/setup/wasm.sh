#!/usr/bin/env bash
# The language is built for the web as well, where a page checks a file while it is written: nothing in it may need files,
# threads or a clock. Adds Rust's library for WebAssembly when rustup can bring it; 3 where it is not to be had.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$root_dir"

target=wasm32-unknown-unknown
there() { [ -d "$(rustc --print sysroot)/lib/rustlib/$target/lib" ]; }

there || { has rustup && rustup target add "$target" >&2; } || true
if ! there; then
  say "Rust's library for $target is not installed, and rustup did not bring it: rustup target add $target"
  exit 3
fi
exec cargo check --locked -p loom-workflow --target "$target"
