#!/usr/bin/env bash
# Prints where schemathesis is: in a folder of its own, with all that it needs, brought by pip. Nothing is installed beside.
# 3 where pip cannot bring it.
#
#   schemathesis.sh DIR
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

version=4.32.5
dir=${1:?where to put it}
program=$dir/bin/schemathesis
there() { "$program" --version 2>/dev/null | grep -qF "$version"; }

bring() {
  rm -rf "$dir"
  python3 -m venv "$dir" >"$dir.log" 2>&1 &&
    "$dir/bin/pip" install --quiet --disable-pip-version-check "schemathesis==$version" >>"$dir.log" 2>&1 </dev/null
}

if ! there; then
  say "bringing: schemathesis $version"
  mkdir -p "$(dirname "$dir")"
  bring || bring || true # once more: a registry may just have hiccuped
fi
there || {
  say "schemathesis $version is not to be had here: $(tail -n 1 "$dir.log" 2>/dev/null)"
  exit 3
}
echo "$program"
