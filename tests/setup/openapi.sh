#!/usr/bin/env bash
# Holds the servers to their OpenAPI document: schemathesis asks for everything that it describes, rightly and wrongly, on
# a studio that has actors, a run and a history. Once where nobody needs a token, then with a token of each role.
#
#   openapi.sh DIR     DIR is for the projects, the servers' state and the reports; 3 where schemathesis is not to be had
#
# The seed is fixed, and so are the numbers of requests. What it found is in DIR/openapi/*.log; a line of curl there asks
# once more. LOOM_OPENAPI_EXAMPLES=100 asks for more, LOOM_OPENAPI_SEED=7 for something else.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

here=$root_dir/tests/schemathesis
bin=${LOOM_TEST_BIN_DIR:-$target_dir/debug}
program=$(bash "$root_dir/tests/setup/schemathesis.sh" "$target_dir/loom-tests/schemathesis")
mkdir -p "$1/openapi"
work=$(cd "$1/openapi" && pwd)
export PYTHONDONTWRITEBYTECODE=1 # nothing beside the sources
examples=${LOOM_OPENAPI_EXAMPLES:-8}
seed=${LOOM_OPENAPI_SEED:-11}
port=$((30000 + $$ % 10000))
started=()
trap 'stop_started' EXIT
trap 'exit 130' INT TERM

stop_started() {
  [ ${#started[@]} -gt 0 ] || return 0
  kill "${started[@]}" 2>/dev/null || true
  wait "${started[@]}" 2>/dev/null || true
}

# serve NAME PORT: a server with an application that reports to it. On the host, with a workflow that only prints: whoever
# starts it by any inputs starts nothing else.
serve() {
  local name=$1 port=$2
  mkdir -p "$work/$name/project/.github/workflows" "$work/$name/state" "$work/$name/home"
  cat >"$work/$name/project/.github/workflows/words.yml" <<'YAML'
name: words
on:
  push:
  workflow_dispatch:
    inputs:
      word: { type: string, default: hello }
jobs:
  first:
    runs-on: ubuntu-latest
    steps:
      - run: echo one
  second:
    runs-on: ubuntu-latest
    needs: first
    steps:
      - run: echo two; exit 1
YAML
  (
    cd "$work/$name/project"
    unset STUDIO_TOKEN # that of who asks; the server has those of its file
    export HOME=$work/$name/home LOOM_STATE_DIR=$work/$name/state LOOM_PORT=$port
    exec "$bin/loom-runtime" serve --executor host
  ) >"$work/$name/serve.log" 2>&1 </dev/null &
  started+=($!)
  wait_until 30 healthy "$port" || {
    cat "$work/$name/serve.log" >&2
    die "the studio did not come up on port $port"
  }
  STUDIO_URL=http://127.0.0.1:$port PYTHONPATH=$root_dir/examples/clients/python \
    python3 "$here/application.py" >"$work/$name/application.log" 2>&1 </dev/null &
  started+=($!)
  # A run with jobs that went well and badly, and actors, before anybody asks for them.
  wait_until 60 python3 "$here/prepared.py" "http://127.0.0.1:$port" "$work/$name/found.json" || {
    tail -n 5 "$work/$name"/*.log >&2
    die "there is no run or no actor to ask for on port $port"
  }
}

healthy() { python3 -c 'import sys, urllib.request; urllib.request.urlopen("http://127.0.0.1:" + sys.argv[1] + "/api/health")' "$1"; }

# ask NAME SERVER PORT ALL OPTIONS...: one round of schemathesis; ALL is `all` when everything has to be done once.
ask() {
  local name=$1 server=$2 port=$3 all=$4 code=0
  shift 4
  say "-- $name"
  # Streams end only with their readers; tests of their own read them. A failure is printed where the log is.
  # It keeps what it found where it runs.
  cd "$work"
  SCHEMATHESIS_HOOKS=hooks LOOM_OPENAPI_FOUND=$work/$server/found.json LOOM_OPENAPI_URL=http://127.0.0.1:$port PYTHONPATH=$here \
    "$program" --config-file "$here/schemathesis.toml" run \
    "$work/openapi.json" --url "http://127.0.0.1:$port" --exclude-path-regex '^/(ws$|socket/|api/v1/events$)' \
    --workers 1 --seed "$seed" --max-examples "$examples" --continue-on-failure --no-color --warnings off \
    --generation-with-security-parameters false --generation-database none --request-timeout 40 \
    --report junit,ndjson --report-junit-path "$work/$name.xml" --report-ndjson-path "$work/$name.ndjson" "$@" \
    >"$work/$name.log" 2>&1 </dev/null || code=$?
  # shellcheck disable=SC2086  # no word when there is none
  python3 "$here/count.py" "$name" "$work" "$code" $all || {
    cat "$work/$name.log"
    return 1
  }
}

rm -rf "$work"
mkdir -p "$work"
failed=0
unset STUDIO_TOKEN STUDIO_TOKENS
serve open "$port"
python3 -c 'import sys, urllib.request; urllib.request.urlretrieve(*sys.argv[1:])' \
  "http://127.0.0.1:$port/api/openapi.json" "$work/openapi.json"
# Texts with a grammar (filters, cursors) are no matter of a schema, so not all that it allows is taken. Where nobody needs a
# token none is missing; who may what with one is a check of our own (hooks.py).
but=(--exclude-checks ignored_auth,positive_data_acceptance)
ask open open "$port" all "${but[@]}" || failed=1

examples=$(((examples + 1) / 2)) # of each role
export STUDIO_TOKENS=$work/tokens.json
declare -A token
for role in report view operate admin; do
  token[$role]=$("$bin/loom-studio" token add "a-$role" --role "$role" 2>/dev/null)
done
STUDIO_TOKEN=${token[admin]} serve roles "$((port + 1))"
LOOM_OPENAPI_ROLE=nobody ask nobody roles "$((port + 1))" "" --phases fuzzing "${but[@]}" || failed=1
for role in report view operate admin; do
  LOOM_OPENAPI_ROLE=$role ask "$role" roles "$((port + 1))" "" --header "Authorization: Bearer ${token[$role]}" \
    --phases fuzzing "${but[@]}" || failed=1
done
exit "$failed"
