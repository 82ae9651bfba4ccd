#!/usr/bin/env bash
# A Python with OpenTelemetry's SDK, in an environment of its own beside what cargo builds; says where its interpreter is.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

SDK=1.45.2

home=${LOOM_TEST_BIN_DIR:+$(dirname "$LOOM_TEST_BIN_DIR")}
home=${home:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/target}/otel-python-$SDK
if [ ! -e "$home/ready" ]; then
  rm -rf "$home"
  python3 -m venv "$home" >&2
  "$home/bin/pip" install --quiet --disable-pip-version-check \
    "opentelemetry-sdk==$SDK" "opentelemetry-exporter-otlp-proto-http==$SDK" >&2
  touch "$home/ready"
fi
printf '%s\n' "$home/bin/python"
