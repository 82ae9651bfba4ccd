#!/usr/bin/env bash
# The benches: ratios against a peer that is measured in the same run. Starts an engine of its own, as `make test` does.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/suites.sh"
here=$root_dir/tests/setup
cd "$root_dir"

# GitHub's own parser of workflows, to be measured beside ours; what it needs comes from npm and stays in the build directory.
peer=$target_dir/loom-bench/peer
mkdir -p "$peer"
cp runtime/workflow/benches/peer/* "$peer/"
npm install --prefix "$peer" --silent --no-audit --no-fund --ignore-scripts
LOOM_BENCH_PEER=$peer cargo bench --locked -p loom-workflow --bench language --bench editor

# One actor of 100,000 over HTTP, beside a bare handler; lists of them; many viewers of what changes.
ulimit -n 8192 2>/dev/null || true
cargo bench --locked -p loom-studio --bench directory --bench rest --bench viewers

bash "$here/packages.sh" base docker bench
bash "$here/ui.sh"
cargo build --release --locked -p loom-runtime

work=$(mktemp -d "${TMPDIR:-/tmp}/loomt.XXXXXX")
chmod 755 "$work"
trap 'stop_all' EXIT
trap 'exit 130' INT TERM
start_engine
# shellcheck disable=SC2086  # rows are words
LOOM_TEST_BIN_DIR=$target_dir/release cargo bench --profile dev --locked -p loom-tests --bench runs -- ${LOOM_BENCH_ROWS:-}
