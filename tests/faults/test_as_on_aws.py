"""All notebooks, each under its own policy, from an empty account to an empty account, in a lab as strict as AWS."""

import os

import nbformat
import pytest
from labs import workbook_of
from notebook_users import lab_of_user
from strict_labs import strict_lab

from helpers.account import inventory
from tools import notebooks, sources

pytestmark = [
    pytest.mark.lab,
    pytest.mark.timeout(2400),
    pytest.mark.skipif("FAULT_SEEDS" not in os.environ, reason="takes as long as all notebooks: part of make faults"),
]


@pytest.fixture
def strict(tmp_path_factory):
    with strict_lab(tmp_path_factory.mktemp("strict")) as lab:
        yield lab


def run(source, lab, folder):
    made = folder / f"{source.stem}.ipynb"
    nbformat.write(sources.solved(source), made)
    last = source.stem.startswith("10")
    with lab_of_user(lab, source.stem, folder / source.stem) as seen:
        notebooks.execute(made, made, seen, {"confirm_delete": True} if last else {})


def test_all_notebooks_run_each_under_its_own_policy_and_leave_nothing(strict, tmp_path):
    with workbook_of(strict) as workbook:
        assert inventory.take(workbook).is_empty
    start_here, *milestones, clean_up = notebooks.sources()
    for source in (*milestones, start_here, clean_up):  # 01 first: the brokers are reached by way of its machine
        run(source, strict, tmp_path)
    with workbook_of(strict) as workbook:
        assert inventory.take(workbook).is_empty
