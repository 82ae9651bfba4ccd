#!/usr/bin/env bash
# A collector of OpenTelemetry, made of its own parts (tests/collector) by Go, beside what cargo builds; says where it is.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

has go || die "Go is not there, which builds the collector" "https://go.dev, or your system's packages"

parts=$root_dir/tests/collector
home=${LOOM_TEST_BIN_DIR:+$(dirname "$LOOM_TEST_BIN_DIR")}
home=${home:-$target_dir}
binary=$home/otel-collector-$(cat "$parts"/{main.go,go.mod,go.sum} | sha256sum | cut -c 1-16)
if [ ! -x "$binary" ]; then
  mkdir -p "$home"
  # An older Go would fetch a newer one.
  (cd "$parts" && GOTOOLCHAIN=local CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o "$binary.new" .) >&2
  mv "$binary.new" "$binary"
fi
printf '%s\n' "$binary"
