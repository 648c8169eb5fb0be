"""All notebooks, from an empty account to an empty account, in a lab that is as late and as strict as AWS."""

import os

import nbformat
import pytest
from labs import SPARE_PORTS, workbook_of

from helpers.account import inventory
from lab.control import operations
from lab.core.layout import Lab, read_ports
from tools import notebooks, sources

pytestmark = [
    pytest.mark.lab,
    pytest.mark.timeout(2400),
    pytest.mark.skipif("FAULT_SEEDS" not in os.environ, reason="takes as long as all notebooks: part of make faults"),
]


@pytest.fixture
def strict(tmp_path_factory):
    ports = read_ports({"LAB_PORT_OFFSET": str(SPARE_PORTS)})
    lab = Lab(tmp_path_factory.mktemp("strict").resolve(), ports=ports, as_on_aws=True)
    try:
        operations.up(lab)
        yield lab
    finally:
        operations.down(lab)


def test_all_notebooks_run_and_leave_nothing(strict, tmp_path):
    with workbook_of(strict) as workbook:
        assert inventory.take(workbook).is_empty
    for source in notebooks.sources():
        made = tmp_path / f"{source.stem}.ipynb"
        nbformat.write(sources.solved(source), made)
        last = source.stem.startswith("10")
        notebooks.execute(made, made, strict, {"confirm_delete": True} if last else {})
    with workbook_of(strict) as workbook:
        assert inventory.take(workbook).is_empty
