PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test dev clean

demo: .venv/demo  ## Build an index of the sample archive and suggest hashtags for a new post
	$(BIN)/python demo/archive.py .demo
	$(BIN)/hashtag index build .demo/posts.csv --home .demo/home --encoders compact
	$(BIN)/hashtag suggest .demo/new/coffee.jpg --text "오랜만에 단골 카페, espresso 한 잔의 여유" \
	  --home .demo/home --explain

test: dev  ## Run every check and test
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/mypy --explicit-package-bases benchmarks/*.py demo/*.py
	$(BIN)/lint-imports
	$(BIN)/pytest

dev: .venv/dev  ## Install the tools of `make test`, and the link by which mypy and editors see the package
	mkdir -p .typing
	ln -sfn .. .typing/hashtag_recommender

.venv/demo: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --editable ".[demo]"
	touch $@

.venv/dev: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --editable ".[demo,dev]"
	touch $@

clean:  ## Remove what the targets above made
	rm -rf .venv .typing .demo build dist *.egg-info
