# Every target sets up what it needs, the first time; see ./setup.
# ARGS goes to the command: make demo ARGS=--dry-run, make test ARGS='-k reorg'

BIN := .venv/bin
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
           --no-header --no-annotate
.DEFAULT_GOAL := help

# Tests, demo and bench start many processes; without compiled modules kept each compiles them anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help
help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 16

.PHONY: demo
demo: ## Stop an attack before your eyes, on a real Kafka and a real EVM node
	@./setup
	@$(BIN)/firebreak demo $(ARGS)

.PHONY: test
test: ## Run the test suite
	@./setup dev
	@$(BIN)/pytest -n 3 --dist loadfile -m 'not slow and not faults' $(ARGS)

.PHONY: slither
slither: ## Install Slither beside, for the tests that let it read our contracts
	@./setup dev
	@$(BIN)/python -m sandbox.fetch_slither

.PHONY: test-slow
test-slow: ## Run the tests that take minutes
	@./setup dev
	@$(BIN)/pytest -m slow $(ARGS)

.PHONY: sequences
sequences: ## Play a million random sequences against a responder's bounds; about half an hour
	@./setup dev
	@$(BIN)/pytest -n 2 -m slow tests/property/test_sequences.py \
	  tests/integration/contracts/test_gate_sequences.py $(ARGS)

.PHONY: test-cluster
test-cluster: ## Run the tests that need Kafka on three local brokers
	@./setup dev
	@FIREBREAK_TEST_BROKERS=3 $(BIN)/pytest -m 'kafka and not slow and not faults' $(ARGS)

.PHONY: test-container
test-container: ## Run the same tests on Kafka's official image; needs Docker
	@./setup dev
	@FIREBREAK_TEST_CONTAINERS=1 $(BIN)/pytest -m 'kafka and not slow and not faults' $(ARGS)

.PHONY: faults
faults: ## Break everything, on purpose, for an hour; ARGS=--seed=N repeats a run
	@./setup dev
	@$(BIN)/pytest tests/faults tests/integration/test_local_cluster.py $(ARGS)

.PHONY: bench
bench: ## Measure speed: JSON, a table, flame graphs (ARGS=--short: small, for CI)
	@./setup dev
	@$(BIN)/python -m bench $(ARGS)

.PHONY: fuzz
fuzz: ## Fuzz what reads hostile bytes, 20 s each; ARGS='codec --seconds 600 --seed 7'
	@./setup dev
	@$(BIN)/python -m tests.fuzz.run $(ARGS)

.PHONY: lint
lint: ## Check style and formatting
	@./setup dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

.PHONY: types
types: ## Check types, strictly
	@./setup dev
	@$(BIN)/mypy .

.PHONY: contracts
contracts: ## Check which room imports which
	@./setup dev
	@$(BIN)/lint-imports

.PHONY: check
check: lint types contracts ## Check style, types and imports

.PHONY: lock
lock: ## Lock package versions anew, keeping what still fits; ARGS=--upgrade keeps nothing
	@./setup dev
	@$(COMPILE) pyproject.toml --group build $(ARGS) -o requirements.lock
	@$(COMPILE) pyproject.toml --group build --extra dev $(ARGS) -o requirements-dev.lock

.PHONY: sizing
sizing: ## Compute the tables of docs/scaling.md; ARGS=bench/results/report.json takes measured figures
	@./setup dev
	@$(BIN)/python -m bench.sizing $(ARGS)

.PHONY: sbom
sbom: ## Write sbom.json: what the lock installs, in CycloneDX
	@./setup dev
	@$(BIN)/cyclonedx-py requirements requirements.lock --pyproject pyproject.toml --mc-type application \
	  --output-reproducible --validate --of JSON -o sbom.json
	@echo "sbom.json: $$(grep -c '"purl":' sbom.json) packages"

.PHONY: audit
audit: ## Look up known vulnerabilities of the locked packages; ARGS='-s osv' asks another service
	@./setup dev
	@$(BIN)/pip-audit --strict --disable-pip --require-hashes --progress-spinner off $(ARGS) \
	  -r requirements.lock || { echo 'audit: a vulnerability, or a service that does not know the' \
	  'packages: nothing was proven' >&2; exit 1; }

.PHONY: kubernetes-rules
kubernetes-rules: ## Write the alert rules as the Prometheus Operator wants them
	@./setup dev
	@$(BIN)/python deploy/kubernetes_rules.py

.PHONY: clean
clean: ## Remove what was made in this clone; the cache stays
	rm -rf .venv build dist *.egg-info .*_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
