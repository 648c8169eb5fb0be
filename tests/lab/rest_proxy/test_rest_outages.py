"""Signals, kill -9, and brokers that go away: what was acknowledged is there, once."""

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from crashes import pid

from helpers.kafka import client as kafka_client
from helpers.waiting import wait_until
from lab.control import operations

pytestmark = pytest.mark.lab


def post_numbers(url: str, topic: str, stop: threading.Event, acknowledged: list[int], refused: list[str]) -> None:
    """Post one number after the other, each again until it is acknowledged or may have been stored."""
    headers = {"Content-Type": "application/vnd.kafka.json.v2+json"}
    number = 0
    with requests.Session() as session:
        while not stop.is_set():
            number += 1
            try:
                answer = session.post(
                    f"{url}/topics/{topic}", json={"records": [{"value": number}]}, headers=headers, timeout=60
                )
            except requests.ConnectionError:
                time.sleep(0.1)
                continue
            line = answer.json().get("offsets", [{}])[0]
            if line.get("offset") is None:
                refused.append(answer.text)
            else:
                acknowledged.append(number)


def stored(workbook, topic: str) -> list[int]:
    end = kafka_client.end_offsets(workbook)[topic]
    return [int(value) for value in kafka_client.read(workbook, topic, 0, end)]


@pytest.fixture
def posting(own, pin):
    """Posts in a thread until told to stop."""

    class Posting:
        acknowledged: list[int] = []  # noqa: RUF012
        refused: list[str] = []  # noqa: RUF012

        def start(self, url: str) -> None:
            self.acknowledged, self.refused, self._stop = [], [], threading.Event()
            self._thread = threading.Thread(
                target=post_numbers, args=(url, pin, self._stop, self.acknowledged, self.refused)
            )
            self._thread.start()

        def stop(self) -> None:
            self._stop.set()
            self._thread.join()

    return Posting()


def test_kill_9_of_the_broker_while_posting_loses_and_repeats_nothing(lab, launcher, own, pin, posting):
    proxy = launcher.start()
    posting.start(proxy.url)
    for _ in range(2):
        time.sleep(1.5)
        os.kill(pid(lab, "kafka"), signal.SIGKILL)
        time.sleep(0.5)
        count = len(posting.acknowledged)
        wait_until(lambda wanted=count + 50: len(posting.acknowledged) >= wanted, 60, "50 more records")
    posting.stop()
    assert posting.refused == []
    assert stored(own, pin) == posting.acknowledged
    assert len(posting.acknowledged) > 100


def test_a_broker_that_stays_away_is_reported_in_time_and_welcome_back(lab, launcher, own, pin):
    proxy = launcher.start(producer_delivery_timeout_ms=3000)
    consumer = proxy.reader(pin)
    assert proxy.produce(pin, {"value": 1}).status_code == 200
    assert proxy.records(consumer, 1)
    victim = pid(lab, "kafka")
    os.kill(victim, signal.SIGSTOP)  # it holds its connections and answers nothing
    try:
        began = time.monotonic()
        answer = proxy.produce(pin, {"value": 2}, {"value": 3})
        assert time.monotonic() - began < 8
        for line in answer.json()["offsets"]:
            assert (line["offset"], line["error_code"]) == (None, 50003)
            assert "no answer within 3 s" in line["error"]
        assert proxy.get("/").status_code == 200
        assert proxy.get(f"{consumer}/subscription").status_code == 200
        began = time.monotonic()
        with ThreadPoolExecutor() as pool:
            asked = [pool.submit(proxy.get, "/topics"), pool.submit(proxy.post, f"{consumer}/offsets")]
        assert time.monotonic() - began < 30
        told = [(one.result().status_code, one.result().json()["error_code"]) for one in asked]
        assert told == [(500, 50003)] * 2
    finally:
        os.kill(victim, signal.SIGCONT)

    def produced():
        answer = proxy.produce(pin, {"value": 4}).json()
        return answer if "offset" in str(answer) else None

    answer = wait_until(produced, 60, "the broker to be back", every=0.5)
    assert answer["offsets"][0]["error_code"] is None
    found = [record["value"] for record in proxy.records(consumer, 1)]
    while 4 not in found:
        found += [record["value"] for record in proxy.records(consumer, 1)]
    assert found.count(4) == 1
    operations.up(lab)


def test_kill_9_of_the_proxy_and_a_new_start(launcher, own, pin, posting):
    first = launcher.start()
    consumer = first.reader(pin, name="me")
    posting.start(first.url)
    time.sleep(1.5)
    first.process.kill()
    first.process.wait()
    second = launcher.start(first.port)
    time.sleep(1)
    posting.stop()
    assert second.get(f"{consumer}/records").json()["error_code"] == 40403
    kept = stored(own, pin)
    assert sorted(set(kept)) == sorted(kept)
    assert set(posting.acknowledged) <= set(kept)
    assert second.reader(pin, name="me") == consumer
    assert second.stop() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_after_what_it_has_begun(launcher, own, pin, posting, number):
    proxy = launcher.start()
    consumer = proxy.reader(pin)
    proxy.produce(pin, {"value": 0})
    assert proxy.records(consumer, 1)
    posting.start(proxy.url)
    time.sleep(1)
    proxy.process.send_signal(number)
    assert proxy.process.wait(20) == 0
    posting.stop()
    assert posting.refused == []
    assert stored(own, pin) == [0, *posting.acknowledged]
    again = launcher.start()
    committed = again.get(f"{again.consumer(pin)}/offsets", json={"partitions": [{"topic": pin, "partition": 0}]})
    assert committed.json()["offsets"][0]["offset"] >= 1, "consumers commit when they are closed"


def test_a_signal_ends_it_without_a_broker_too(lab, launcher, pin):
    proxy = launcher.start()
    consumer = proxy.reader(pin)
    proxy.produce(pin, {"value": 0})
    assert proxy.records(consumer, 1)
    victim = pid(lab, "kafka")
    os.kill(victim, signal.SIGSTOP)
    try:
        began = time.monotonic()
        assert proxy.stop() == 0
        assert time.monotonic() - began < 28
    finally:
        os.kill(victim, signal.SIGCONT)
    operations.up(lab)
