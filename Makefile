# From a fresh clone, with Python >= 3.11 and make only: every target first builds .venv.
PYTHON ?= python3
SCHEDULES ?= 300
IDENTITIES ?= 500
EXAMPLES ?= 2000
REQUESTS ?= 10000
API_EXAMPLES ?= 200
ONLY ?=
T ?=
UPGRADE ?=
VENV := .venv
BIN := $(VENV)/bin
PACKAGES := $(patsubst %/__init__.py,%,$(wildcard */__init__.py))
SOURCES := manage.py $(PACKAGES)
# Static checks import the settings but never talk to a service: nobody listens there.
UNUSED := DATABASE_URL=postgresql://nobody@127.0.0.1:9/unused REDIS_URL=redis://127.0.0.1:9/0
# Made up, and long enough for `check --deploy` to accept it.
PRODUCTION := DEBUG=False SECRET_KEY=made-up-f7c2e0b94d1a86537f0c2b9e8d7a6154c3b2e1f0a9d8c7b6 \
	PUBLIC_URL=https://lrm.example.com ALLOWED_HOSTS=lrm.example.com \
	XERO_CLIENT_ID=made-up XERO_CLIENT_SECRET=made-up XERO_WEBHOOK_KEYS=made-up \
	TOKEN_ENCRYPTION_KEYS=ZGV2ZWxvcG1lbnQtb25seS1rZXktMzItYnl0ZXMtb2s= $(UNUSED)
PYTEST := $(BIN)/pytest
# Three processes keep two cores busy, since tests wait much; who is free takes over another's tests.
SIDE_BY_SIDE := -n 3 --dist worksteal
UNMEASURED := tests/benchmarks tests/convergence tests/upgrade
# Where tests in a browser stand: to collect all others takes each process twenty seconds. Each of
# the two runs a product of its own.
BROWSER := tests/journeys tests/platform -m browser -n 2 --dist worksteal
# Compiled modules are kept, whatever the machine says: hundreds of processes start in a test run.
export PYTHONDONTWRITEBYTECODE :=
# Templates that git tracks and those it does not know yet. Django's, without the simulator's.
templates_in = git ls-files --cached --others --exclude-standard $(1)
DJANGO_TEMPLATES := $(call templates_in,'templates/*.html' '*/templates/*.html' \
	':!xero_simulator/*')
ALL_TEMPLATES := $(call templates_in,'templates/*.html' '*/templates/*.html')
# uv writes one list for every Python and system; pip-tools only for the one that it runs on.
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--custom-compile-command "make requirements" \
	$(if $(filter all,$(UPGRADE)),--upgrade,$(addprefix --upgrade-package ,$(UPGRADE)))

.DEFAULT_GOAL := help
.PHONY: help install demo smoke rehearsal check test test-browser coverage lint lint-types lint-quickly \
	lint-migrations format docs bench soak walk requirements clean

help:
	@echo "make demo          the whole product on this machine, until Ctrl-C"
	@echo "make smoke         the same unattended: connect, re-sync, webhook, push, report"
	@echo "make rehearsal     a production start from an empty folder, a restore and a stop: ten minutes"
	@echo "make check         before every commit: lint and the quick tests, two minutes"
	@echo "make test          all tests but those in a browser; T=path for some of them"
	@echo "make test-browser  the tests in a browser (needs chromium)"
	@echo "make coverage      make test, measured: fails where too little is reached"
	@echo "make lint          static checks"
	@echo "make format        format code and templates"
	@echo "make docs          the documentation as a site, in .local/docs"
	@echo "make bench         the benchmark table; ONLY=P1,P2 for some of it"
	@echo "make soak          the long random fault run; SCHEDULES=300 IDENTITIES=500 EXAMPLES=2000 REQUESTS=10000 API_EXAMPLES=200"
	@echo "make walk          how many files and functions a webhook and a re-sync enter"
	@echo "make requirements  compile requirements*.in; UPGRADE=name or UPGRADE=all for newer ones"
	@echo "make install       only build .venv, as every target here does first"
	@echo "make clean         remove everything that was made here, the demo's data too"

# The stamp carries the hash of both requirements, so that an old environment is noticed whatever
# the clock says.
# What each process of the long random run has counted.
TALLY := $(CURDIR)/.local/soak
STAMP := $(VENV)/installed-$(shell cat requirements.txt requirements-dev.txt | cksum | cut -d' ' -f1)

install: $(STAMP)

$(STAMP):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed. Name one: make PYTHON=python3.13"; exit 1; }
	@echo "Building .venv with $$($(PYTHON) --version) (once, about a minute)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --disable-pip-version-check --no-input \
		--require-hashes -r requirements-dev.txt 2>&1 | $(BIN)/python scripts/pip_progress.py
	@rm -f $(VENV)/installed-*
	@touch $@

demo: $(STAMP)
	@exec $(BIN)/python -m lrm.demo

smoke: $(STAMP)
	@exec $(BIN)/python -m lrm.demo.smoke

# By hand, before a release or a first installation. KEEP=1 leaves its folder.
rehearsal: $(STAMP)
	@exec $(BIN)/python -m scripts.rehearsal

# Lint and every test that is neither slow nor in a browser (tests/conftest.py says which are).
check: lint
	$(PYTEST) -m "not browser and not slow" $(SIDE_BY_SIDE) -q

test: $(STAMP)
	$(PYTEST) $(if $(T),$(T),-m "not browser" $(SIDE_BY_SIDE))

test-browser: $(STAMP)
	$(PYTEST) $(BROWSER) -q

# The suite, and what it reaches. Processes that tests start write files of their own. Long random
# runs reach nothing that the others do not, and would be half as fast measured.
coverage: $(STAMP)
	@mkdir -p .local/coverage
	@$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -m "not browser" $(SIDE_BY_SIDE) $(UNMEASURED:%=--ignore=%)
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage json --quiet -o - | $(BIN)/python -m scripts.check_coverage
	$(PYTEST) -m "not browser" $(SIDE_BY_SIDE) $(UNMEASURED)

# mypy takes longer than all the others together, which run beside it.
lint: $(STAMP)
	@$(MAKE) --no-print-directory -j 2 $(if $(filter output-sync,$(.FEATURES)),--output-sync) \
		lint-types lint-quickly

lint-quickly: $(STAMP)
	$(BIN)/python -m scripts.check_requirements
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	@echo "djade, djlint on $$($(ALL_TEMPLATES) | wc -l) templates"
	@$(BIN)/djade --check --target-version 5.2 $$($(DJANGO_TEMPLATES))
	@$(BIN)/djlint --lint --quiet $$($(ALL_TEMPLATES))
	$(UNUSED) $(BIN)/lint-imports --no-logo
	@$(MAKE) --no-print-directory lint-migrations docs
	$(BIN)/python -m scripts.audit_requirements

lint-types: $(STAMP)
	$(UNUSED) $(BIN)/mypy $(SOURCES)

lint-migrations: $(STAMP)
	@echo "check --deploy, makemigrations --check, with the settings of production"
	@$(PRODUCTION) $(BIN)/python manage.py check --deploy --fail-level WARNING
	@$(PRODUCTION) $(BIN)/python -W ignore::RuntimeWarning manage.py makemigrations \
		--check --dry-run

format: $(STAMP)
	$(BIN)/ruff format $(SOURCES)
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/djade --target-version 5.2 $$($(DJANGO_TEMPLATES))

requirements: $(STAMP)
	$(COMPILE) requirements.in -o requirements.txt
	$(COMPILE) requirements-dev.in -o requirements-dev.txt
	@$(BIN)/python -m scripts.check_requirements

# Fails where a link leads nowhere. From files of the package alone: it needs no network.
docs: $(STAMP)
	@# Not --quiet: what it does not say, it does not count as a fault either.
	$(BIN)/mkdocs build
	@echo "The documentation: .local/docs/index.html"

bench: $(STAMP)
	@test -f benchmarks/__main__.py || { echo "There are no benchmarks yet."; exit 1; }
	@exec $(BIN)/python -m benchmarks $(ONLY)

walk: $(STAMP)
	$(PYTEST) scripts/walk.py -q -s -p no:randomly -p no:logging

soak: $(STAMP)
	@test -f tests/convergence/conftest.py || { echo "There is no convergence test yet."; exit 1; }
	@rm -rf $(TALLY) && mkdir -p $(TALLY)
	@export TALLY_FOLDER=$(TALLY); failed=; set -x; \
	$(PYTEST) tests/convergence --schedules $(SCHEDULES) --identity-schedules $(IDENTITIES) \
		--machine-examples $(EXAMPLES) --machine-mutants -n 2 -q || failed=1; \
	$(PYTEST) tests/security/test_fuzzing.py --fuzz-requests $(REQUESTS) -n 0 -q || failed=1; \
	$(PYTEST) tests/security/test_api_contract.py --api-examples $(API_EXAMPLES) -n 0 -q || failed=1; \
	$(BIN)/python -m tests.support.tally $(TALLY) || failed=1; \
	test -z "$$failed"

clean:
	rm -rf .venv .local .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis \
		staticfiles htmlcov
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
