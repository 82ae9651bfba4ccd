#!/usr/bin/env bash
# `make demo`: builds Loom, starts the studio, runs the example workflow and the example actors in it, and stays up until
# Ctrl-C. Needs no root. Runs in Docker when an engine answers and has or gets the image, else on this machine.
#
#   LOOM_PORT (9090)    where the studio listens
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../tests/setup/lib.sh"
cd "$root_dir"

workflow=examples/workflows/diamond.loom.yml
port=${LOOM_PORT:-9090}
url=http://localhost:$port
bin=$target_dir/debug

listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
healthy() { node -e 'fetch(process.argv[1]).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))' "$url/api/health"; }

# Asked before anything is built: waiting for a build to hear this would be a pity.
! listens "$port" || die "port $port is taken" "stop what listens there, or choose another: LOOM_PORT=9191 make demo"

bash tests/setup/check-tools.sh
bash tests/setup/ui.sh
step "building (the first time takes a few minutes)"
# Without optimisation: half the wait, and fast enough to look at.
cargo build --locked -p loom-runtime -p loom-examples --bins --examples

work=$(mktemp -d)
children=()
stop_all() {
  trap - EXIT INT TERM
  stop_children
  rm -rf "$work"
}
trap 'stop_all' EXIT
trap 'say ""; say "stopping"; exit 0' INT TERM

# Whether jobs can run in Docker is best told by running one: engine, image and all. Its history is thrown away.
cat >"$work/probe.loom.yml" <<YAML
name: probe
jobs:
  probe:
    runs-on: $(sed -n 's/^ *runs-on: *//p' "$workflow" | head -n 1)
    steps:
      - run: "true"
YAML
step "looking for Docker"
if LOOM_STATE_DIR=$work/probe timeout 120 "$bin/loom-runtime" run --executor docker --workspace "$work" \
  "$work/probe.loom.yml" >"$work/probe.log" 2>&1 </dev/null; then
  executor=docker
  say "jobs run in Docker"
else
  executor=host
  say "jobs run on this machine, without Docker, because:"
  grep -m 1 -i 'error' "$work/probe.log" | sed 's/^/  /' >&2 || tail -n 1 "$work/probe.log" >&2
fi

# In sessions of their own, so that Ctrl-C reaches this script alone and children end in order.
step "starting the studio"
LOOM_CONFIG_PATH=$workflow LOOM_PORT=$port setsid "$bin/loom-runtime" serve --executor "$executor" \
  >"$work/serve.log" 2>&1 </dev/null &
children+=($!)
if ! wait_until 30 healthy; then
  tail -n 20 "$work/serve.log" >&2
  die "the studio did not come up on $url"
fi

# Two processes of one application, which the page shows side by side, and one whose actors fail, and take orders.
for example in actors_demo actors_demo shop; do
  STUDIO_ENABLED=true STUDIO_URL=$url setsid "$bin/examples/$example" >"$work/actors.${#children[@]}.log" 2>&1 </dev/null &
  children+=($!)
done

node -e '
  const answer = await fetch(process.argv[1], { method: "POST" });
  if (answer.status !== 202) {
    console.error(`the studio answered ${answer.status}: ${await answer.text()}`);
    process.exit(1);
  }
' --input-type=module "$url/api/workflows/diamond/start" || die "the example workflow did not start"

case $executor in docker) where="in Docker" ;; *) where="on this machine, without Docker" ;; esac
cat <<TEXT

  Loom is up, and a workflow is running in it $where.

  open $url

  Workflows has a Start button for another run. Ctrl-C stops everything.
TEXT

# Stays up; a child that ends is worth a word.
while kill -0 "${children[0]}" 2>/dev/null; do
  sleep 1 &
  wait $! || true
  for i in "${!children[@]}"; do
    if [ "$i" -gt 0 ] && ! kill -0 "${children[i]}" 2>/dev/null; then
      say "example actors ended:"
      tail -n 5 "$work/actors.$i.log" >&2
      unset "children[i]"
    fi
  done
done
tail -n 20 "$work/serve.log" >&2
die "the studio ended"
