"""Where and when a fault strikes is drawn from a seed: one in `make test`, many in `make faults`."""

import os

import pytest

SEEDS = range(7, 7 + int(os.environ.get("FAULT_SEEDS", "1")))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that asks for a seed once with each."""
    if "seed" in metafunc.fixturenames:
        metafunc.parametrize("seed", SEEDS)
