"""kill -9 of the AWS endpoint while records are put: every record that was acknowledged is there, under its number."""

import pytest
from kinesis_trial import trial
from labs import FAULT_PORTS

from lab.control import operations
from lab.core.layout import Lab, read_ports

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    home = tmp_path_factory.mktemp("kinesis faults").resolve()
    lab = Lab(home, ports=read_ports({"LAB_PORT_OFFSET": str(FAULT_PORTS)}))
    try:
        operations.up(lab, ["aws"])
        yield lab
    finally:
        operations.down(lab)


def test_kills_lose_no_record_that_was_acknowledged_and_no_reader_skips_one(alone):
    outcome = trial(alone, operations.existing_runtime(alone), seed=7, kills=2, records=10_000)
    assert (outcome.kills, outcome.acknowledged, outcome.faults) == (2, 30_000, 0), outcome
