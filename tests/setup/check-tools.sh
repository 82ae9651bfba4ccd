#!/usr/bin/env bash
# Looks for what a build needs and a script can't bring: Rust, Node, npm, a C compiler. Names all that is missing at
# once, then fails.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

want_rust=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$root_dir/Cargo.toml")
want_node=20.19
missing=0

# lacks WHAT HOW
lacks() {
  printf 'missing: %s\n  hint: %s\n' "$1" "$2" >&2
  missing=1
}

if ! has cargo; then
  lacks "the Rust toolchain (cargo), $want_rust or newer" "https://rustup.rs, then open a new shell"
elif ! have=$(cd "$root_dir" && cargo --version 2>/dev/null | cut -d ' ' -f 2); then
  # rustup's proxy with no toolchain behind it.
  lacks "a Rust toolchain: there is a cargo, but \`cargo --version\` fails" "rustup default stable"
else
  at_least "${have%%-*}" "$want_rust" || lacks "Rust $want_rust or newer (cargo is $have)" "rustup update stable"
fi

if ! has node; then
  lacks "Node.js $want_node or newer" "https://nodejs.org, or your system's packages"
else
  have=$(node --version)
  at_least "${have#v}" "$want_node" || lacks "Node.js $want_node or newer (node is $have)" "https://nodejs.org"
fi
has npm || lacks "npm" "it comes with Node.js; Debian has it as package npm"

# SQLite is built from its C source.
has "${CC:-cc}" || lacks "a C compiler (${CC:-cc})" "on Debian: apt-get install build-essential"

for part in "$@"; do
  cargo --version >/dev/null 2>&1 || break
  case $part in
    clippy) cargo clippy --version >/dev/null 2>&1 || lacks "clippy" "rustup component add clippy" ;;
    fmt) cargo fmt --version >/dev/null 2>&1 || lacks "rustfmt" "rustup component add rustfmt" ;;
  esac
done

[ "$missing" = 0 ]
