# Every target sets up what it needs; a second call starts at once.
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed-$(shell cat requirements/*.txt pyproject.toml | cksum | cut -d' ' -f1)

.PHONY: setup demo test check validation bench lock clean
setup: $(STAMP)

$(STAMP):
	python3 -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bootstrap.txt
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements/lock.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	$(BIN)/python -m compileall -q src
	rm -f $(VENV)/.installed-*
	touch $@

demo: setup
	$(BIN)/openiads demo

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tests/tidy.py

test: check
	$(BIN)/pytest -n 2 --matrix=check
	NUMBA_DISABLE_JIT=1 $(BIN)/pytest -n 2 tests/kernels -m "not slow"

validation: setup
	$(BIN)/python tests/matrix.py

bench: setup
	$(BIN)/python -m benchmarks

lock: setup
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --extra dev --no-emit-package openiads -o requirements/lock.txt pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header -o requirements/bootstrap.txt requirements/bootstrap.in

clean:
	rm -rf $(VENV) runs
