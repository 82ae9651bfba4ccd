#!/usr/bin/env bash
# Podman's service, started by hand on a socket of its own: no systemd, nothing shared with what is there. Wants root.
#
#   podman.sh start DIR    starts it with the test images and prints its DOCKER_HOST
#   podman.sh stop DIR     stops it and removes all it made
#   podman.sh test         the Docker executor's suite on it, and the small workflows of the system tests: `make podman`
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
here=$root_dir/tests/setup
dns=/usr/lib/podman/aardvark-dns

podman_in() {
  local dir=$1
  shift
  CONTAINERS_CONF=$dir/containers.conf podman --root "$dir/root" --runroot "$dir/run" --tmpdir "$dir/tmp" "$@"
}

start() {
  local dir=$1
  mkdir -p "$dir"
  # A sandbox may not raise limits, and has no systemd to make control groups.
  # The networks are ours alone too: by itself it would keep them in /etc.
  cat >"$dir/containers.conf" <<TOML
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
[network]
network_backend = "netavark"
network_config_dir = "$dir/networks"
TOML
  CONTAINERS_CONF=$dir/containers.conf setsid podman --root "$dir/root" --runroot "$dir/run" --tmpdir "$dir/tmp" \
    system service --time 0 "unix://$dir/podman.sock" >"$dir/log" 2>&1 </dev/null &
  printf '%s\n' $! >"$dir/pid"
  wait_until 30 engine_answers "unix://$dir/podman.sock" || {
    tail -n 10 "$dir/log" >&2
    die "Podman's service did not come up"
  }
  chmod 755 "$dir"
  getent group docker >/dev/null || groupadd --system docker
  chgrp docker "$dir/podman.sock"
  chmod 660 "$dir/podman.sock"
  DOCKER_HOST=unix://$dir/podman.sock bash "$here/images.sh" add
  printf 'unix://%s/podman.sock\n' "$dir"
}

stop() {
  [ -e "$1/pid" ] || return 0
  podman_in "$1" rm -f -a >/dev/null 2>&1 || true
  podman_in "$1" network prune -f >/dev/null 2>&1 || true
  kill "$(cat "$1/pid")" 2>/dev/null || true
  awk -v d="$1/" 'index($2, d) == 1 { print $2 }' /proc/mounts | sort -r | while read -r mount; do
    umount -l "$mount" || true
  done
  rm -rf "$1"
}

# Left out, because this Podman has no systemd to make health checks: whatever has one. Paths with colons, which it does not
# take. What of a step that ran by exec is still there, which it does not tell. `ENV` in a commit, which it reads in another way.
test_on_it() {
  [ "$(id -u)" = 0 ] || die "only root can start this Podman"
  # Services are found by their names through the last two.
  { has podman && [ -x "$dns" ]; } || apt-get install -y -qq --no-install-recommends podman netavark aardvark-dns >/dev/null ||
    die "podman cannot be installed"
  bash "$here/packages.sh" base docker
  local work
  work=$(mktemp -d "${TMPDIR:-/tmp}/loomp.XXXXXX")
  # shellcheck disable=SC2064  # expanded now: `work` is gone when the trap runs
  trap "bash '$here/podman.sh' stop '$work'" EXIT
  LOOM_TEST_DOCKER_HOST=$(start "$work")
  export LOOM_TEST_DOCKER_HOST
  cd "$root_dir"
  cargo test --locked -p loom-runtime --test docker_executor -- --test-threads 4 \
    --skip services --skip a_service_that_fails --skip runs_beside --skip a_path_with_colons --skip exec_is_said \
    --skip an_images_own_home
  # Whole runs of the real binary.
  cargo build --workspace --locked --bins
  export LOOM_TEST_BIN_DIR=$target_dir/debug LOOM_TEST_CASE_WITHOUT=--health-
  cargo test --workspace --locked --test system -- docker::cases::
}

case ${1:-} in
  start) start "$2" ;;
  stop) stop "$2" ;;
  test) test_on_it ;;
  *) die "usage: podman.sh start DIR | stop DIR | test" ;;
esac
