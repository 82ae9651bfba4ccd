#!/usr/bin/env bash
# For work on Loom itself: builds and restarts `loom-runtime serve` when a Rust source changes, and runs the page's
# development server, which reloads by itself.
#
#   LOOM_PORT (9090)            the studio
#   VITE_ORCHESTRATOR_URL, VITE_WS_URL    what the page talks to; by default that studio
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$root_dir"

port=${LOOM_PORT:-9090}
export VITE_ORCHESTRATOR_URL=${VITE_ORCHESTRATOR_URL:-http://localhost:$port}
export VITE_WS_URL=${VITE_WS_URL:-ws://localhost:$port/ws}
export LOOM_CONFIG_PATH=${LOOM_CONFIG_PATH:-examples/workflows}
# The page comes from another port then, and the studio refuses strangers.
export LOOM_CORS_ORIGINS=${LOOM_CORS_ORIGINS:-http://localhost:5173,http://127.0.0.1:5173}

serve=
stop_serve() {
  [ -z "$serve" ] || { kill "$serve" 2>/dev/null && wait "$serve" 2>/dev/null; } || true
  serve=
}
stop_all() {
  stop_serve
  kill "$page" 2>/dev/null || true
}

bash tests/setup/ui.sh
npm --prefix studio-ui run dev -- --port 5173 --strictPort </dev/null &
page=$!
trap 'stop_all' EXIT
trap 'exit 0' INT TERM

stamp=$(mktemp)
while :; do
  touch "$stamp"
  if cargo build --locked -p loom-runtime; then
    stop_serve
    "$target_dir/debug/loom-runtime" serve </dev/null &
    serve=$!
  else
    say "waiting for a change that builds"
  fi
  until [ -n "$(find Cargo.toml Cargo.lock bridge server runtime -newer "$stamp" -type f \
    \( -name '*.rs' -o -name '*.toml' -o -name '*.lock' -o -name '*.sql' \) -print -quit)" ]; do
    kill -0 "$page" 2>/dev/null || die "the page's development server ended"
    sleep 0.5
  done
done
