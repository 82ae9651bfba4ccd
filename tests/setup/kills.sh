#!/usr/bin/env bash
# Kills runs in every way and at every moment, and looks what is left after the next start: `make kills SEEDS=1..200`, or
# `SEEDS=17` for one that failed. Starts engines of its own, as `make test` does; wants root.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/suites.sh"
here=$root_dir/tests/setup
cd "$root_dir"

seeds=${SEEDS:-1..200}
[[ $seeds =~ ^[0-9]+(\.\.[0-9]+)?$ ]] || die "SEEDS=$seeds names no seeds" "one is SEEDS=17, many are SEEDS=1..200"
[ "$(id -u)" = 0 ] || die "only root may start an engine and kill it"

bash "$here/packages.sh" base docker
bash "$here/ui.sh"
cargo build --workspace --locked --bins --tests
export LOOM_TEST_BIN_DIR=$target_dir/debug LOOM_TEST_SEEDS=$seeds

work=$(mktemp -d "${TMPDIR:-/tmp}/loomt.XXXXXX")
chmod 755 "$work"
trap 'stop_all' EXIT
trap 'exit 130' INT TERM
start_engine
system_tests docker::kills:: --nocapture
