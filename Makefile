# Every target does its own set-up, is quick when nothing changed, and can be stopped and repeated.
PYTHON ?= python3
PY := .venv/bin/python
# some containers set it; every process would then compile all that it imports, each time anew
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run lab test check faults bench site setup reference lock clean

run: setup         ## the whole workbook: every notebook, a table, the pictures
	$(PY) -m tools.run_all

lab: setup         ## the lab and JupyterLab; Ctrl-C twice ends JupyterLab, then the lab stops
	$(PY) -m tools.jupyter

test: setup        ## everything the project claims
	$(PY) -m pytest -n auto --dist loadscope --no-loadscope-reorder --junitxml=runs/tests.xml

check: setup       ## lint, guards, and every test that needs no lab: for the edit loop
	$(PY) -m ruff check .
	$(PY) -m pytest -n auto --dist loadscope --no-loadscope-reorder -m "not lab"

faults: setup      ## the crash tests, again and again, each time with another seed
	FAULT_SEEDS=5 $(PY) -m pytest tests/faults tests/helpers/kinesis/source

bench: setup       ## speed, as ratios measured in one run
	$(PY) tests/benchmarks/clean_speed.py
	PYTHONPATH=tests/support $(PY) tests/benchmarks/posting_speed.py
	PYTHONPATH=tests/support $(PY) tests/benchmarks/stream_speed.py
	PYTHONPATH=tests/support $(PY) tests/benchmarks/streaming_latency.py
	PYTHONPATH=tests/support $(PY) tests/benchmarks/s3_doors.py

site: setup        ## the executed notebooks and the pages of docs/ as a web site in site/
	$(PY) -m tools.site

setup:
	@$(PYTHON) lab/setup/environment.py
	@$(PY) -m lab.setup
	@$(PY) -m lab.control.trial

reference: setup   ## execute the notebooks and keep their outputs as what nbval compares with
	$(PY) -m tools.reference

lock: setup        ## requirements/*.txt from requirements/*.in
	for set in bootstrap workbook airflow site; do \
	  .venv/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	    --no-emit-index-url requirements/$$set.in -o requirements/$$set.txt; done
	for set in databricks cluster; do \
	  .venv/bin/uv pip compile -q --universal --python-version 3.12 --generate-hashes --no-header --no-annotate \
	    --no-emit-index-url requirements/$$set.in -o requirements/$$set.txt; done
	for runtime in 16.4 17.3 18.3 19.3; do echo "databricks-connect==$$runtime.*" | \
	  .venv/bin/uv pip compile -q --no-deps --python-version 3.12 --generate-hashes --no-header --no-annotate \
	    --no-emit-index-url - -o requirements/runtimes/$$runtime.txt; done

clean:             ## stop the lab and delete everything that set-up and runs made
	-$(PY) -m lab reset --yes
	rm -rf .venv .setup .lab runs site
