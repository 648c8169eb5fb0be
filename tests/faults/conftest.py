"""Where and when a fault strikes is drawn from a seed: one in `make test`, many in `make faults`."""

import os
from collections.abc import Callable

import pytest

SEEDS = range(7, 7 + int(os.environ.get("FAULT_SEEDS", "1")))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that asks for a seed once with each."""
    if "seed" in metafunc.fixturenames:
        metafunc.parametrize("seed", SEEDS)


@pytest.fixture
def figures(record_property) -> Callable[..., None]:
    """Note what a test's crashes did to its records; the sums of all tests stand at the end of pytest's words."""

    def note(kills: int, records: int, lost: int, doubled: int) -> None:
        record_property("crashes", {"kills": kills, "records": records, "lost": lost, "doubled": doubled})

    return note
