# The two commands are `make run` and `make test`; `make help` names the rest.
PYTHON = .venv/bin/python
export LC_ALL ?= C.UTF-8
.DEFAULT_GOAL := help
.PHONY: help run setup test check nightly crash reset screens messages migration reference pins audit bench

help: ## Name every command
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

run: ## Serve the demo market on http://127.0.0.1:8000 (PORT and HOST are honoured); Ctrl-C stops it
	@.ci/setup run
	@exec .venv/bin/flask --app wsgi market run

setup: ## Install what the tests need: packages, PostgreSQL, Chromium, nginx
	@.ci/setup test

test: setup ## Run every check: lint, types, floors, translations, both databases, the browser
	@exec $(PYTHON) .ci/checks.py test

check: setup ## Run the inner loop, in less than a minute
	@exec $(PYTHON) .ci/checks.py check

nightly: setup ## Run the heavy tests whole, in parts (PART=3 runs one)
	@exec $(PYTHON) .ci/checks.py nightly

crash: setup ## Kill workers, database and proxy many times, in parts (PART=2 runs one)
	@exec $(PYTHON) .ci/checks.py crash

reset: ## Throw away the local market under instance/; the next `make run` builds it anew
	rm -rf instance

screens: setup ## Photograph every page, in both languages and two sizes, into screens/ (ONLY="desk payers")
	@PYTHONPATH=. exec $(PYTHON) .ci/screens.py $(ONLY)

messages: setup ## Collect the texts of the pages into the Vietnamese file, then check it
	@exec $(PYTHON) .ci/messages.py

migration: setup ## Write the next migration from the models: NAME="add vouchers"
	@PYTHONPATH=. exec $(PYTHON) .ci/migration.py "$(NAME)"

reference: ## Build data/ anew from the packages of the registries
	python3 data/build_reference.py

pins: ## Choose exact versions anew from pyproject.toml, with hashes
	@.ci/pins

audit: setup ## Ask for known faults of the pinned packages; says NOT CHECKED without a network
	@exec $(PYTHON) .ci/audit.py

bench: setup ## Measure weights and speed of a market of 10,000 listings
	@PYTHONPATH=. exec $(PYTHON) -m bench
