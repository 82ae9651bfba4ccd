#!/usr/bin/env bash
# Builds the studio's page into studio-ui/dist, from where the server's build takes it. Does nothing when it is newer
# than its sources.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$root_dir/studio-ui"

# The lock file decides; npm notes what it installed.
if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  say "installing the page's packages"
  npm ci --no-audit --no-fund </dev/null >&2 || {
    say "once more: a registry may just have hiccuped"
    npm ci --no-audit --no-fund </dev/null >&2
  }
  touch node_modules/.package-lock.json
fi

if [ ! -e dist/index.html ] ||
  [ -n "$(find . \( -name node_modules -o -name dist -o -name e2e \) -prune -o -type f -newer dist/index.html -print -quit)" ]; then
  say "building the page"
  npm run build --silent </dev/null >&2
fi
