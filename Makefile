.POSIX:
.PHONY: help run test lint format bench docs screenshots setup lock messages

help:
	@echo "make run      the product with a demo world around it (PORT=8000)"
	@echo "make test     the whole test suite (ARGS='tests/consent -x' for a part)"
	@echo "make lint     style, types, import contracts, migrations"
	@echo "make format   mend the style"
	@echo "make bench    figures and their references (NAME=delivery for one group, SCALE=small)"
	@echo "make docs     the guide, into site/ (make screenshots: its pictures)"
	@echo "make messages collect sentences for the Dutch catalogue"

PY = .venv/bin/python
SERVERS = $(PY) -m run.servers

run: setup
	@exec $(PY) -m run

test:
	@run/setup.sh test
	@SECRET_KEY=only-for-tests $(SERVERS) test -- $(PY) -m pytest -n 3 --dist loadfile --no-loadscope-reorder $(ARGS)

lint: setup
	@run/lint.sh

format: setup
	@.venv/bin/ruff check -q --fix-only . && .venv/bin/ruff format -q .
	@git ls-files 'templates/*.html' | xargs .venv/bin/djade --target-version 6.0 || true

bench: setup
	@SECRET_KEY=only-for-figures $(SERVERS) bench -- $(PY) -m benchmarks $(NAME)

screenshots:
	@POSTDUIF_SHOTS=docs/screenshots $(MAKE) test ARGS="tests/browser/test_demo_pages.py -k pictures"

docs: setup
	@.venv/bin/zensical build --clean

messages: setup
	@$(PY) -m run.messages

setup:
	@run/setup.sh

lock: setup
	@.tools/bin/uv pip compile -q --python-version 3.12 --universal --generate-hashes --no-emit-index-url --no-header pyproject.toml -o requirements/base.lock
	@.tools/bin/uv pip compile -q --python-version 3.12 --universal --generate-hashes --no-emit-index-url --no-header --group dev pyproject.toml -o requirements/dev.lock
