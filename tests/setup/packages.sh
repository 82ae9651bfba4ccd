#!/usr/bin/env bash
# Installs what the whole-system tests need from Debian's packages, only what is missing, without a question.
#
#   packages.sh docker|browser|redis|bench|base...     each word names a part of the tests
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

static_busybox() { has busybox && ! ldd "$(command -v busybox)" >/dev/null 2>&1; }

# need TEST PACKAGE: remembers the package when the test says that its program is not there.
packages=()
need() { eval "$1" || packages+=("$2"); }

wanted() {
  packages=()
  local part
  for part in "$@"; do
    case $part in
      base)
        need 'has ps' procps
        need 'has python3' python3
        need 'python3 -c "import ensurepip, venv" 2>/dev/null' python3-venv
        # Of the system's own Python, whichever is first in the PATH.
        need '/usr/bin/python3 -c "import aiosmtpd" 2>/dev/null' python3-aiosmtpd
        ;;
      docker)
        # An engine that is given needs no daemon of ours.
        if can_root; then
          need 'has dockerd' docker.io
          need 'has ip' iproute2
          need 'has iptables' iptables
          need 'has useradd' passwd
        fi
        # Newer Debians have the command apart from the daemon.
        need 'has docker' "$(apt-cache show docker-cli >/dev/null 2>&1 && echo docker-cli || echo docker.io)"
        need 'has docker-registry' docker-registry
        need 'static_busybox' busybox-static
        ;;
      browser)
        need 'has chromium' chromium
        ;;
      bench)
        need 'has rg' ripgrep
        ;;
      redis)
        # The server is in its tools under another name; its own package would start one.
        need 'has redis-server || has valkey-server || has redis-check-rdb' redis-tools
        ;;
      *) die "unknown part: $part" ;;
    esac
  done
}

wanted "$@"
[ ${#packages[@]} -gt 0 ] || exit 0

list=$(printf '%s\n' "${packages[@]}" | sort -u | tr '\n' ' ')
can_root || die "missing: $list" "apt-get install $list" "or run this as root, or with passwordless sudo"
has apt-get || die "missing: $list" "these are Debian's names; install them as your system does"

say "installing: $list"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
as_root apt-get update -qq >"$log" 2>&1 </dev/null || say "apt-get update failed; trying with the lists at hand"
wanted "$@" # the lists may tell of a package that was unknown before
for package in $(printf '%s\n' "${packages[@]}" | sort -u); do
  as_root apt-get install -y -qq --no-install-recommends "$package" >>"$log" 2>&1 </dev/null || {
    say "could not install $package:"
    tail -n 15 "$log" >&2
  }
done

wanted "$@"
[ ${#packages[@]} = 0 ] || die "could not be installed: $(printf '%s ' "${packages[@]}")" "see the output above"
