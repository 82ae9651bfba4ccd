#!/usr/bin/env bash
# Gives broken texts to all of the language that takes a text: `make fuzz FUZZ_SECONDS=600`. A failure names its seed,
# from which FUZZ_SEED=... begins again, and a smallest text. Shell scripts by chance are held against bash first.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$root_dir"

seconds=${FUZZ_SECONDS:-60} seed=${FUZZ_SEED:-$(date +%s)000}
[[ $seconds =~ ^[0-9]+$ ]] || die "FUZZ_SECONDS=$seconds is no number of seconds"
[[ $seed =~ ^[0-9]+$ ]] || die "FUZZ_SEED=$seed is no number"
say "from seed $seed, for $seconds seconds and a quarter of it for scripts"
# About a thousand scripts take two seconds.
LOOM_FUZZ_SEED=$seed LOOM_FUZZ_SCRIPTS=$((seconds * 125 + 1)) cargo test --locked -p loom-workflow --lib \
  scripts::tests::what_a_shell_takes_of_random -- --nocapture
LOOM_FUZZ_SEED=$seed LOOM_FUZZ_SECONDS=$seconds exec cargo test --locked -p loom-workflow --lib \
  tests::fuzz::whatever_is_written -- --nocapture
