# `make run` and `make test` need only python3 and make; `make help` lists all targets.
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run can-run state test coverage test-unit test-long check quality lint typecheck format contracts migrations deploy-check conformance messages bench demo manage sign-in-link lock audit sbom fuzz clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# --- A trial on this machine; all state is in var/ -------------------------------------------------------------------
PORT ?= 8000
DEMO ?= 1
STATE_DIR ?= var
# .ci/trial keeps the name: localhost, or 127.0.0.1 for a trial that began with it.
PUBLIC_URL ?= http://$$(cat "$(STATE_DIR)/host" 2>/dev/null || echo localhost):$(PORT)
PROBE_ALLOW_LOOPBACK ?= $(if $(filter 0 no false off,$(DEMO)),0,1)
DEMO_PORT_BASE ?=
# Prepares keys, the host name and ports, and for `run` checks that Gatepass can start: before anything is installed.
STATE = command -v $(PYTHON) >/dev/null || PYTHON="$(PYTHON)" .ci/bootstrap python; \
  STATE_DIR="$(STATE_DIR)" PORT="$(PORT)" DEMO="$(DEMO)" DEMO_PORT_BASE="$(DEMO_PORT_BASE)" $(PYTHON) .ci/trial
TRIAL = env DEMO=$(DEMO) STATE_DIR="$(STATE_DIR)" PUBLIC_URL="$(PUBLIC_URL)" \
  PROBE_ALLOW_LOOPBACK=$(PROBE_ALLOW_LOOPBACK) SECRET_KEY_FILE="$(STATE_DIR)/secret_key" \
  CREDENTIAL_KEYS_FILE="$(STATE_DIR)/credential_keys" \
  DEMO_PORT_BASE="$$(cat "$(STATE_DIR)/demo_port_base" 2>/dev/null)"

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## */\1\t/' | expand -t 16

run: can-run $(VENV)/.run  ## start Gatepass on localhost (PORT=8000, DEMO=0 for an empty database)
	@exec $(TRIAL) $(BIN)/python manage.py up

can-run:
	@$(STATE) run

state:
	@$(STATE) state

demo: state $(VENV)/.run  ## add the simulated sites to the trial's database
	@$(TRIAL) $(BIN)/python manage.py migrate --verbosity 0
	@$(TRIAL) $(BIN)/python manage.py load_demo

sign-in-link: state $(VENV)/.run  ## print a link that signs in EMAIL=… once, on the trial
	@$(TRIAL) $(BIN)/python manage.py sign_in_link "$(EMAIL)"

manage: state $(VENV)/.run  ## run the manage.py COMMAND="…" on the trial
	@$(TRIAL) $(BIN)/python manage.py $(COMMAND)

# --- Tests and quality -----------------------------------------------------------------------------------------------
# Settings of an imaginary production, for checks that read settings but connect to no service.
ASIDE = env -i PATH="$(PATH)" HOME="$(HOME)" LANG=C.UTF-8 PUBLIC_URL=https://gatepass.example.com \
  DATABASE_URL=postgres://none@127.0.0.1:1/none REDIS_URL=redis://127.0.0.1:6379/0 \
  SECRET_KEY=only-for-checks-without-a-server-5f0c2d7a9b1e4638-xyzw \
  CREDENTIAL_KEYS=Zm9yIGNoZWNrcyB0aGF0IHNlcnZlIG5vYm9keSAtLS0=

PARALLEL = --numprocesses auto --maxprocesses 4 --dist worksteal

test: $(VENV)/.dev  ## run all tests, with real servers and a real browser
	@.ci/bootstrap browser
	@.ci/bootstrap nginx
	@.ci/bootstrap gettext
	@$(BIN)/python -m pytest $(COVERAGE) $(PARALLEL)

coverage: COVERAGE = --cov --cov-report= -p tests.support.coverage_totals
coverage: test  ## run all tests and print the line coverage of each package (takes about 1.5 times as long)

test-unit: $(VENV)/.dev  ## run the tests that need no database and no network
	@.ci/bootstrap gettext
	@$(BIN)/python -m pytest -q $(PARALLEL) tests/unit

test-long: $(VENV)/.dev  ## run all tests, with many more trials of races, more requests to the API, and large data
	@.ci/bootstrap browser
	@.ci/bootstrap nginx
	@TEST_LONG=1 $(BIN)/python -m pytest $(PARALLEL)

conformance: $(VENV)/.dev  ## run the OAuth conformance cases of the provider and print the matrix
	@.ci/bootstrap browser
	@$(BIN)/python -m pytest -q -p tests.support.conformance_matrix tests/system/oauth_provider/test_conformance.py

check: quality test  ## run everything that CI runs: format, lint, types, contracts, migrations, deployment, tests

quality: lint typecheck contracts migrations deploy-check

lint: $(VENV)/.dev  ## show what the formatters and linters would change
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/djlint --check templates
	$(BIN)/djlint --quiet --lint templates

format: $(VENV)/.dev  ## format code and templates
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/djlint --quiet --reformat templates

typecheck: $(VENV)/.dev  ## check the types
	$(ASIDE) $(BIN)/mypy

contracts: $(VENV)/.dev  ## check the import contracts between packages
	$(ASIDE) $(BIN)/lint-imports

migrations: $(VENV)/.dev
	$(ASIDE) DATABASE_URL=sqlite://:memory: $(BIN)/python manage.py makemigrations --check --dry-run

deploy-check: $(VENV)/.dev
	$(ASIDE) $(BIN)/python manage.py check --deploy --fail-level WARNING

LOCALE = en
messages: $(VENV)/.dev  ## update the English message catalog, or translations with LOCALE=de
	@.ci/bootstrap gettext
	$(ASIDE) $(BIN)/python manage.py makemessages --locale "$(LOCALE)" --add-location file --no-obsolete \
	  --ignore .venv --ignore build --ignore var --ignore tests --ignore benchmarks
	@test "$(LOCALE)" = en || $(ASIDE) $(BIN)/python manage.py compilemessages --locale "$(LOCALE)" --ignore .venv


# Existing pins stay unless pyproject.toml excludes them; `make lock UPGRADE=--upgrade` moves to new releases.
# Wheels only, because build dependencies of source distributions would have no hashes.
LOCK = $(BIN)/uv pip compile --quiet --generate-hashes --only-binary :all: --emit-build-options --no-strip-markers \
  --python-version 3.11 --python-platform x86_64-manylinux_2_28 --custom-compile-command "make lock" $(UPGRADE)

lock: $(VENV)/.dev  ## pin dependencies with hashes in requirements/ (UPGRADE=--upgrade for new releases)
	$(LOCK) pyproject.toml --output-file requirements/run.txt
	$(LOCK) --group dev --constraint requirements/run.txt --output-file requirements/dev.txt

audit: $(VENV)/.dev  ## scan code and dependencies for known vulnerabilities (OFFLINE=1: the code only)
	@BIN=$(BIN) .ci/audit

sbom: $(VENV)/.dev  ## write the bill of materials of the run-time dependencies to var/sbom.json (CycloneDX)
	@mkdir -p var
	@$(BIN)/cyclonedx-py requirements requirements/run.txt --pyproject pyproject.toml --output-reproducible --of JSON --output-file var/sbom.json

fuzz: $(VENV)/.dev  ## give each property test of the parsers 60 seconds (FUZZ_SECONDS)
	@$(BIN)/python -m pytest -p tests.support.fuzzing $(PARALLEL) tests/unit

bench: $(VENV)/.dev  ## run the benchmarks
	$(BIN)/python -m benchmarks

clean:  ## delete the virtual environment and the trial's state
	rm -rf $(VENV) build *.egg-info "$(STATE_DIR)"

# --- Prerequisites ---------------------------------------------------------------------------------------------------
# Stamp files, so that a second `make run` installs nothing.
$(VENV)/.run: requirements/run.txt .ci/bootstrap
	@PYTHON="$(PYTHON)" .ci/bootstrap python
	@echo "Installing Gatepass's dependencies (once) …"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes --requirement requirements/run.txt
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements/dev.txt
	@echo "Installing the test dependencies (once) …"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes --requirement requirements/dev.txt
	@touch $@
