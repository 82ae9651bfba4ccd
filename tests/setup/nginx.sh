#!/usr/bin/env bash
# Prints where an nginx is: the machine's own, or Debian's, unpacked into a folder. Installed it would start a server.
#
#   nginx.sh DIR
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

dir=${1:?where to unpack it}
if has nginx; then
  command -v nginx
  exit
fi
if [ ! -x "$dir/usr/sbin/nginx" ]; then
  has apt-get || die "missing: nginx" "install it as your system does; it need not run"
  say "unpacking: nginx"
  mkdir -p "$dir"
  cd "$dir"
  log=$dir/log
  apt-get download -qq nginx >"$log" 2>&1 || {
    { as_root apt-get update -qq && apt-get download -qq nginx; } >>"$log" 2>&1 </dev/null ||
      die "nginx could not be fetched: $(tail -n 1 "$log")" "apt-get install nginx, or set LOOM_TEST_NGINX"
  }
  dpkg-deb -x nginx_*.deb . && rm -f nginx_*.deb
fi
"$dir/usr/sbin/nginx" -v 2>/dev/null || die "the unpacked nginx does not run" "apt-get install nginx, or set LOOM_TEST_NGINX"
echo "$dir/usr/sbin/nginx"
