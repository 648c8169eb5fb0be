import dataclasses
import os
import signal
import subprocess
import sys
import time

import pytest

from helpers.emulator.postings import Posting
from helpers.kafka import client as kafka_client
from helpers.user_posting_emulation import emulate, main, send
from helpers.waiting import wait_until

pytestmark = pytest.mark.lab


@pytest.fixture
def own(workbook, request):
    """A workbook of another id, so that the topics are this test's alone."""
    mine = dataclasses.replace(workbook, id=request.node.name.encode().hex()[-12:])
    kafka_client.create_topics(mine)
    return mine


def test_what_is_acknowledged_is_in_all_three_topics(own):
    tally = emulate(own, posts=25, rate=1000, progress=False)
    assert str(tally) == "25 of 25 postings acknowledged"
    assert set(kafka_client.end_offsets(own).values()) == {25}
    first = kafka_client.read(own, own.topic("geo"), 0, 1)[0]
    assert b'"ind":7528' in first
    assert b'"timestamp":"20' in first


def test_the_rate_paces_the_postings(own):
    started = time.monotonic()
    emulate(own, posts=20, rate=20, progress=False)
    assert time.monotonic() - started >= 0.95


def test_a_refused_record_is_counted_and_the_others_arrive(own):
    rows = {"geo": {"ind": 1}, "user": {"ind": 1}}
    large = Posting(rows | {"pin": {"index": 1, "title": "x" * 2_000_000}})
    small = Posting(rows | {"pin": {"index": 2}})
    tally = send(own, [small, large, small], progress=False)
    assert tally.acknowledged == 1
    assert not tally.complete
    assert "2000" in str(tally)


def test_a_target_that_is_not_there_is_named_and_nothing_is_claimed(workbook):
    nowhere = dataclasses.replace(workbook, bootstrap_servers="127.0.0.1:1")
    tally = emulate(nowhere, posts=5, progress=False)
    assert (tally.sent, tally.acknowledged) == (0, 0)
    assert "No Kafka broker answers at 127.0.0.1:1" in str(tally)


def test_ctrl_c_ends_it_with_a_count(own, lab):
    process = subprocess.Popen(
        [sys.executable, "-m", "helpers.user_posting_emulation", "--rate", "50"],
        env=os.environ | {"WORKBOOK_ID": own.id, "LAB_HOME": str(lab.home)},
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    wait_until(lambda: kafka_client.end_offsets(own)[own.topic("pin")] >= 20, 30, "20 postings")
    process.send_signal(signal.SIGINT)
    last = process.communicate(timeout=30)[0].splitlines()[-1]
    stored = kafka_client.end_offsets(own)[own.topic("pin")]
    # one may be under way when Ctrl-C comes: it is stored, and not claimed
    assert last in [f"{n} of {n} postings acknowledged; stopped by Ctrl-C" for n in (stored, stored - 1)]
    assert process.returncode == 0


@pytest.mark.parametrize("wrong", [["--posts", "0"], ["--rate", "-1"], ["--posts", "many"], ["--sed", "1"]])
def test_wrong_options_are_refused(wrong, capsys):
    with pytest.raises(SystemExit) as refused:
        main(wrong)
    assert refused.value.code == 2
    assert wrong[0] in capsys.readouterr().err
