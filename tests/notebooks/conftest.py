"""The notebooks run in a lab of their own, as a learner's is, which ends with them: its ports are others' too."""

from collections.abc import Iterator

import pytest
from labs import SPARE_PORTS, running_lab, workbook_of

from helpers.config import Workbook
from lab.core.layout import Lab


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with running_lab(tmp_path_factory.mktemp("nötebooks"), SPARE_PORTS) as started:
        yield started


@pytest.fixture(scope="module")
def workbook(lab: Lab) -> Iterator[Workbook]:
    with workbook_of(lab) as loaded:
        yield loaded
