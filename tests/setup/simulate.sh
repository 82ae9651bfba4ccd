#!/usr/bin/env bash
# Runs the engine in simulated time, everything that may happen to it decided by a seed: `make simulate SEEDS=1..100000`,
# or `SEEDS=727` for one that failed. Each seed is run twice, to see that it gives the same history.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$root_dir"

seeds=${SEEDS:-1..10001}
[[ $seeds =~ ^[0-9]+(\.\.[0-9]+)?$ ]] || die "SEEDS=$seeds names no seeds" "one is SEEDS=727, many are SEEDS=1..100000"
LOOM_SIMULATE=$seeds exec cargo test --locked -p loom-runtime --lib \
  engine::tests::sim::whatever_fails -- --nocapture
