import json
import math
from types import SimpleNamespace

import pytest

from helpers.streaming.progress import batches, state_rows

FIRST = "2026-11-25T10:00:00.500Z"
FIRST_MILLISECONDS = 1795600800500
CLASSIC = {"arrivals": {"first": FIRST, "last": FIRST}}
CONNECT = {
    "arrivals": {
        "values": [FIRST_MILLISECONDS, FIRST_MILLISECONDS],
        "schema": {"fields": [{"name": "first"}, {"name": "last"}]},
    }
}


def report(number, rows, observed=None):
    took = {"triggerExecution": 1500, "latestOffset": 200, "getBatch": 0, "addBatch": 1000, "walCommit": 100}
    told = {
        "batchId": number, "timestamp": "2026-11-25T10:00:00.000Z", "durationMs": took,
        "sources": [{"numInputRows": rows}], "stateOperators": [{"numRowsTotal": 7}], "observedMetrics": observed or {},
    }  # fmt: skip
    return SimpleNamespace(json=json.dumps(told))


def query(*reports):
    return SimpleNamespace(recentProgress=list(reports), lastProgress=reports[-1] if reports else None)


@pytest.mark.parametrize("observed", [CLASSIC, CONNECT])
def test_the_longest_wait_is_from_arrival_until_the_rows_can_be_read(observed):
    (batch,) = batches(query(report(3, 40, observed)))
    assert (batch.number, batch.rows, batch.seconds) == (3, 40, 1.5)
    assert batch.longest_wait == pytest.approx(1.0)


def test_the_parts_of_a_batch():
    (batch,) = batches(query(report(0, 1)))
    assert (batch.source_seconds, batch.commit_seconds) == (0.2, 0.1)
    assert math.isnan(batch.longest_wait)


def test_a_batch_without_rows_is_left_out():
    assert [batch.number for batch in batches(query(report(0, 0), report(1, 5)))] == [1]


def test_the_state_is_counted():
    assert state_rows(query(report(0, 1))) == 7
    assert state_rows(query()) == 0
