#!/usr/bin/env bash
# `make demo-redis`: three studio servers on one Redis behind nginx, the example actors that report to any of them, and what to try.
# All of it on loopback, on ports of its own, in a folder that goes with it. Ctrl-C ends it.
#
#   LOOM_PORT (9090)    where nginx listens; the servers take the three ports after it
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../tests/setup/lib.sh"
cd "$root_dir"

port=${LOOM_PORT:-9090}
url=http://localhost:$port
bin=$target_dir/debug

listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
healthy() { node -e 'fetch(process.argv[1]).then((r) => r.json()).then((h) => process.exit(h.status === "ok" ? 0 : 1), () => process.exit(1))' "$1/api/health"; }

for taken in "$port" $((port + 1)) $((port + 2)) $((port + 3)); do
  ! listens "$taken" || die "port $taken is taken" "stop what listens there, or choose others: LOOM_PORT=9190 make demo-redis"
done

bash tests/setup/check-tools.sh
bash tests/setup/packages.sh redis
nginx=$(bash tests/setup/nginx.sh "$target_dir/loom-tests/nginx")
bash tests/setup/ui.sh
step "building (the first time takes a few minutes)"
cargo build --locked -p loom-studio -p loom-examples --bins --examples

work=$(mktemp -d)
children=()
stop_all() {
  trap - EXIT INT TERM
  stop_children
  rm -rf "$work"
}
trap 'stop_all' EXIT
trap 'say ""; say "stopping"; exit 0' INT TERM

# Debian's tools have the server in a program that looks by which name it is called.
redis_server() {
  local name
  for name in redis-server valkey-server redis-check-rdb; do
    if has "$name"; then
      ln -s "$(command -v "$name")" "$work/redis-server"
      echo "$work/redis-server"
      return
    fi
  done
}

step "starting Redis, three servers and nginx"
setsid "$(redis_server)" --port 0 --unixsocket "$work/redis.sock" --dir "$work" --save "" >"$work/redis.log" 2>&1 </dev/null &
children+=($!)
wait_until 10 test -S "$work/redis.sock" || die "Redis did not start: $(tail -n 1 "$work/redis.log")"

servers=()
for number in 1 2 3; do
  LOOM_REDIS_URL=redis+unix://$work/redis.sock LOOM_PORT=$((port + number)) LOOM_CORS_ORIGINS=$url \
    setsid "$bin/loom-studio" >"$work/studio.$number.log" 2>&1 </dev/null &
  children+=($!)
  servers+=($!)
done

# The recipe of docs/several-servers.md, with these ports.
{
  echo "daemon off; master_process off; pid $work/nginx.pid; error_log $work/nginx.log;"
  echo "events {}"
  echo "http { access_log off;"
  for kind in client_body proxy fastcgi uwsgi scgi; do echo "${kind}_temp_path $work/$kind;"; done
  sed -n '/^```nginx$/,/^```$/p' docs/several-servers.md | sed '1d;$d' | sed \
    -e "s/listen 8080;/listen 127.0.0.1:$port;/" -e "s/127.0.0.1:9091/127.0.0.1:$((port + 1))/" \
    -e "s/127.0.0.1:9092/127.0.0.1:$((port + 2))/" -e "s/127.0.0.1:9093/127.0.0.1:$((port + 3))/" \
    -e "s/proxy_read_timeout 70s/proxy_read_timeout 35s/"
  echo "}"
} >"$work/nginx.conf"
setsid "$nginx" -p "$work" -c "$work/nginx.conf" -e "$work/nginx.log" </dev/null >/dev/null 2>&1 &
children+=($!)
if ! wait_until 30 healthy "$url"; then
  tail -n 5 "$work"/studio.*.log "$work/nginx.log" >&2 || true
  die "the servers did not come up behind $url"
fi

for example in actors_demo actors_demo shop; do
  STUDIO_ENABLED=true STUDIO_URL=$url setsid "$bin/examples/$example" >"$work/actors.${#children[@]}.log" 2>&1 </dev/null &
  children+=($!)
done

cat <<TEXT

  Open $url: three servers answer as one. Each alone: $((port + 1)), $((port + 2)), $((port + 3)).

  Try, with the page open:
    who is there          curl -s $url/api/health
    one dies              kill -9 ${servers[0]}
    one stalls, goes on   kill -STOP ${servers[1]}; sleep 5; kill -CONT ${servers[1]}
    Redis is emptied      redis-cli -s $work/redis.sock FLUSHALL
    Redis is away         kill -STOP ${children[0]}; sleep 15; kill -CONT ${children[0]}

  What it means: docs/several-servers.md. Ctrl-C ends all of it.

TEXT
# One that is killed is part of what there is to try.
while :; do
  sleep 1 &
  wait $! || true
done
