#!/usr/bin/env bash
# A Docker engine of the tests' own, started by hand: no systemd, and nothing shared with another engine on the machine
# (own socket, data, bridge and address pool). Needs root or passwordless sudo.
#
#   engine.sh start DIR [HIDDEN...]   starts it and prints its DOCKER_HOST; a second start of the same DIR is refused. It
#                                     sees nothing of what is in the folders HIDDEN: for it they are empty
#   engine.sh again DIR               kills it, as a crash would, and starts it once more on the same data
#   engine.sh stop DIR                stops it and removes all it made: containers, mounts, bridge, DIR itself
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

usage() { die "usage: engine.sh start DIR [HIDDEN...] | again DIR | stop DIR"; }
[ $# -ge 2 ] || usage
verb=$1 dir=$2
hidden=("${@:3}")
case $dir in /*) ;; *) dir=$PWD/$dir ;; esac

# The names of bridge and network are derived from DIR, so that two checkouts can test at the same time. An interface
# name has 15 characters at most.
id=$(printf '%s' "$dir" | cksum | cut -d ' ' -f 1)
bridge=loomt$((id % 100000))
net=$((id % 250 + 1))

# The kernel's control groups, where nothing mounted them yet (a bare container or VM without systemd).
mount_cgroups() {
  grep -Eq ' cgroup2? ' /proc/mounts && return
  say "mounting control groups: none are"
  as_root mkdir -p /sys/fs/cgroup
  if as_root mount -t cgroup2 cgroup2 /sys/fs/cgroup 2>/dev/null; then
    grep -q memory /sys/fs/cgroup/cgroup.controllers 2>/dev/null && return
    as_root umount /sys/fs/cgroup
  fi
  as_root mount -t tmpfs -o mode=755 cgroup /sys/fs/cgroup
  local name
  for name in $(awk '!/^#/ && $4 == 1 { print $1 }' /proc/cgroups); do
    as_root mkdir -p "/sys/fs/cgroup/$name"
    as_root mount -t cgroup -o "$name" "$name" "/sys/fs/cgroup/$name" || as_root rmdir "/sys/fs/cgroup/$name"
  done
  as_root mkdir -p /sys/fs/cgroup/systemd
  as_root mount -t cgroup -o none,name=systemd systemd /sys/fs/cgroup/systemd || true
}

# dockerd wants to write rules; some kernels and sandboxes have none to write.
iptables_work() { has iptables && as_root iptables -t nat -L -n >/dev/null 2>&1; }

# In a mount namespace of its own: puts empty folders over some, but for its own, and becomes the rest of its arguments.
# shellcheck disable=SC2016
hide='set -e
dir=$1 kept=$2 count=$3; shift 3
mkdir -p "$kept"
mount --bind "$dir" "$kept"
for folder in "${@:1:count}"; do mount -t tmpfs -o mode=1777 tmpfs "$folder"; done
shift "$count"
mkdir -p "$dir"
mount --move "$kept" "$dir"
exec "$@"'

start() {
  can_root || die "an engine can only be started by root or with passwordless sudo" \
    "or set DOCKER_HOST to an engine that answers"
  has dockerd || die "dockerd is missing" "install Debian's package docker.io"
  [ ! -e "$dir/pid" ] || die "an engine of $dir is there already" "$0 stop $dir"
  # A unix socket's path has 107 characters at most, and dockerd adds some for its containerd.
  [ ${#dir} -le 60 ] || die "the engine's directory has too long a path for its sockets: $dir"

  mount_cgroups
  as_root mkdir -p "$dir"
  serve
}

# A crash leaves containers running; the engine that follows finds and ends them.
again() {
  [ -d "$dir/data" ] || die "there was no engine of $dir"
  end_now dockerd "$dir/pid"
  serve
}

serve() {
  as_root ip link add name "$bridge" type bridge 2>/dev/null || true
  as_root ip addr replace "172.31.$net.1/24" dev "$bridge"
  as_root ip link set "$bridge" up

  local options=(--host "unix://$dir/docker.sock" --data-root "$dir/data" --exec-root "$dir/exec"
    --pidfile "$dir/pid" --bridge "$bridge" --default-address-pool "base=10.$net.0.0/16,size=24"
    --log-level warn
    # Each further attempt waits longer, and tests wait with it.
    --max-download-attempts 2)
  iptables_work || {
    say "iptables do not work here: containers get no way out, which no test needs"
    options+=(--iptables=false --ip-masq=false)
  }
  # Whoever runs the tests may use the engine: root by being root, others by their own group. Root's engine is open to
  # the group `docker`, as an installed one is, for the tests of ordinary users.
  if [ "$(id -u)" = 0 ]; then getent group docker >/dev/null || groupadd --system docker; else
    options+=(--group "$(id -gn)")
  fi

  local program=(dockerd "${options[@]}")
  [ ${#hidden[@]} = 0 ] || program=(unshare --mount bash -c "$hide" _ "$dir" "/run/loom-engine-$id" "${#hidden[@]}" "${hidden[@]}" "${program[@]}")
  # An engine that follows one that was killed takes over its containerd, and gives up where that does not answer any more.
  if ! launch "${program[@]}"; then
    end_now dockerd "$dir/pid"
    end_now containerd "$dir/exec/containerd/containerd.pid"
    if ! launch "${program[@]}"; then
      say "the engine did not come up; the end of its log:"
      as_root tail -n 20 "$dir/log" >&2 || true
      stop
      die "no engine"
    fi
  fi
  printf 'unix://%s/docker.sock\n' "$dir"
}

# Starts the program, and waits until the engine answers or has given up.
launch() {
  # A session of its own: Ctrl-C in the terminal ends the tests, and they end the engine.
  as_root setsid -f bash -c 'log=$1; shift; exec "$@" >"$log" 2>&1 </dev/null' _ "$dir/log" "$@"
  wait_until 60 engine_answers "unix://$dir/docker.sock"
}

# Kills the program whose number is in a file, unless another one has that number by now, and removes the file.
end_now() {
  local program=$1 file=$2 pid
  pid=$(as_root cat "$file" 2>/dev/null) || return 0
  if [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$program" ]; then
    as_root kill -9 "$pid" 2>/dev/null || true
    wait_until 10 gone "$pid" || true
  fi
  as_root rm -f "$file"
}

stop() {
  [ -d "$dir" ] || return 0
  local pid
  if pid=$(as_root cat "$dir/pid" 2>/dev/null); then
    docker -H "unix://$dir/docker.sock" ps -aq 2>/dev/null |
      xargs -r docker -H "unix://$dir/docker.sock" rm -f >/dev/null 2>&1 || true
    as_root kill "$pid" 2>/dev/null || true
    wait_until 30 gone "$pid" || { as_root kill -9 "$pid" || true; wait_until 10 gone "$pid" || true; }
  fi
  # Deepest first; an engine that was killed leaves its overlay and shm mounts behind.
  awk -v d="$dir/" 'index($2, d) == 1 { print $2 }' /proc/mounts | sort -r | while read -r mount; do
    as_root umount -l "$mount" || true
  done
  as_root ip link del "$bridge" 2>/dev/null || true
  as_root rmdir "/run/loom-engine-$id" 2>/dev/null || true
  as_root rm -rf "$dir"
}

gone() { [ ! -d "/proc/$1" ]; }

case $verb in
  start) start ;;
  again) again ;;
  stop) stop ;;
  *) usage ;;
esac
