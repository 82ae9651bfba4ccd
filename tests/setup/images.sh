#!/usr/bin/env bash
# Test images, made on the spot from what this machine has and imported: nothing comes from a hub.
#
#   images.sh add          imports them into the engine of DOCKER_HOST, also under the public names that workflows use
#                          (alpine:latest, ...) where the engine has no image of that name
#   images.sh remove       removes them again, under all their names, for an engine that is somebody's
#
#   loom-test/busybox      a static busybox with its applets, sh but no bash        (as alpine is)
#   loom-test/debian       this machine's bash, coreutils and friends, dynamic glibc (as ubuntu and node are)
#   loom-test/node         the same with this machine's Node.js, for actions in JavaScript
#   loom-test/empty        an empty directory and nothing else                      (as scratch-built images are)
#   loom-test/user         busybox with USER 1000, who is `ann` with a home and a second group
#   loom-test/user-name    busybox with USER ann
#   loom-test/user-unknown busybox with USER 1234, whom no passwd file knows
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

path='ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

# The files that any image has; world-writable /tmp among them.
skeleton() {
  mkdir -p "$1"/{bin,etc,home/ann,root,tmp,var}
  chmod 1777 "$1/tmp"
  printf '%s\n' 'root:x:0:0:root:/root:/bin/sh' 'ann:x:1000:1000:Ann:/home/ann:/bin/sh' >"$1/etc/passwd"
  printf '%s\n' 'root:x:0:' 'ann:x:1000:' 'friends:x:2000:ann' >"$1/etc/group"
}

busybox_tree() {
  local busybox applet
  busybox=$(command -v busybox) || die "busybox is missing" "install Debian's package busybox-static"
  ! ldd "$busybox" >/dev/null 2>&1 || die "$busybox is not static" "install Debian's package busybox-static"
  skeleton "$1"
  cp "$busybox" "$1/bin/busybox"
  for applet in $("$busybox" --list); do
    [ "$applet" = busybox ] || ln -s busybox "$1/bin/$applet"
  done
  printf 'ID=loom-busybox\n' >"$1/etc/os-release"
}

# A small Debian out of the machine's own files: seconds where debootstrap takes minutes and a mirror.
debian_tree() {
  local program library
  skeleton "$1"
  rmdir "$1/bin"
  mkdir -p "$1/usr/bin" "$1/usr/lib" "$1/usr/lib64"
  ln -s usr/bin "$1/bin"
  ln -s usr/lib "$1/lib"
  ln -s usr/lib64 "$1/lib64"
  for program in base64 bash env cat chmod cp cut date echo false find grep head hostname id ln ls mkdir mkfifo mktemp mv \
    nproc ps pwd readlink rm rmdir sed seq sleep sort stat tail tar tee test touch tr true uname wc whoami xargs yes; do
    program=$(type -P "$program") || die "this machine has no $program to make loom-test/debian of"
    cp -L "$program" "$1/usr/bin/"
    ldd "$program" 2>/dev/null | grep -o '/[^ ]*' || true
  done | sort -u | while read -r library; do
    # By their own names: the loader finds /lib64/ld-… and the directories of its search path.
    mkdir -p "$1$(dirname "$library")"
    cp -L "$library" "$1$library"
  done
  ln -s bash "$1/usr/bin/sh"
  cp -L /etc/os-release "$1/etc/os-release"
}

# Adds Node.js, which the page is built with, to a tree of `debian_tree`.
node_into() {
  local program library
  program=$(type -P node) || die "node is missing" "see CONTRIBUTING.md for what building Loom needs"
  cp -L "$program" "$1/usr/bin/node"
  ldd "$program" 2>/dev/null | grep -o '/[^ ]*' | while read -r library; do
    mkdir -p "$1$(dirname "$library")"
    [ -e "$1$library" ] || cp -L "$library" "$1$library"
  done
}

# import DIR NAME CHANGE...
import() {
  local dir=$1 name=$2 change changes=()
  shift 2
  for change in "$@"; do changes+=(--change "$change"); done
  tar --owner=0 --group=0 --numeric-owner -C "$dir" -c . | docker import "${changes[@]}" - "$name" >/dev/null
}

add() {
  local work
  work=$(mktemp -d)
  # shellcheck disable=SC2064  # expanded now: `work` is gone when the trap runs
  trap "rm -rf '$work'" EXIT
  busybox_tree "$work/busybox"
  debian_tree "$work/debian"
  mkdir -p "$work/empty/empty"
  import "$work/busybox" loom-test/busybox:latest "$path" 'CMD ["/bin/sh"]'
  import "$work/busybox" loom-test/user:latest "$path" 'USER 1000'
  import "$work/busybox" loom-test/user-name:latest "$path" 'USER ann'
  import "$work/busybox" loom-test/user-unknown:latest "$path" 'USER 1234'
  import "$work/debian" loom-test/debian:latest "$path" 'CMD ["/bin/bash"]'
  node_into "$work/debian"
  import "$work/debian" loom-test/node:latest "$path" 'CMD ["/bin/bash"]'
  import "$work/empty" loom-test/empty:latest
  public alpine:latest loom-test/busybox
  local name
  for name in ubuntu:latest ubuntu:22.04 debian:latest node:20 node:22 python:3.12 golang:1.23; do
    public "$name" loom-test/debian
  done
}

# public NAME IMAGE: never takes a name from an image that is there.
public() { docker image inspect "$1" >/dev/null 2>&1 || docker tag "$2:latest" "$1"; }

remove() {
  local ids
  ids=$(docker images --quiet --no-trunc 'loom-test/*' | sort -u)
  [ -n "$ids" ] || return 0
  docker images --no-trunc --format '{{.ID}} {{.Repository}}:{{.Tag}}' | grep -F "$ids" | cut -d ' ' -f 2 |
    xargs -r docker rmi -f >/dev/null
}

case ${1:-} in
  add) add ;;
  remove) remove ;;
  *) die "usage: images.sh add|remove" ;;
esac
