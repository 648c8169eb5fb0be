"""kill -9 of the AWS endpoint while records are put: every record that was acknowledged is there, under its number."""

import pytest
from kinesis_trial import trial

from lab.core.runtime import existing_runtime

pytestmark = pytest.mark.lab


def test_kills_lose_no_record_that_was_acknowledged_and_no_reader_skips_one(lab, workbook, seed, figures):
    outcome = trial(lab, existing_runtime(lab), seed=seed, kills=2, records=10_000)
    figures(outcome.kills, outcome.acknowledged, outcome.lost + outcome.skipped, outcome.doubled)
    assert (outcome.kills, outcome.acknowledged, outcome.faults) == (2, 30_000, 0), outcome
