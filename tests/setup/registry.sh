#!/usr/bin/env bash
# An image registry on loopback, so that a pull can be tested without a hub: Debian's docker-registry, started by hand.
#
#   registry.sh start DIR [PORT]   starts it, pushes an image into it from the engine of DOCKER_HOST, and prints
#                                  its address; the image is ADDRESS/loom-test/pulled:latest and not in the engine
#   registry.sh stop DIR
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

start() {
  local dir=$1 port=$2 address=127.0.0.1:$2
  mkdir -p "$dir"
  cat >"$dir/config.yml" <<YAML
version: 0.1
log: { level: warn }
storage:
  filesystem: { rootdirectory: "$dir/data" }
http:
  addr: "$address"
YAML
  setsid docker-registry serve "$dir/config.yml" >"$dir/log" 2>&1 </dev/null &
  printf '%s\n' $! >"$dir/pid"
  wait_until 20 listens "$port" || {
    tail -n 10 "$dir/log" >&2
    stop "$dir"
    die "the test registry did not come up on $address"
  }
  # Engines take a registry on 127.0.0.0/8 without TLS.
  docker tag loom-test/busybox:latest "$address/loom-test/pulled:latest"
  docker push -q "$address/loom-test/pulled:latest" >/dev/null
  docker rmi "$address/loom-test/pulled:latest" >/dev/null
  printf '%s\n' "$address"
}

listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

stop() {
  [ -e "$1/pid" ] || return 0
  kill "$(cat "$1/pid")" 2>/dev/null || true
  rm -rf "$1"
}

case ${1:-} in
  start) start "$2" "${3:-$((20000 + $$ % 10000))}" ;;
  stop) stop "$2" ;;
  *) die "usage: registry.sh start DIR [PORT] | stop DIR" ;;
esac
