# The front door. Each word calls one plain script in .ci/, so that a laptop and the CI run the same text.
# VENV=folder uses another virtual environment, PYTHON=python3.12 another interpreter for new ones.
.PHONY: help setup demo test test-fast test-clinic check docs notebooks bundles bench shape
VENV ?= .venv
export VENV PYTHON

help:       ## show this list
	@sed -n 's/^\([a-z-]*\): *## /  make \1\t/p' Makefile | expand -t 20

setup:      ## install everything a developer needs in .venv
	@.ci/venv.sh "$(VENV)" dev,itk,dicom,data,interchange,s3,export,mlflow,notebooks,pacs

demo:       ## pictures of real output in demo/, with an index page
	@.ci/demo.sh

test:       ## everything that must hold, in a fresh environment (CI runs this)
	@.ci/test.sh

test-clinic: ## what needs Debian packages, which it installs where it may (CI runs this too)
	@.ci/test_clinic.sh

test-fast check docs notebooks bundles bench shape: | $(VENV)

$(VENV):
	@echo "there is no environment $(VENV): run 'make setup' first, or name another with VENV=folder" >&2; exit 1

test-fast:  ## the tests that take seconds, in .venv
	@.ci/tests.sh -m "not slow and not clinic"

check:      ## lint, format, types and import order, in .venv
	@.ci/check.sh

docs:       ## the documentation site in docs/_build
	@.ci/docs.sh

notebooks:  ## execute every notebook
	@.ci/notebooks.sh

bundles:    ## zip the bundles as the MONAI Model Zoo wants them
	@.ci/bundles.sh

bench:      ## run the benchmarks and write benchmarks/results
	@.ci/bench.sh

shape:      ## sizes, cycles and documentation of the package in figures
	@.ci/shape.sh
