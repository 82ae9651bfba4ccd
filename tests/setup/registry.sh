#!/usr/bin/env bash
# An image registry on loopback, so that a pull can be tested without a hub: Debian's docker-registry, started by hand.
#
#   registry.sh start DIR [PORT]   starts it, pushes images into it from the engine of DOCKER_HOST, and prints its
#                                  address; the images are ADDRESS/loom-test/pulled:latest and ADDRESS/loom-test/fat:latest
#                                  (busybox and 4 MB more), and not in the engine. At the next port (PORT + 1) the same
#                                  images are behind a login: user ann, password open-sesame
#   registry.sh stop DIR
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

start() {
  local dir=$1 port=$2 address=127.0.0.1:$2
  mkdir -p "$dir"
  # bcrypt of `open-sesame`; the registry takes nothing else.
  printf '%s\n' 'ann:$2b$04$V00pTCEaLpLmJO33NyJQDe53YIjxSiEAuPOROOa2QC1Gn4Qyz3O1u' >"$dir/users"
  serve "$dir" open "$port"
  serve "$dir" locked $((port + 1)) "auth:
  htpasswd: { realm: loom-test, path: \"$dir/users\" }"
  # Engines take a registry on 127.0.0.0/8 without TLS.
  docker tag loom-test/busybox:latest "$address/loom-test/pulled:latest"
  docker push -q "$address/loom-test/pulled:latest" >/dev/null
  docker rmi "$address/loom-test/pulled:latest" >/dev/null
  fat "$dir" "$address/loom-test/fat:latest"
  printf '%s\n' "$address"
}

# serve DIR NAME PORT [MORE]: one server of the images in DIR.
serve() {
  cat >"$1/$2.yml" <<YAML
version: 0.1
log: { level: warn }
storage:
  filesystem: { rootdirectory: "$1/data" }
http:
  addr: "127.0.0.1:$3"
${4:-}
YAML
  setsid docker-registry serve "$1/$2.yml" >"$1/$2.log" 2>&1 </dev/null &
  printf '%s\n' $! >>"$1/pids"
  wait_until 20 listens "$3" || {
    tail -n 10 "$1/$2.log" >&2
    stop "$1"
    die "the test registry did not come up on 127.0.0.1:$3"
  }
}

# An image with a layer that nothing else has and nothing compresses.
fat() {
  local container
  head -c 4194304 /dev/urandom >"$1/fat"
  container=$(docker create loom-test/busybox:latest)
  docker cp "$1/fat" "$container:/fat"
  docker commit "$container" "$2" >/dev/null
  docker rm "$container" >/dev/null
  docker push -q "$2" >/dev/null
  docker rmi "$2" >/dev/null
}

listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

stop() {
  [ -e "$1/pids" ] || return 0
  # shellcheck disable=SC2046  # one word a server
  kill $(cat "$1/pids") 2>/dev/null || true
  rm -rf "$1"
}

case ${1:-} in
  start) start "$2" "${3:-$((20000 + $$ % 10000))}" ;;
  stop) stop "$2" ;;
  *) die "usage: registry.sh start DIR [PORT] | stop DIR" ;;
esac
