"""Whatever arrives at the port, the proxy goes on answering and stays small."""

import contextlib
import gzip
import json
import random
import socket
import threading
import time

import pytest
import requests
from rest_proxies import JSON

pytestmark = pytest.mark.lab

NOISE = random.Random(7)
HEAD = b"POST /topics/%s HTTP/1.1\r\nHost: x\r\nContent-Type: application/vnd.kafka.json.v2+json\r\n"

PAYLOADS = {
    "nothing": b"",
    "random bytes": NOISE.randbytes(4096),
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + NOISE.randbytes(200),
    "Kafka": b"\x00\x00\x00\x10\x00\x12\x00\x03\x00\x00\x00\x01\x00\x04test",
    "zero bytes": b"\0" * 10_000,
    "no version": b"GET /topics\r\n\r\n",
    "HTTP/9.9": b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
    "HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "endless first line": b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n",
    "endless header": b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
    "ten thousand headers": b"GET / HTTP/1.1\r\nHost: x\r\n"
    + b"".join(b"X-%d: 1\r\n" % n for n in range(10_000))
    + b"\r\n",
    "header without a colon": b"GET / HTTP/1.1\r\nHost x\r\n\r\n",
    "negative length": HEAD + b"Content-Length: -5\r\n\r\n",
    "length that is no number": HEAD + b"Content-Length: many\r\n\r\n",
    "two lengths": HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n12345",
    "length and chunks": HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunk that is no number": HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n",
    "chunk of 2^64": HEAD + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nhello",
    "body announced and not sent": HEAD + b"Content-Length: 1000\r\n\r\n{",
    "body of 100 GB announced": HEAD + b"Content-Length: 100000000000\r\n\r\n{",
    "damaged gzip": HEAD + b"Content-Encoding: gzip\r\nContent-Length: 10\r\n\r\n1234567890",
    "method that is none": b"\xff\xfe /topics HTTP/1.1\r\nHost: x\r\n\r\n",
    "path outside": b"GET /../../../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
    "path with half an escape": b"GET /topics/%zz%f HTTP/1.1\r\nHost: x\r\n\r\n",
    "path with a line break": b"GET /topics/a%0d%0aX:%201 HTTP/1.1\r\nHost: x\r\n\r\n",
    "upgrade": b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
    "a hundred requests at once": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 100,
}


@pytest.fixture(scope="module")
def sound(proxy):
    """Checks that the proxy takes a record at once, has not been restarted and has not grown."""
    pid = proxy.process.pid

    def check(topic: str) -> None:
        began = time.monotonic()
        assert proxy.produce(topic, {"value": 1}).status_code == 200
        assert time.monotonic() - began < 5
        assert proxy.process.poll() is None
        assert proxy.process.pid == pid

    return check


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
@pytest.mark.parametrize("ending", ["hang up", "wait"])
def test_garbage_leaves_the_proxy_answering(proxy, pin, sound, payload, ending):
    said = len(proxy.log)
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=2) as connection, contextlib.suppress(OSError):
        connection.sendall(payload.replace(b"%s", pin.encode()))
        if ending == "wait":
            connection.settimeout(0.5)
            answer = connection.recv(100)
            assert not answer or answer.startswith(b"HTTP/")
    sound(pin)
    assert proxy.log[said:] == ""


def bodies():
    deep = "[" * 50_000 + "]" * 50_000
    return {
        "deep": f'{{"records":[{{"value":{deep}}}]}}'.encode(),
        "wide": json.dumps({"records": [{"value": [[]] * 1_000_000}]}, separators=(",", ":")).encode(),
        "many": json.dumps({"records": [{"value": 1}] * 200_000}, separators=(",", ":")).encode(),
        "too large": b'{"records":[{"value":"' + b"x" * (5 << 20) + b'"}]}',
        "not UTF-8": b'{"records":[{"value":"\xff\xfe"}]}',
        "cut short": b'{"records":[{"value":',
    }


@pytest.mark.parametrize(("name", "status"), [
    ("deep", 400), ("wide", 200), ("many", 200), ("too large", 413), ("not UTF-8", 400), ("cut short", 400),
])  # fmt: skip
def test_bodies_that_mean_harm_do_none(proxy, pin, sound, name, status):
    for _ in range(3):
        answer = requests.post(f"{proxy.url}/topics/{pin}", data=bodies()[name], headers=JSON, timeout=60)
        assert answer.status_code == status, answer.text[:500]
    sound(pin)


def test_a_small_gzip_of_a_huge_body_is_refused(proxy, pin, sound):
    bomb = gzip.compress(b'{"records":[{"value":"' + b"x" * 200_000_000 + b'"}]}')
    assert len(bomb) < 300_000
    answer = requests.post(
        f"{proxy.url}/topics/{pin}", data=bomb, headers=JSON | {"Content-Encoding": "gzip"}, timeout=60
    )
    assert answer.status_code == 413
    sound(pin)


def test_an_endless_chunked_body_is_refused(proxy, pin, sound):
    def endless():
        while True:
            yield b"x" * 100_000

    with contextlib.suppress(requests.ConnectionError):  # the proxy may hang up while we are still sending
        answer = requests.post(f"{proxy.url}/topics/{pin}", data=endless(), headers=JSON, timeout=60)
        assert answer.status_code == 413
    sound(pin)


def test_connections_that_trickle_are_closed_and_hold_nobody_up(launcher, pin):
    proxy = launcher.start(idle_timeout_ms=2000)
    slow = [socket.create_connection(("127.0.0.1", proxy.port), timeout=10) for _ in range(50)]
    for connection in slow:
        connection.sendall(b"GET / HTTP/1.1\r\n")
    stop = threading.Event()

    def trickle():
        while not stop.wait(0.3):
            for connection in slow:
                with contextlib.suppress(OSError):
                    connection.sendall(b"X: 1\r\n")

    trickler = threading.Thread(target=trickle)
    trickler.start()
    assert proxy.produce(pin, {"value": 1}).status_code == 200
    began = time.monotonic()
    for connection in slow:
        with contextlib.suppress(ConnectionError):
            assert connection.recv(100) == b""
    assert time.monotonic() - began < 8
    stop.set()
    trickler.join()
    for connection in slow:
        connection.close()
    assert proxy.produce(pin, {"value": 2}).status_code == 200


def test_one_connection_too_many_is_sent_away_in_words(launcher, pin):
    proxy = launcher.start(connector_connection_limit=10)
    held = [socket.create_connection(("127.0.0.1", proxy.port), timeout=5) for _ in range(10)]
    time.sleep(0.3)
    answer = proxy.get("/")
    assert (answer.status_code, answer.json()["error_code"]) == (503, 503)
    assert answer.headers["Retry-After"] == "1"
    for connection in held:
        connection.close()
    time.sleep(0.3)
    assert proxy.get("/").status_code == 200


def test_when_it_is_full_it_says_so_and_later_goes_on(launcher, pin):
    proxy = launcher.start(request_queue_capacity=3)
    consumers = [proxy.consumer(pin, str(number), **{"consumer.request.timeout.ms": 4000}) for number in range(3)]
    for consumer in consumers:
        proxy.post(f"{consumer}/assignments", {"partitions": [{"topic": pin, "partition": 0}]})
    readers = [threading.Thread(target=proxy.get, args=(f"{consumer}/records",)) for consumer in consumers]
    for reader in readers:
        reader.start()
    time.sleep(1)
    answer = proxy.produce(pin, {"value": 1})
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")
    assert "Too many requests: 3 are being served" in answer.json()["message"]
    for reader in readers:
        reader.join()
    assert proxy.produce(pin, {"value": 1}).status_code == 200


def test_memory_stays_flat(launcher, pin):
    proxy = launcher.start()
    body = json.dumps({"records": [{"value": {"index": n, "text": "x" * 500}} for n in range(500)]})
    with requests.Session() as session:
        for round_ in range(400):
            assert session.post(f"{proxy.url}/topics/{pin}", data=body, headers=JSON).status_code == 200
            if round_ == 100:
                before = proxy.memory_mb
    reader = proxy.reader(pin)
    assert len(proxy.records(reader, 100_000)) >= 100_000
    print(f"memory: {before:.0f} MB after 100 requests, {proxy.memory_mb:.0f} MB after 400 and as many records read")
    assert proxy.memory_mb < 130


def test_after_all_that_it_is_still_small(proxy, pin, sound):
    """Runs last, against the proxy that took the garbage and the bodies above."""
    sound(pin)
    print(f"{proxy.memory_mb:.0f} MB, {len(proxy.log)} characters of log")
    assert proxy.memory_mb < 200
