#!/usr/bin/env bash
# `make test`: everything that CI does, from nothing. One table at the end, and the plain line that counts.
#
#   LOOM_TEST_SKIP=docker,browser   leaves these out on purpose; they are counted as skipped
#   LOOM_TEST_RESULTS=FILE          where the table goes as well, tab-separated: suite passed failed skipped seconds
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
. "$here/lib.sh"
. "$here/suites.sh"
cd "$root_dir"

skipped_parts=,${LOOM_TEST_SKIP:=},
for part in ${LOOM_TEST_SKIP//,/ }; do
  case $part in docker | browser) ;; *) die "LOOM_TEST_SKIP knows docker and browser, not '$part'" ;; esac
done
skips() { case $skipped_parts in *,$1,*) ;; *) return 1 ;; esac; }

step "tools"
bash "$here/check-tools.sh" clippy fmt || die "the tests can't start" "install what is named above"

step "packages"
parts=(base)
skips docker || parts+=(docker)
skips browser || parts+=(browser)
if ! skips docker && ! can_root && ! { has docker && engine_answers; }; then
  die "the tests need a Docker engine: this user is not root, has no passwordless sudo, and no engine answers" \
    "run as root, or start an engine and set DOCKER_HOST" \
    "LOOM_TEST_SKIP=docker leaves these tests out, which shows in the count"
fi
bash "$here/packages.sh" "${parts[@]}" || die "the tests can't start without these packages"

work=$(mktemp -d "${TMPDIR:-/tmp}/loomt.XXXXXX")
chmod 755 "$work"
logs=$target_dir/loom-tests/logs
results=${LOOM_TEST_RESULTS:-$target_dir/loom-tests/results.tsv}
rm -rf "$logs"
mkdir -p "$logs" "$(dirname "$results")"
: >"$results"

# The binaries under test are those that this very build made: the tests get the path and never look for one.
export LOOM_TEST_BIN_DIR=$target_dir/debug
export CARGO_TERM_COLOR=never
unset LOOM_CONFIG_PATH LOOM_WORKSPACE_PATH LOOM_LOG_LEVEL LOOM_STATE_DIR LOOM_PORT LOOM_BIND STUDIO_ENABLED STUDIO_URL STUDIO_WORKSPACE

trap 'stop_all' EXIT
trap 'exit 130' INT TERM

once format cargo fmt --all --check
once page build_page
once build cargo build --workspace --locked --lib --bins --tests --examples
if passed build; then
  libtest rust rust_tests
  libtest doc cargo test --workspace --locked --no-fail-fast --doc
  libtest house system_tests house::
else
  for suite in rust doc house; do blocked "$suite" build; done
fi
wasm
once clippy cargo clippy --workspace --locked --all-targets -- -D warnings
if passed page; then
  once ui-lint npm --prefix studio-ui run --silent lint
  vitest ui-unit npm --prefix studio-ui run --silent test
else
  blocked ui-lint page
  blocked ui-unit page
fi
if passed build && find_nginx; then
  libtest system system_tests --skip house:: --skip docker:: --skip docs::otel:: --skip docs::collector::
elif passed build; then
  blocked system "no nginx (see above)"
else
  blocked system build
fi
if passed build; then openapi; else blocked openapi build; fi
if passed build; then otel_suite; else blocked otel build; fi
if passed build; then collector_suite; else blocked collector build; fi
if passed build; then redis_suite; else blocked redis build; fi
if skips docker; then
  skipped executor "$(passed build && executor_tests --list 2>/dev/null | grep -c ': test$' || echo 1)"
  skipped docker "$(passed build && system_tests --list docker:: 2>/dev/null | grep -c ': test$' || echo 1)"
  skipped kills 1
elif ! passed build; then
  for suite in executor docker kills; do blocked "$suite" build; done
elif start_engine; then
  libtest executor executor_tests
  libtest docker system_tests docker:: --skip docker::kills::
  # An engine that is killed must be the test's own, and only root kills one.
  if [ "$(id -u)" = 0 ]; then libtest kills system_tests docker::kills::; else skipped kills 2; fi
else
  for suite in executor docker kills; do blocked "$suite" "the engine did not start (see above)"; done
fi
if skips browser; then
  skipped browser "$(find studio-ui/e2e -name "*.test.*" 2>/dev/null | grep -c . || echo 1)"
elif passed build && passed page && [ -d studio-ui/e2e ]; then
  vitest browser bash "$here/browser.sh" "$work"
else
  blocked browser "build or page"
fi

stop_all
trap - EXIT
report
