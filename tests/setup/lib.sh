# Shared by the scripts in this folder: how they speak, ask for rights, and look for tools.
# Sourced, never run. Talk goes to stderr, so that a script's stdout stays data.
# shellcheck shell=bash

root_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
target_dir=${CARGO_TARGET_DIR:-$root_dir/target}
case $target_dir in /*) ;; *) target_dir=$PWD/$target_dir ;; esac

# Debian keeps dockerd, iptables and ip where an ordinary user's PATH does not look.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export PATH

say() { printf '%s\n' "$*" >&2; }
step() { printf '\n== %s\n' "$*" >&2; }
die() {
  printf 'error: %s\n' "$1" >&2
  shift
  for hint in "$@"; do printf '  hint: %s\n' "$hint" >&2; done
  exit 1
}

has() { command -v "$1" >/dev/null 2>&1; }

# Whether this user can act as root, without being asked for a password.
can_root() { [ "$(id -u)" = 0 ] || { has sudo && sudo -n true 2>/dev/null; }; }

# Runs a command as root: directly, or by passwordless sudo.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n --preserve-env=PATH,DEBIAN_FRONTEND "$@"; fi
}

# at_least HAVE WANT: whether the dotted version HAVE is WANT or newer.
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

# Seconds with one decimal between two readings of `now`.
now() { date +%s%N; }
seconds_since() { awk -v a="$1" -v b="$(now)" 'BEGIN { printf "%.1f", (b - a) / 1e9 }'; }

# wait_until SECONDS COMMAND...: polls until the command succeeds; 1 when the time is over.
wait_until() {
  local limit=$1 start=$SECONDS
  shift
  until "$@" >/dev/null 2>&1; do
    [ $((SECONDS - start)) -lt "$limit" ] || return 1
    sleep 0.1
  done
}

# Whether an engine answers at $1 (default: where the Docker command looks).
engine_answers() {
  if [ $# -gt 0 ]; then docker -H "$1" version >/dev/null 2>&1; else docker version >/dev/null 2>&1; fi
}

# Ends the processes whose numbers are in `children`, those that stand still too. The youngest first: actors say goodbye to a
# studio that is still there.
stop_children() {
  local pid i indices=("${!children[@]}")
  for ((i = ${#indices[@]} - 1; i >= 0; i--)); do
    pid=${children[${indices[i]}]}
    kill -CONT "$pid" 2>/dev/null || continue
    kill -TERM "$pid" 2>/dev/null || continue
    wait "$pid" 2>/dev/null || true
  done
}
