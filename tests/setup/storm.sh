#!/usr/bin/env bash
# Three studio servers on one Redis, killed and stalled at random moments, with any number of seeds.
#
#   SEEDS (1..10)   which: one, or a range
#   LOOM_STORM_PROCESSES, LOOM_STORM_ACTORS (of each), LOOM_STORM_VIEWERS, LOOM_STORM_BLOWS   how much of it
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
. "$here/lib.sh"
. "$here/suites.sh"
cd "$root_dir"

find_redis || die "no redis-server is to be had" "set LOOM_TEST_REDIS to one"
find_nginx || die "no nginx is to be had" "set LOOM_TEST_NGINX to one"
export LOOM_STORM_SEEDS=${SEEDS:-1..10}
cargo test --locked -p loom-studio --test redis -- --nocapture storm::
