# `make help` lists the targets. Needed: Python 3.11 or newer with venv, make, and a package index for the first run.

# The distribution's Python comes first: one that pyenv has built is often without optimisations, and starts half as fast.
PYTHON ?= $(shell for each in /usr/bin/python3 python3.11 python3 python3.12 python3.13; do \
	$$each -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$each; break; }; done)
PORT ?=
ONLY ?=
MINUTES ?= 10
SEED ?= 0
CHECKS ?=
UV_VERSION := 0.13.9

VENV := .venv/bin
GALAXY_RUN := .galaxy/planemo/bin/python tests/galaxy/run.py
# what the package needs to run; and with all that its tests need
DEMO_READY := .venv/.ready-to-run
PACKAGE_READY := .venv/.ready
DOCS_READY := .venv/.ready-for-docs
GALAXY_READY := .galaxy/.ready
# ruff leaves out what git ignores, but only inside a git check-out
NOT_OURS := --extend-exclude .galaxy

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test unit check check-beside-docs unit-tests docs other-cpus fuzz release-check galaxy galaxy-install galaxy-tests screenshots clean

# $(call stage,NAME,COMMAND): run a command and print one line with its seconds, also when it fails
define stage
	@start=$$(date +%s); ( $(2) ); status=$$?; echo "== $(1): $$(( $$(date +%s) - start )) s"; exit $$status
endef

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | awk -F '\t' '{ printf "make %-15s %s\n", $$1, $$2 }'

demo: $(DEMO_READY) ## simulate a cohort, train, predict for new samples and new drugs, compare with the truth
	$(call stage,demo,$(VENV)/python docs/demo.py)

test: $(PACKAGE_READY) $(DOCS_READY) $(GALAXY_READY) check-beside-docs unit-tests galaxy-tests ## everything: checks, unit tests, docs, tools, workflows and pages in a real Galaxy

unit: $(PACKAGE_READY) check unit-tests ## checks and unit tests, without Galaxy

check: $(PACKAGE_READY) ## style, types, and that imports point down
	$(call stage,ruff,$(VENV)/ruff check $(NOT_OURS) . && $(VENV)/ruff format --check $(NOT_OURS) .)
	$(call stage,mypy,$(VENV)/mypy)
	$(call stage,import directions,$(VENV)/lint-imports)

# each of them mostly keeps one core; the docs say their words when the checks have said theirs
check-beside-docs: $(PACKAGE_READY) $(DOCS_READY)
	@mkdir -p build; $(MAKE) docs > build/docs.log 2>&1 & docs=$$!; $(MAKE) check; status=$$?; \
		wait $$docs || status=$$?; cat build/docs.log; exit $$status

# one thread each: two processes that both take all cores wait for each other, and learners alone take ten times as long;
# half of the tests each, in their order, so that what the tests of a module share is made once
unit-tests: $(PACKAGE_READY)
	$(call stage,unit tests,OMP_NUM_THREADS=1 $(VENV)/pytest -q -n 2 --dist worksteal)

# nothing is fetched; a warning is an error, and so is a link inside that leads nowhere
docs: $(DOCS_READY) ## the pages as a site, its notebooks run anew: build/docs/index.html
	$(call stage,docs,$(VENV)/python -m sphinx -q -E -j 2 -W --keep-going -d build/docs/.doctrees docs build/docs)
	@echo 'build/docs/index.html'

other-cpus: $(PACKAGE_READY) ## the tests of what computes, as on other kinds of processor (ONLY='tests/learners/trees/test_trees.py')
	$(call stage,other processors,$(VENV)/python tests/other_cpus.py $(ONLY))

fuzz: $(PACKAGE_READY) ## damaged inputs of every format (MINUTES=10 SEED=0 ONLY='vcf model')
	$(call stage,fuzz,OMP_NUM_THREADS=1 $(VENV)/python -m benchmarks fuzz --minutes $(MINUTES) --seed $(SEED) --only $(ONLY))

release-check: $(PACKAGE_READY) ## build, install into empty environments, use, write the bill of materials (CHECKS='--lowest --python 3.13')
	$(call stage,release check,$(VENV)/python packaging/release_check.py $(CHECKS))

galaxy-tests: $(PACKAGE_READY) $(GALAXY_READY) ## lint and test in a real Galaxy (ONLY='workflows browser')
	@$(GALAXY_RUN) lint
	@$(GALAXY_RUN) test $(if $(PORT),--port $(PORT)) $(if $(ONLY),--only $(ONLY))

galaxy: $(PACKAGE_READY) $(GALAXY_READY) ## serve that Galaxy on localhost until ctrl-C (PORT=8765)
	@$(GALAXY_RUN) serve $(if $(PORT),--port $(PORT))

screenshots: $(PACKAGE_READY) $(GALAXY_READY) ## pictures of forms, reports, workflows and the walk of patients (ONLY='forms walk')
	@$(GALAXY_RUN) screenshots $(if $(PORT),--port $(PORT)) $(if $(ONLY),--only $(ONLY))

galaxy-install: $(GALAXY_READY) ## only install Galaxy and planemo into .galaxy/

clean: ## remove all that make has made: .venv, .galaxy, demo results, caches
	rm -rf .venv .galaxy demo build docs/api/generated *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache

# $(call install,EXTRAS): the package with its extras into .venv; by uv with the user's own pip settings, else by pip
define install
	@test -n '$(PYTHON)' || { echo 'error: no Python 3.11 or newer with venv was found. Name one: make PYTHON=/path/to/python3'; exit 1; }
	@echo 'Setting up .venv with $(PYTHON)'
	@$(VENV)/python -c '' 2>/dev/null || $(PYTHON) -m venv --clear .venv
	$(call stage,package install,$(VENV)/python packaging/install.py $(UV_VERSION) $(1))
endef

$(DEMO_READY): constraints.txt setup.cfg pyproject.toml
	$(call install,)
	@touch $@

$(PACKAGE_READY): constraints.txt setup.cfg pyproject.toml
	$(call install,test)
	@touch $(DEMO_READY) $@

$(DOCS_READY): constraints.txt setup.cfg pyproject.toml
	$(call install,docs)
	@touch $(DEMO_READY) $@

# uv alone: Galaxy's pins need one override, which pip does not offer
$(GALAXY_READY): $(wildcard tests/galaxy/*.txt)
	@test -n '$(PYTHON)' || { echo 'error: no Python 3.11 or newer with venv was found. Name one: make PYTHON=/path/to/python3'; exit 1; }
	@echo 'Installing Galaxy and planemo into .galaxy (once; about 40 s, 1.6 GB)'
	@.galaxy/uv/bin/uv --version 2>/dev/null | grep -q 'uv $(UV_VERSION)' || { \
		$(PYTHON) -m venv --clear .galaxy/uv && .galaxy/uv/bin/python -m pip install -qq --disable-pip-version-check uv==$(UV_VERSION); }
	@for each in galaxy planemo; do .galaxy/$$each/bin/python -c '' 2>/dev/null \
		|| .galaxy/uv/bin/uv venv -q --clear --python $(PYTHON) .galaxy/$$each || exit; done
	$(call stage,Galaxy install,.galaxy/uv/bin/uv pip install -q --python .galaxy/galaxy/bin/python --override tests/galaxy/overrides.txt -r tests/galaxy/requirements-galaxy.txt)
	$(call stage,planemo install,.galaxy/uv/bin/uv pip install -q --python .galaxy/planemo/bin/python -r tests/galaxy/requirements-planemo.txt)
	@touch $@
