# CallCov. Everything runs from .venv, made here from pinned, hashed requirements; nothing is installed elsewhere.
PYTHON ?= python3
BIN := .venv/bin
export CALLCOV_MODELS ?= $(CURDIR)/.cache/models
export OMP_NUM_THREADS ?= 1

.PHONY: setup demo serve test test-slow test-redis fuzz audit-code lint bench bench-verdicts bench-list train docs lock clean help

help:
	@echo "make setup   the environment and the models"
	@echo "make demo    three sample calls through a real server, with what a manager reads"
	@echo "make serve   a server that stays up"
	@echo "make test    the tests; make test-slow those of over ten seconds"
	@echo "make test-redis   rate limits in Redis; needs Debian's redis-server"
	@echo "make fuzz    at least 5,000 odd requests against the API document"
	@echo "make audit-code   what bandit finds in the code, above low"
	@echo "make lint    style, types, house rules"
	@echo "make bench   every figure, measured on this machine"
	@echo "make bench-list N=1000000   the list of long accounts, beside what others need for it; N=10000000 SECONDS_A_CASE=5 is the documented run"
	@echo "make bench-verdicts   how right the verdicts are, from text and from sound; an hour at first"

# uv itself is pinned with hashes in the same file as everything else.
.venv/ready: requirements/dev.txt pyproject.toml
	$(PYTHON) tools/make_env.py .venv requirements/dev.txt
	@touch $@

setup: .venv/ready
	@$(BIN)/callcov models fetch

demo: setup
	@$(BIN)/python tools/demo.py

serve: setup
	@$(BIN)/callcov serve

# A file's tests share their models and servers, so they stay together.
test: setup
	$(BIN)/pytest -n 2 --dist loadfile -m "not slow and not redis"

test-slow: setup
	$(BIN)/pytest -n 2 --dist loadfile -m "slow and not redis"

# Rate limits counted by a real Redis, which no package of the index brings: apt-get install redis-server.
test-redis: setup
	$(BIN)/pytest -n 0 -m redis

# The whole API document by schemathesis: at least 5,000 cases, a fixed seed.
fuzz: setup
	FUZZ_EXAMPLES=100 FUZZ_LEAST=5000 $(BIN)/pytest tests/api/test_fuzz.py -n 0

# With the network: pip-audit -r requirements/run.txt looks the packages up, too (docs/security.md).
audit-code: .venv/ready
	$(BIN)/bandit -q -r src -ll

lint: .venv/ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright src
	$(BIN)/lint-imports
	$(BIN)/python tools/docs.py --check

bench: setup
	$(BIN)/python bench/run.py

bench-verdicts: setup
	$(BIN)/python bench/verdicts/run.py

.venv-bench/ready: requirements/bench.txt .venv/ready
	$(BIN)/uv venv -q --clear --python $(BIN)/python .venv-bench
	$(BIN)/uv pip install -q --python .venv-bench/bin/python --require-hashes -r requirements/bench.txt
	@touch $@

# N analyses in all, at most 5,000,000 of them in the account that is asked. DIR: where they are put; KEEP=1 leaves them
# there. POSTGRES: the address of an empty database. SECONDS_A_CASE: how long each case is asked in each way.
N ?= 1000000
DIR ?= .cache/bench-list
SECONDS_A_CASE ?= 6
bench-list: setup .venv-bench/ready
	$(BIN)/python bench/list/run.py --rows $(N) --dir $(DIR) --seconds $(SECONDS_A_CASE) $(if $(POSTGRES),--postgres '$(POSTGRES)') $(if $(KEEP),--keep)

docs: .venv/ready
	$(BIN)/python tools/docs.py

train: setup
	PYTHONPATH=tools $(BIN)/python tools/train_course.py
	PYTHONPATH=tools $(BIN)/python tools/train_heads.py
	PYTHONPATH=tools $(BIN)/python tools/train_endings.py

lock: .venv/ready
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q --extra postgres -o requirements/run.txt pyproject.toml
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q --extra postgres -o requirements/dev.txt pyproject.toml --group dev
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q -o requirements/bench.txt --group bench -c requirements/run.txt

clean:
	rm -rf .venv .venv-bench .pytest_cache .ruff_cache .hypothesis .import_linter_cache
