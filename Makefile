# Thin on purpose: every verb is a script that runs on its own as well. CARGO_TARGET_DIR is respected.

.DEFAULT_GOAL := help
.PHONY: help demo demo-redis storm test dev bench simulate fuzz kills podman lint ui picture tools

help: ## this list
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 18

demo: tools ## build, start the studio on :9090, run the example workflow and actors in it; Ctrl-C ends it
	@bash examples/demo.sh

demo-redis: tools ## three studio servers on one Redis behind nginx, and actors that report to any of them; Ctrl-C ends it
	@bash examples/demo-redis.sh

storm: tools ## those three, killed, stalled and their Redis emptied at random moments; SEEDS=1..100 says which, 1..10 when not given
	@bash tests/setup/storm.sh

test: tools ## everything that CI does; needs root, passwordless sudo or a Docker engine that answers
	@bash tests/setup/test.sh

dev: tools ## rebuild and restart on change; the page's own server on :5173
	@bash tests/setup/dev.sh

bench: tools ## the benches, as ratios against a peer in the same run
	@bash tests/setup/bench.sh

simulate: tools ## the engine in simulated time; SEEDS=1..100000 says which histories, SEEDS=7 one
	@bash tests/setup/simulate.sh

fuzz: tools ## broken texts for all of the language, scripts against bash; FUZZ_SECONDS=60 says how long
	@bash tests/setup/fuzz.sh

kills: tools ## runs killed in every way and at every moment, with an engine of its own; SEEDS=1..200; wants root
	@bash tests/setup/kills.sh

podman: tools ## the Docker executor's suite and small workflows on Debian's Podman; wants root
	@bash tests/setup/podman.sh test

lint: tools ## format, clippy, the page's lints; no test is run
	@bash tests/setup/lint.sh

ui: tools ## install the page's packages and build it into studio-ui/dist
	@bash tests/setup/ui.sh

picture: tools ## take the README's screenshots of the studio again
	@bash tests/setup/picture.sh

# Conformance cases that are shared with others, where there are any beside the project; `tests/conformance.rs` of the
# workflow crate runs them.
ifneq ($(wildcard ../shared/conformance),)
export LOOM_CONFORMANCE_DIR ?= $(abspath ../shared/conformance)
endif

tools:
	@bash tests/setup/check-tools.sh
