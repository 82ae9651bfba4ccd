# The suites of test.sh: how each kind is run and counted, the engine they share, and the table. Sourced by test.sh.
# shellcheck shell=bash disable=SC2154  # work, logs, results, here come from test.sh

# record SUITE PASSED FAILED SKIPPED SECONDS
record() { printf '%s\t%s\t%s\t%s\t%s\n' "$@" >>"$results"; }

passed() { awk -F '\t' -v s="$1" '$1 == s { ok = $3 == 0 } END { exit !ok }' "$results"; }

# run SUITE COMMAND...: runs it with its output shown and kept; sets `code` and `took`.
run() {
  local suite=$1 start
  shift
  step "$suite"
  start=$(now)
  code=0
  "$@" </dev/null 2>&1 | tee "$logs/$suite.log" || code=${PIPESTATUS[0]}
  took=$(seconds_since "$start")
}

# A suite that is one check: it passes or not.
once() {
  local suite=$1
  run "$@"
  if [ "$code" = 0 ]; then record "$suite" 1 0 0 "$took"; else record "$suite" 0 1 0 "$took"; fi
}

# The language for the web: left out, and counted so, where Rust's library for it is not to be had.
wasm() {
  run wasm bash "$here/wasm.sh"
  case $code in
    0) record wasm 1 0 0 "$took" ;;
    3) record wasm 0 0 1 "$took" ;;
    *) record wasm 0 1 0 "$took" ;;
  esac
}

# counted SUITE PASSED FAILED SKIPPED: a suite that ended badly has at least one failure, and so has one that ran
# nothing: a suite that counts zero is not a pass.
counted() {
  local failed=$3
  if [ "$failed" = 0 ] && { [ "$code" != 0 ] || [ "$2" = 0 ]; }; then failed=1; fi
  record "$1" "$2" "$failed" "$4" "$took"
}

# Rust's own harness: `test result: ok. 5 passed; 0 failed; 1 ignored; ...`, one line a binary.
libtest() {
  local suite=$1 counts
  run "$@"
  counts=$(awk '/^test result: / { p += $4; f += $6; s += $8 } END { printf "%d %d %d", p, f, s }' "$logs/$suite.log")
  # shellcheck disable=SC2086
  counted "$suite" $counts
}

# vitest: `Tests  1 failed | 12 passed | 2 skipped (15)`, coloured on some terminals.
vitest() {
  local suite=$1 counts
  NO_COLOR=1 run "$@"
  counts=$(awk '$1 == "Tests" { for (i = 2; i < NF; i++) n[$(i + 1)] = $i }
    END { printf "%d %d %d", n["passed"], n["failed"], n["skipped"] + n["todo"] }' "$logs/$suite.log")
  # shellcheck disable=SC2086
  counted "$suite" $counts
}

# schemathesis, an operation a test: `test result: open. 99 passed; 0 failed; 0 skipped`, a line for each round. Left out, and
# counted so, where pip cannot bring it.
openapi() {
  local counts
  run openapi bash "$here/openapi.sh" "$work"
  if [ "$code" = 3 ]; then
    record openapi 0 0 1 "$took"
    return
  fi
  counts=$(awk '/^test result: / { p += $4; f += $6; s += $8 } END { printf "%d %d %d", p, f, s }' "$logs/openapi.log")
  # shellcheck disable=SC2086
  counted openapi $counts
}

skipped() {
  say "$1: left out by LOOM_TEST_SKIP"
  record "$1" 0 0 "$(($2 > 0 ? $2 : 1))" 0
}

# blocked SUITE BY: could not even start.
blocked() {
  say "$1: not run, because of: $2"
  record "$1" 0 1 0 0
}

# The tests of all crates but those that need an engine: test binaries called docker*.
rust_tests() {
  local tests
  tests=$(cargo metadata --format-version 1 --no-deps --offline --locked | node -e '
    const { packages } = JSON.parse(require("fs").readFileSync(0, "utf8"));
    const names = packages.flatMap((p) => p.targets.filter((t) => t.kind.includes("test")).map((t) => t.name));
    console.log([...new Set(names)].filter((n) => n !== "system" && n !== "redis" && !n.startsWith("docker")).map((n) => `--test=${n}`).join(" "));
  ') || return 1
  # shellcheck disable=SC2086
  cargo test --workspace --locked --no-fail-fast --lib --bins $tests
}

executor_tests() { cargo test --workspace --locked --no-fail-fast --test 'docker*' -- "$@"; }

# The same selection of packages as the build had: with fewer, cargo would build dependencies with other features anew.
system_tests() { cargo test --workspace --locked --test system -- "$@"; }

# The tests of the page on reporting have a real nginx in front of the studio.
find_nginx() {
  [ -n "${LOOM_TEST_NGINX:-}" ] || LOOM_TEST_NGINX=$(bash "$here/nginx.sh" "$target_dir/loom-tests/nginx") || return 1
  export LOOM_TEST_NGINX
}

# Several servers on a Redis, which the tests start and end themselves, behind a real nginx.
redis_tests() {
  # Random moments, with their seeds: LOOM_STORM_SEEDS=1..100 for more.
  cargo test --workspace --locked --no-fail-fast --test redis -- --nocapture --test-threads 4
}

# The Redis of the tests: one that is given, or Debian's.
find_redis() { [ -n "${LOOM_TEST_REDIS:-}" ] || bash "$here/packages.sh" redis; }

redis_suite() {
  if ! find_redis; then
    say "redis: left out, because no redis-server is to be had (see above); LOOM_TEST_REDIS names one"
    record redis 0 0 1 0
  elif find_nginx; then
    libtest redis redis_tests
  else
    blocked redis "no nginx (see above)"
  fi
}

# A program that speaks OpenTelemetry, with the real SDK, which comes from PyPI.
otel_suite() {
  if [ -z "${LOOM_TEST_OTEL_PYTHON:-}" ] && ! LOOM_TEST_OTEL_PYTHON=$(bash "$here/otel.sh"); then
    say "otel: left out, because OpenTelemetry's SDK for Python is not to be had (see above)"
    record otel 0 0 1 0
    return
  fi
  export LOOM_TEST_OTEL_PYTHON
  libtest otel system_tests docs::otel::
}

# A collector of OpenTelemetry, built from its own parts, which come from Go's proxy of modules.
collector_suite() {
  if [ -z "${LOOM_TEST_OTEL_COLLECTOR:-}" ] && ! LOOM_TEST_OTEL_COLLECTOR=$(bash "$here/collector.sh"); then
    say "collector: left out, because OpenTelemetry's collector is not to be had (see above)"
    record collector 0 0 1 0
    return
  fi
  export LOOM_TEST_OTEL_COLLECTOR
  libtest collector system_tests docs::collector::
}

build_page() { bash "$here/ui.sh"; }

# An engine for the Docker and browser tests, and images in it: our own where we may, else the one that answers.
start_engine() {
  [ -z "${LOOM_TEST_DOCKER_HOST:-}" ] || return 0
  step "engine"
  if can_root; then
    LOOM_TEST_DOCKER_HOST=$(bash "$here/engine.sh" start "$work/engine") || return 1
  else
    LOOM_TEST_DOCKER_HOST=${DOCKER_HOST:-$(docker context inspect --format '{{.Endpoints.docker.Host}}')}
    say "using the engine at $LOOM_TEST_DOCKER_HOST"
  fi
  export LOOM_TEST_DOCKER_HOST DOCKER_HOST=$LOOM_TEST_DOCKER_HOST
  bash "$here/images.sh" add || return 1
  # A second one, which stands for an engine of another machine: it sees nothing of where the tests put their files.
  if can_root; then
    LOOM_TEST_APART_DOCKER_HOST=$(bash "$here/engine.sh" start "$work/apart" "${TMPDIR:-/tmp}") || return 1
    export LOOM_TEST_APART_DOCKER_HOST
    DOCKER_HOST=$LOOM_TEST_APART_DOCKER_HOST bash "$here/images.sh" add || return 1
  else
    say "only root can start an engine that does not see these files: what needs one is passed over"
  fi
  LOOM_TEST_REGISTRY=$(bash "$here/registry.sh" start "$work/registry") || return 1
  export LOOM_TEST_REGISTRY
  start_user || return 1
}

# Root tests as an ordinary user of the group docker as well; an ordinary user is one.
start_user() {
  [ "$(id -u)" = 0 ] || return 0
  LOOM_TEST_USER=loomt$(($$ % 100000))
  useradd --create-home --home-dir "$work/home" --shell /bin/bash --groups docker "$LOOM_TEST_USER" || return 1
  export LOOM_TEST_USER
}

stop_all() {
  [ -d "$work" ] || return 0
  [ -z "${LOOM_TEST_USER:-}" ] || userdel --remove "$LOOM_TEST_USER" 2>/dev/null || true
  bash "$here/registry.sh" stop "$work/registry" || true
  [ ! -d "$work/apart" ] || bash "$here/engine.sh" stop "$work/apart" || true
  if [ -d "$work/engine" ]; then
    bash "$here/engine.sh" stop "$work/engine" || true
  elif [ -n "${LOOM_TEST_DOCKER_HOST:-}" ]; then
    bash "$here/images.sh" remove || true
  fi
  as_or_self rm -rf "$work"
}

# Containers may have left files of root's where an ordinary user tests.
as_or_self() { if can_root; then as_root "$@"; else "$@" 2>/dev/null || true; fi; }

report() {
  local line='%-12s %8s %8s %8s %9s\n'
  echo
  # shellcheck disable=SC2059
  printf "$line" suite passed failed skipped seconds
  while IFS=$'\t' read -r suite ok bad skip took; do
    # shellcheck disable=SC2059
    printf "$line" "$suite" "$ok" "$bad" "$skip" "$took"
  done <"$results"
  echo
  sort -t $'\t' -k 5 -rn "$results" | awk -F '\t' '
    { all += $5; if (NR <= 3) top = top (NR > 1 ? ", " : "") $1 " " $5 " s" }
    END { printf "%.0f s in all; most of it: %s\n", all, top }'
  awk -F '\t' '{ p += $2; f += $3; s += $4 } END { printf "%d passed, %d failed, %d skipped\n", p, f, s; exit f > 0 }' \
    "$results"
}
