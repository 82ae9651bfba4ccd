#!/usr/bin/env bash
# The browser tests: starts a studio on a project of its own, with the engine of DOCKER_HOST where there is one, and runs
# studio-ui/e2e against it.
#
#   browser.sh DIR     DIR is for the project and the studio's state
#
# What the tests get: LOOM_E2E_URL (the studio), LOOM_E2E_CHROMIUM (the browser), LOOM_E2E_WORKFLOW (the name of a
# workflow to start) and LOOM_E2E_WORD (a word, new each time, that a step of it prints); LOOM_E2E_LOCKED_URL (a second
# studio, that wants a token, with the workspaces shop and bank), LOOM_E2E_TOKEN (its token, of all of them) and
# LOOM_E2E_SHOP_TOKEN (one of shop alone).
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

work=$1/browser
mkdir -p "$work/project/.github/workflows" "$work/state" "$work/locked"
word=w$(od -An -N6 -tx1 /dev/urandom | tr -d ' \n')
cat >"$work/project/.github/workflows/words.yml" <<YAML
name: words
on: push
jobs:
  first:
    runs-on: alpine:latest
    steps:
      - run: |
          echo "the word is $word"
          sleep 1
  second:
    runs-on: alpine:latest
    needs: first
    steps:
      - run: sleep 4 # long enough to be cancelled by a click
YAML

port=$((30000 + $$ % 10000))
executor=docker
[ -n "${LOOM_TEST_DOCKER_HOST:-}" ] || executor=host
cd "$work/project"
LOOM_STATE_DIR=$work/state LOOM_PORT=$port \
  "$LOOM_TEST_BIN_DIR/loom-runtime" serve --executor "$executor" >"$work/serve.log" 2>&1 </dev/null &
serve=$!
export LOOM_E2E_SHOP_TOKEN
of_workspace() { "$LOOM_TEST_BIN_DIR/loom-studio" token add "$1" --role view --workspace "$1" --tokens "$work/tokens.json" 2>/dev/null; }
LOOM_E2E_SHOP_TOKEN=$(of_workspace shop)
of_workspace bank >/dev/null
STUDIO_TOKEN=$word STUDIO_TOKENS=$work/tokens.json LOOM_STATE_DIR=$work/locked LOOM_PORT=$((port + 1)) \
  "$LOOM_TEST_BIN_DIR/loom-runtime" serve --executor host >"$work/locked.log" 2>&1 </dev/null &
locked=$!
trap 'kill "$serve" "$locked" 2>/dev/null || true; wait "$serve" "$locked" 2>/dev/null || true' EXIT

export LOOM_E2E_URL=http://127.0.0.1:$port LOOM_E2E_WORKFLOW=words LOOM_E2E_WORD=$word
export LOOM_E2E_LOCKED_URL=http://127.0.0.1:$((port + 1)) LOOM_E2E_TOKEN=$word
LOOM_E2E_CHROMIUM=$(command -v chromium)
export LOOM_E2E_CHROMIUM
healthy() { node -e 'fetch(process.argv[1]).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))' "$1/api/health"; }
for url in "$LOOM_E2E_URL" "$LOOM_E2E_LOCKED_URL"; do
  wait_until 30 healthy "$url" || {
    cat "$work/serve.log" "$work/locked.log" >&2
    die "the studio did not come up on $url"
  }
done
npm --prefix "$root_dir/studio-ui" run --silent e2e || {
  code=$?
  say "the end of the studio's log:"
  tail -n 30 "$work/serve.log" >&2
  exit "$code"
}
