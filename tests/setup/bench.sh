#!/usr/bin/env bash
# The benches of all crates. They print ratios against a peer that is measured in the same run; bare seconds say more
# about the machine than about Loom.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$root_dir"

bash tests/setup/ui.sh
exec cargo bench --workspace --locked --benches -- "$@"
