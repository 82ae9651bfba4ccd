#!/usr/bin/env bash
# Takes the README's pictures by a headless Chromium: the page of a run that has a matrix, a step that was tried twice and a job that
# is paused at it; the overview, the map and an actor of the example actors beside it. Needs no Docker.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$root_dir"

bash tests/setup/packages.sh browser
bin=${LOOM_TEST_BIN_DIR:-}
if [ -z "$bin" ]; then
  bash tests/setup/ui.sh
  step "building"
  cargo build --locked -p loom-runtime -p loom-examples --bins --examples
  bin=$target_dir/debug
fi
port=${LOOM_PORT:-9490}
url=${LOOM_PICTURE_URL:-http://localhost:$port}
work=$(mktemp -d)
children=()
stop_all() {
  # A run that is paused is held by a process of its own, where nobody is there to answer.
  (cd "$work/shop" && "$bin/loom-runtime" runs cancel latest) >/dev/null 2>&1 || true
  stop_children
  rm -rf "$work"
}
trap stop_all EXIT

mkdir -p "$work/shop"
cat >"$work/shop/.loom.yml" <<'YAML'
name: shop
jobs:
  build:
    outputs: { version: "${{ steps.version.outputs.version }}" }
    steps:
      - id: version
        name: Compile
        run: |
          echo "version=1.4.0" >> "$GITHUB_OUTPUT"
          echo "compiled 214 files"
  test:
    needs: build
    strategy:
      matrix: { node: [18, 20, 22], store: [memory, disk] }
    steps:
      - name: Unit tests
        run: echo "::warning file=src/cart.ts,line=12::no test of an empty cart"; sleep 0.3
  integration:
    needs: build
    steps:
      - name: Start the store
        run: echo "the store listens"
      - name: Buy something
        retry: { max-attempts: 2, delay: 100ms }
        run: |
          for n in 1 2 3 4 5 6 7; do echo "ok $n - bought $n things"; done
          echo "not ok 8 - expected a total of 40, got 41" >&2
          echo "::error file=src/total.ts,line=41::expected a total of 40, got 41"
          exit 1
      - name: Stop the store
        run: echo stopped
  publish:
    needs: [test, integration]
    steps: [{ run: echo published }]
YAML
cd "$work/shop"
export LOOM_STATE_DIR=$work/state
# Who starts runs is in the pictures: nobody's own name.
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=user.name GIT_CONFIG_VALUE_0=octocat
LOOM_PORT=$port "$bin/loom-runtime" serve --executor host >"$work/serve.log" 2>&1 </dev/null &
children+=($!)
"$bin/loom-runtime" run --executor host --pause-on-failure >"$work/run.log" 2>&1 </dev/null &
children+=($!)
# Where only the programs were given, there are no actors, and the script says that it leaves their pictures out.
if [ -x "$bin/examples/actors_demo" ]; then
  STUDIO_ENABLED=true STUDIO_URL=$url "$bin/examples/actors_demo" >"$work/actors.log" 2>&1 </dev/null &
  children+=($!)
  # Charts of a few seconds show nothing.
  say "waiting a minute, for something to draw"
  sleep 60
fi
mkdir -p "$root_dir/docs"
LOOM_PICTURE_URL=$url LOOM_PICTURE_CHROMIUM=$(command -v chromium) \
  LOOM_PICTURE_FILE=$root_dir/docs/studio.png npm --prefix "$root_dir/studio-ui" run --silent picture || {
  tail -n 20 "$work/serve.log" "$work/run.log" >&2
  die "there is no picture"
}
say "docs/studio*.png are new"
