# `make help` prints the verbs. Each sets itself up: nothing has to be installed by hand first.
SHELL := /bin/sh
.DEFAULT_GOAL := help
# Where it is set each of the many processes compiles all that it imports: to collect the tests takes 35 s and not 11.
unexport PYTHONDONTWRITEBYTECODE
BIN := .venv/bin
ARGS ?=
ROLE ?= edge
ROLES ?= edge business parse archive storage all
IMAGES ?= edge center cluster provisioning broker
KEY ?= release.key
DIR ?= .
OUT ?= dist
TARGET ?= 3.13
ARCH ?= $(shell uname -m)
MODELS ?= $(or $(WAYSIDE_MODELS),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/wayside/models)

help: ## Print this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-11s %s\n", $$1, $$2}'

demo: ## A whole street on this machine; ARGS="--for 90 --report out" runs it bounded, with a report; ARGS=--training plants faults
	@bin/setup demo
	@PATH="$(CURDIR)/.cache/debian/bin:$$PATH" $(BIN)/wayside-provision demo $(ARGS)

test: ## Unit, conformance, scenario and browser tests
	@bin/setup dev
	@$(BIN)/wayside-engines fetch --kind model --kind audit --kind footage --kind photo
	@$(BIN)/python -m tests.run --numprocesses 3 --no-loadscope-reorder $(ARGS)

quick: ## The tests of what has changed since main, the nearest first, in two minutes; ARGS="--since REV" looks further back
	@bin/setup dev
	@$(BIN)/wayside-engines fetch --kind model --kind audit --kind footage --kind photo
	@$(BIN)/python -m tests.quick $(ARGS)

check: ## Format, lint, types, import contracts
	@bin/setup dev
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy .
	@$(BIN)/lint-imports --no-cache

bench: ## Speed and memory beside a baseline in the same run; ARGS=cluster: what the cluster promises, half an hour
	@bin/setup dev
	@$(BIN)/wayside-engines fetch --kind model --kind footage --kind photo
	@$(BIN)/python -m bench $(ARGS)

evaluate: ## How much is covered of labelled pictures that the recipe was not tuned on (docs/evaluation.md)
	@bin/setup dev
	@$(BIN)/wayside-engines fetch --kind model --kind audit
	@$(BIN)/python -m bench.evaluation $(ARGS)

chaos: ## Kills, cuts and full disks against real processes, and attacks on a whole street; the books must balance (a quarter of an hour)
	@bin/setup dev
	@$(BIN)/pytest -m losses tests/scenarios tests/conformance
	@$(BIN)/python -m tests.chaos $(ARGS)
	@PATH="$(CURDIR)/.cache/debian/bin:$$PATH" $(BIN)/python -m tests.chaos.attacks

brokers: ## The tests of the broker, with the mosquitto that is first on the path; parts also with flashmq, if it is there
	@bin/setup dev
	@$(BIN)/pytest tests/provisioning/broker tests/conformance/test_broker.py tests/edge_agent/uplink/test_custody.py \
	  tests/scenarios/test_broker_rights.py tests/scenarios/test_broker_overflow.py tests/scenarios/test_greedy_agent.py \
	  tests/scenarios/test_intake_group.py tests/scenarios/test_revocation.py $(ARGS)

arm: ## The edge's tests, then part of the evaluation beside this machine's, in an emulated aarch64 Debian; as root, an hour
	@bin/setup dev
	@bin/arm test $(ARGS)
	@bin/arm evaluate

soak: ## Thirty cameras for ten minutes, ten thousand devices for twelve; ARGS=cameras, devices or archive (20 M rows) alone
	@bin/setup demo
	@$(BIN)/wayside-engines fetch --kind model --kind footage
	@$(BIN)/python -m bench.soak $(ARGS)

release-key: ## The key that signs archives, once: release.key stays here, release.pub goes to every machine; DIR=. says where
	@bin/setup demo
	@$(BIN)/python -m provisioning.release key -o $(DIR)

bundle: ## One signed archive for a Debian without internet; ROLE=edge|business|parse|archive|storage|all, KEY=release.key, TARGET=3.13 (its Python), ARCH=aarch64
	@bin/setup demo
	@$(BIN)/wayside-engines fetch --kind model
	@$(BIN)/python -m provisioning.release build --role $(ROLE) --key $(KEY) --models $(MODELS) --python $(TARGET) --arch $(ARCH) -o $(OUT)

release: ## All files of a release of this commit, signed, in dist/VERSION; refuses what is not ready, tags and pushes nothing
	@bin/setup dev
	@$(BIN)/wayside-engines fetch --kind model
	@$(BIN)/python -m provisioning.release make $(addprefix --role ,$(ROLES)) $(addprefix --image ,$(IMAGES)) --key $(KEY) --models $(MODELS) --python $(TARGET) -o $(OUT)

client: ## Generate the typed client of client/ anew (after a change of the API)
	@bin/setup dev
	@$(BIN)/uv venv --quiet --allow-existing .cache/client
	@$(BIN)/uv pip sync --quiet --require-hashes --python .cache/client/bin/python client/generator/requirements.lock
	@PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --prefix client/generator --ignore-scripts --no-audit --no-fund --silent
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python client/generate_client.py

images: ## Container images; ARGS="edge center" builds these alone, BASE=IMAGE builds on another Debian (docs/containers.md)
	@bin/setup demo
	@$(BIN)/wayside-engines fetch --kind model --kind footage
	@MODELS="$(MODELS)" bin/images $(ARGS)

lock: ## Resolve requirements.lock anew (after a change of dependencies)
	@bin/setup dev
	@$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --all-extras --no-emit-index-url \
	  --generate-hashes --quiet --custom-compile-command "make lock" -o requirements.lock
	@$(BIN)/uv pip compile client/generator/requirements.in --universal --python-version 3.11 --no-emit-index-url \
	  --generate-hashes --quiet --custom-compile-command "make lock" -o client/generator/requirements.lock

docs: ## These pages as a site in out/site, which asks nobody outside
	@bin/setup dev
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict $(ARGS)

clean: ## Remove what the verbs above made here
	@rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis out build dist

.PHONY: help demo test quick check bench evaluate chaos brokers arm soak release-key bundle release client images lock docs clean
