#!/usr/bin/env bash
# Takes the README's picture: the studio during the demo, by a headless Chromium.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$root_dir"

bash tests/setup/packages.sh browser
port=${LOOM_PORT:-9490}
log=$(mktemp)
LOOM_PORT=$port bash examples/demo.sh >"$log" 2>&1 </dev/null &
demo=$!
trap 'kill "$demo" 2>/dev/null || true; wait "$demo" 2>/dev/null || true; rm -f "$log"' EXIT

say "waiting for the demo"
until grep -q '^  open ' "$log"; do
  kill -0 "$demo" 2>/dev/null || {
    cat "$log" >&2
    die "the demo did not come up"
  }
  sleep 0.5
done
mkdir -p docs
LOOM_PICTURE_URL=http://localhost:$port LOOM_PICTURE_CHROMIUM=$(command -v chromium) \
  LOOM_PICTURE_FILE=$root_dir/docs/studio.png npm --prefix studio-ui run --silent picture
say "docs/studio.png is new"
