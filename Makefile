# Every chore is one command. What it needs it makes first, in .venv, .venv-demo and .cache of this folder.

DEV   := scripts/venv dev
DEMO  := scripts/venv demo
RINGS := $(DEV) python scripts/test_rings.py

.PHONY: help demo lab test lint types sanity units faults floor integration molecule molecule-all real contract journeys bench wave mutants pictures awx-proof format docs build ee matrix lock clean
.NOTPARALLEL:

help: ## this list
	@sed -n 's/^\([a-z-]*\): ## /\1\t/p' Makefile | expand -t 14

demo: ## order, approve, deploy, prove, renew and roll back certificates in the lab, two minutes
	@scripts/demo

lab: ## a made-up world to play in: seller, DNS, mail and web servers on loopback (tests/lab/README.md)
	@$(DEMO) env PYTHONPATH=tests python -m lab --folder .cache/lab

test: ## every check there is; ends with one line of counts (REQUIRE_REAL=1: a skip is a failure)
	@$(RINGS)

# The rings of "make test", one at a time:
lint: ## ruff, yamllint, ansible-lint, changelog, documentation, shellcheck
	@$(RINGS) $@
types: ## mypy --strict on plugins/
	@$(RINGS) $@
sanity: ## ansible-test sanity
	@$(RINGS) $@
units: ## unit tests on this Python
	@$(RINGS) $@
faults: ## break it: every attack on the design's invariants, in an hour; prints what held (make test: a spread of them)
	@FAULTS=long $(RINGS) $@
floor: ## unit tests of module code on Python 3.9 with cryptography 36
	@$(RINGS) $@
integration: ## ansible-test integration: each module and role on this machine, twice
	@$(RINGS) $@
molecule: ## the default molecule scenario, in the lab
	@$(RINGS) $@
molecule-all: ## every molecule scenario: approval, upgrade, rollback on systemd hosts (podman), the example for users (S=)
	@scripts/venv release python scripts/molecule_all.py $(S)
real: ## the whole pipeline on BIND, Pebble and nginx (root installs them)
	@$(RINGS) $@
journeys: ## the lab's own tests, and the playbooks in it with each vice alone
	@$(RINGS) $@
contract: ## every CA adapter with every verb and vice, every DNS service on its real server; prints the matrix
	@$(RINGS) $@

bench: ## ours and what you would pick instead on the same servers (JOBS="A50 C", JOBS=list, RUNS=, BUDGET=, MISSING=1)
	@scripts/packages bench
	@scripts/venv bench true
	@$(DEV) python bench/run.py $(JOBS) $(if $(RUNS),--runs $(RUNS)) $(if $(BUDGET),--budget $(BUDGET)) $(if $(MISSING),--missing)

wave: ## 100,000 certificates over shards and CA limits until the end of 2029, simulated (a minute): which knob matters
	@$(DEV) python bench/simulate.py

mutants: ## change the core's code, one thing at a time: how many changes no test tells (an hour; FILES="times wish": few)
	@$(DEV) nice python scripts/mutants $(FILES)

awx-proof: ## 400 days of scheduled jobs as AWX runs them, of 32 certificates and their people; prints the table (DAYS=, SEED=)
	@$(DEV) env PYTHONPATH=tests:tests/journeys python -m awx.proof $(if $(DAYS),--days $(DAYS)) $(if $(SEED),--seed $(SEED))

pictures: ## photograph the report's page anew for its guide (needs Chromium)
	@$(DEV) python scripts/report_pictures.py

format: ## let ruff write the code
	@$(DEV) ruff check --fix .
	@$(DEV) ruff format .

docs: ## the documentation as a site to read offline, English and Japanese: .cache/docs/site/index.html
	@$(DEV) antsibull-docs lint-collection-docs --plugin-docs .
	@scripts/venv docs python scripts/docs_site.py

build: ## dist/: the tarball (same commit, same bytes), bill of materials, SHA256SUMS; Galaxy's importer looks (SIGN_KEY=)
	@scripts/venv release python scripts/build.py

ee: ## an execution environment as an image, and jobs in it as AWX runs them, against the lab (podman; root installs it)
	@scripts/venv release python scripts/ee.py

matrix: ## ansible-test on every ansible-core and Python there is here, as a table (PAIRS="2.21/3.13", KINDS="sanity units")
	@$(DEV) nice python scripts/matrix.py $(if $(PAIRS),--pairs $(PAIRS)) $(if $(KINDS),--kinds $(KINDS))

lock: ## resolve requirements/*.in anew for Python >= 3.11, all hashes and no address in it
	@for kind in demo dev docs bench ee release; do $(DEV) uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	    --no-header requirements/$$kind.in --output-file requirements/$$kind.txt || exit; done

clean: ## remove all that these commands made
	rm -rf .venv .venv-demo .cache .demo .ansible collections dist tests/output inkan-tls-*.tar.gz
