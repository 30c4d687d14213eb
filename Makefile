# make run and make test are all a newcomer needs; `make help` lists the rest.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PRESET ?= release
BUILD := build/$(PRESET)
# Node from .venv counts only where the system's is too old: it stands last.
export PATH := $(PATH):$(CURDIR)/.venv/bin
# Builds of one source in two folders (release, wheel, another clone) share their compiler's work.
export CCACHE_BASEDIR := $(CURDIR)
export CCACHE_NOHASHDIR := 1

.PHONY: help setup build web run clients test fuzz sanitize bench format check docs-images clean

help: ## This list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Install what is missing: system packages, .venv, node_modules
	@tools/setup.sh

web: setup
	@tools/build_web.sh

build: setup web ## Build everything into build/release (PRESET=debug|asan|tsan for others)
	@tools/build.sh $(PRESET)

run: build ## Build, start the server, train the example, print the page's address; Ctrl-C ends it
	@.venv/bin/python tools/run_demo.py

clients: setup # older stock clients and object stores, for the tests
	@.venv/bin/python tools/client_environments.py
	@.venv/bin/python tools/object_stores.py

test: build clients ## Every test of every suite; the last line counts them
	@.venv/bin/python tools/run_tests.py

fuzz: setup ## Fuzz every reader of foreign bytes for some minutes (libFuzzer if clang-16 is there)
	@.venv/bin/python tools/fuzz.py --build --seconds 40

sanitize: setup ## Unit tests under the sanitizers of addresses, leaks, undefined behaviour and threads (long)
	@.venv/bin/python tools/sanitize.py

bench: build clients ## Measure; prints a table and writes bench/results.json
	@.venv/bin/python bench/run_bench.py

format: setup ## Rewrite all sources in the project's format
	@tools/format.sh --write

check: setup ## Layers, formatting and types, without building
	@.venv/bin/python tools/run_tests.py --only layers format

clean: ## Remove what was built; keeps .venv and node_modules
	rm -rf build web/dist python/runstone/*.so python/runstone/_core.pyi python/runstone/bin
