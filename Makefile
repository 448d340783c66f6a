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
SEED ?= 0
# `make manifests LONG=long` asks kube-score, too; so does `make soak`.
LONG ?=
# Where labelled texts are: NAME.train.tsv and NAME.test.tsv.
SETS ?= ../shared/data/sentiment
# How long `make fuzz` tries each target.
FUZZ_SECONDS ?= 60

.PHONY: help setup services-up services-down build demo test soak kill fuzz bench bench-kafka detection model eval peers manifests image-root live pods arm archive twice sbom fmt lint deny advisories clean

help: ## list what make can do
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## look whether this machine can build; install or name what is missing
	@services/setup.sh

services-up: setup ## start Kafka on 127.0.0.1:19092 and Redis on 127.0.0.1:16379, to try things by hand
	services/kafka.sh start $(TARGET)/services/kafka 19092
	services/redis.sh start $(TARGET)/services/redis 16379

services-down: ## stop them; their data stays in target/services
	services/kafka.sh stop $(TARGET)/services/kafka
	services/redis.sh stop $(TARGET)/services/redis

build: setup ## build the binary as users run it: target/release/tocsin
	cargo build --release -p tocsin

demo: setup ## watch a made-up tea house get into a crisis, and the bell ring
	cargo run --release -p tocsin -- demo

test: setup ## everything that must hold, the demo included
	cargo build $(PROOF) --all-targets
	$(TARGET)/proof/tocsin demo --exit
	cargo test $(PROOF) --no-fail-fast

soak: setup ## the long forms of the tests: more seeds, more cases, poison and load, kube-score (TIMES=10)
	cargo build $(PROOF) --all-targets
	TOCSIN_SOAK=1 TOCSIN_TIMES=$(TIMES) PROPTEST_CASES=4096 cargo test $(PROOF) --no-fail-fast
	$(MAKE) manifests LONG=long
	$(MAKE) fuzz

kill: setup ## kill services, brokers and Redis under load in the order of SEED
	cargo build $(PROOF) -p tocsin
	TOCSIN_SEED=$(SEED) cargo test $(PROOF) -p tocsin-tests --test services_kill -- --nocapture

fuzz: setup ## throw odd input at what reads queries and texts (FUZZ_SECONDS=60 for each target)
	@cargo +nightly fuzz --version >/dev/null 2>&1 || { \
	  echo 'Fuzzing needs a nightly compiler and cargo-fuzz: rustup toolchain install nightly && cargo install cargo-fuzz' >&2; exit 1; }
	cd fuzz && for target in clean query analyze; do \
	  mkdir -p target/found/$$target; \
	  cargo +nightly fuzz run $$target target/found/$$target corpus/$$target -- \
	    -max_total_time=$(FUZZ_SECONDS) -max_len=4096 -rss_limit_mb=4096; \
	done

bench: setup ## one table of what it manages on this machine
	cargo build --release -p tocsin -p tocsin-benches
	$(TARGET)/release/tocsin-bench

# Somebody else's answer to the same task, to measure beside ours.
PEER ?=
PART ?=
POSTS ?= 200000
ROUNDS ?= 3
bench-kafka: setup ## what the stages manage over Kafka and Redis (PEER=folder: beside somebody else's answer; PART=link, five, delay, one, hot or keys: that alone)
	cargo build --release -p tocsin -p tocsin-benches
	services/kafka.sh start $(TARGET)/bench/kafka 19192
	services/redis.sh start $(TARGET)/bench/redis 16479
	trap 'services/kafka.sh stop $(TARGET)/bench/kafka; services/redis.sh stop $(TARGET)/bench/redis; rm -rf $(TARGET)/bench' EXIT; \
	  $(TARGET)/release/tocsin-bench-kafka 127.0.0.1:19192 127.0.0.1:16479 $(POSTS) $(ROUNDS) '$(PEER)' $(PART)

detection: setup ## how well it knows a crisis: the tables and curves of docs/detection.md (an hour, 2 GB)
	cargo build --release -p tocsin -p tocsin-benches
	$(TARGET)/release/tocsin-detection

model: build ## make the model that is shipped from the sets in SETS, in minutes
	$(TARGET)/release/tocsin train --data $(SETS) --out crates/score/data/model.bin
	mv crates/score/data/model.bin.md docs/model-card.md

eval: build ## measure what is read right on the sets in SETS
	$(TARGET)/release/tocsin eval --data $(SETS) --markdown

peers: ## measure SnowNLP, cnsenti, VADER and TextBlob on the same rows (needs Python; ROWS=500 of each set, 0 is all)
	python3 -m venv $(TARGET)/peers
	$(TARGET)/peers/bin/pip install --quiet -r benches/peers/requirements.txt
	$(TARGET)/peers/bin/python benches/peers/measure.py $(SETS) $(or $(ROWS),500)

manifests: ## hold deploy/ and k8s/ against what reads them: promtool, kustomize, shapes, habits (needs Python and Go)
	deploy/checks/run.sh $(TARGET)/manifests $(LONG)

image-root: setup ## run the image's root file system without a container engine (needs root)
	cargo build $(PROOF) --bin tocsin
	deploy/checks/image.sh $(TARGET)/proof/tocsin

live: setup manifests ## run five services for two minutes, and ask every panel of the dashboards what it shows
	cargo build $(PROOF) --bin tocsin
	$(TARGET)/manifests/bin/python deploy/checks/live.py $(TARGET)/proof/tocsin

pods: setup manifests ## run the pods of k8s/ as processes in network namespaces, and scale each service 1 -> 3 -> 1 (needs root)
	cargo build $(PROOF) --bin tocsin
	$(TARGET)/manifests/bin/python deploy/checks/pods.py $(TARGET)/proof/tocsin

arm: setup ## build for 64-bit ARM and run that in an emulator (needs Debian and root; a quarter of an hour)
	deploy/checks/arm.sh $(TARGET)/arm

archive: setup ## an archive for this kind of machine as it is released: TARGET_OF=x86_64-unknown-linux-musl, or another (ten minutes)
	deploy/archive.sh $(or $(TARGET_OF),$(shell uname -m)-unknown-linux-musl)

twice: setup ## build what is committed twice, in two folders, and compare: the same to the byte (some minutes a build)
	deploy/checks/twice.sh $(TARGET)/twice

sbom: ## list all that is in the program, as CycloneDX: target/tocsin.cdx.json
	python3 deploy/checks/sbom.py > $(TARGET)/tocsin.cdx.json

fmt: ## format all sources
	cargo fmt --all

lint: setup ## formatting, and clippy with warnings as errors
	cargo fmt --all --check
	cargo clippy $(PROOF) --all-targets -- -D warnings

deny: ## licences, bans and origins of the outside crates (needs cargo-deny)
	cargo deny check licenses bans sources

advisories: ## vulnerabilities that are known of the outside crates (needs cargo-deny and a way to their list)
	deploy/checks/advisories.sh

clean: ## take away what was built
	cargo clean
