"""kill -9 of the AWS endpoint while records are put: every record that was acknowledged is there, under its number."""

import pytest
from kinesis_trial import trial
from labs import FAULT_PORTS

from lab.control import operations
from lab.core.layout import Lab, read_ports
from lab.core.runtime import existing_runtime

pytestmark = pytest.mark.lab


@pytest.fixture
def alone(tmp_path_factory):
    home = tmp_path_factory.mktemp("kinesis faults").resolve()
    lab = Lab(home, ports=read_ports({"LAB_PORT_OFFSET": str(FAULT_PORTS)}))
    try:
        operations.up(lab, ["aws"])
        yield lab
    finally:
        operations.down(lab)


def test_kills_lose_no_record_that_was_acknowledged_and_no_reader_skips_one(alone, seed, figures):
    outcome = trial(alone, existing_runtime(alone), seed=seed, kills=2, records=10_000)
    figures(outcome.kills, outcome.acknowledged, outcome.lost + outcome.skipped, outcome.doubled)
    assert (outcome.kills, outcome.acknowledged, outcome.faults) == (2, 30_000, 0), outcome
