#!/usr/bin/env bash
# Format and lints, Rust and page. All are run, also after one has failed.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$root_dir" || exit 1

bash tests/setup/check-tools.sh clippy fmt || exit 1
failed=0
check() {
  step "$*"
  "$@" || failed=1
}
check cargo fmt --all --check
check cargo clippy --workspace --locked --all-targets -- -D warnings
check bash tests/setup/ui.sh
check npm --prefix studio-ui run --silent lint
if has cargo-deny; then check cargo deny check; else say "cargo-deny is not installed: licences and advisories not looked at"; fi
if has shellcheck; then check shellcheck -S warning -x -P SCRIPTDIR tests/setup/*.sh examples/*.sh .ci/run; fi
exit "$failed"
