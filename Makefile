# Everything one does with this project. `make help` lists it.
#
# make demo and make test need nothing but Debian, Rust from rustup and git.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
export PATH := $(HOME)/.cargo/bin:$(PATH)

TARGET := $(or $(CARGO_TARGET_DIR),target)
# One profile serves all tests, so that nothing is built twice: release with debug assertions.
PROOF := --profile proof --workspace
# How many times as many seeds `make soak` draws as `make test`.
TIMES ?= 10

.PHONY: help setup build demo test soak bench fmt lint deny clean

help: ## list what make can do
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## look whether this machine can build; install or name what is missing
	@if ! command -v cc >/dev/null; then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo 'no C compiler here: installing build-essential'; \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
	      apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends build-essential; \
	  else \
	    echo 'There is no C compiler. Install one, then come back. On Debian: sudo apt-get install build-essential' >&2; exit 1; \
	  fi; \
	fi
	@command -v cargo >/dev/null || { \
	  echo 'There is no Rust. Install it from https://rustup.rs, then come back.' >&2; exit 1; }
	@command -v git >/dev/null || { \
	  echo 'There is no git. Install it, then come back. On Debian: sudo apt-get install git' >&2; exit 1; }

build: setup ## build the binary as users run it: target/release/tocsin
	cargo build --release -p tocsin

demo: setup ## watch a made-up tea house get into a crisis, and the bell ring
	cargo run --release -p tocsin -- demo

test: setup ## everything that must hold, the demo included
	cargo build $(PROOF) --all-targets
	$(TARGET)/proof/tocsin demo --exit
	cargo test $(PROOF) --no-fail-fast

soak: setup ## the long forms of the tests: more seeds, more cases, poison and load (TIMES=10)
	cargo build $(PROOF) --all-targets
	TOCSIN_SOAK=1 TOCSIN_TIMES=$(TIMES) PROPTEST_CASES=4096 cargo test $(PROOF) --no-fail-fast

bench: setup ## one table of what it manages on this machine
	cargo build --release -p tocsin -p tocsin-benches
	$(TARGET)/release/tocsin-bench

fmt: ## format all sources
	cargo fmt --all

lint: setup ## formatting, and clippy with warnings as errors
	cargo fmt --all --check
	cargo clippy $(PROOF) --all-targets -- -D warnings

deny: ## licences, bans and origins of the outside crates (needs cargo-deny)
	cargo deny check licenses bans sources

clean: ## take away what was built
	cargo clean
