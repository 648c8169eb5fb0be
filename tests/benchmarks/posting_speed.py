"""Measure how fast the REST API and the REST proxy take records, beside plain producers that talk to the same broker.

Usage: PYTHONPATH=tests/support python tests/benchmarks/posting_speed.py [SECONDS]     (default 3 seconds a measurement)

Starts a broker, an AWS endpoint and a proxy of its own. Every record is a JSON object of about 600 bytes, and every
request, and every batch of a plain producer, waits until the broker has acknowledged it. The ways take turns, three
rounds, so that a busy machine hurts all of them alike; the best round of each counts. Trust the ratios, not the records
per second.
"""

import http.client
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

from confluent_kafka import Producer
from kafka import KafkaAdminClient
from labs import workbook_of
from rest_proxies import JSON, Launcher
from turns import Send, compare, records

from helpers.config import Workbook
from helpers.gateway import rest_api
from helpers.kafka import client as kafka_client
from lab.control import interrupts, operations
from lab.core.layout import Lab, read_ports
from lab.rest_proxy import settings
from lab.rest_proxy.brokers import Brokers
from lab.rest_proxy.sign_in import Tokens

OFFSET = 17_000


def over_http(address: str, topic: str, count: int) -> Send:
    """Make a client with a connection of its own that posts the same records again and again."""
    url = urlsplit(address)
    connection = http.client.HTTPConnection(url.hostname, url.port)
    body = json.dumps({"records": [{"value": record} for record in records(count)]}).encode()

    def send() -> None:
        connection.request("POST", f"{url.path}/topics/{topic}", body, JSON)
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()
        answer.read()

    return send


def by_confluent(brokers: Brokers, topic: str, count: int) -> Send:
    producer = Producer(brokers.client() | {"acks": "all", "enable.idempotence": True, "linger.ms": 0})
    values = [json.dumps(record).encode() for record in records(count)]

    def send() -> None:
        for value in values:
            producer.produce(topic, value)
        producer.flush()

    return send


def by_kafka_python(workbook: Workbook, topic: str, count: int) -> Send:
    producer = kafka_client.producer(workbook)
    values = [json.dumps(record).encode() for record in records(count)]

    def send() -> None:
        for future in [producer.send(topic, value) for value in values]:
            future.get(timeout=30)

    return send


def deployed(workbook: Workbook, proxy_url: str) -> str:
    """Put an API in front of the proxy; return its invoke URL."""
    api = rest_api.create_api(workbook)
    rest_api.forward(workbook, api, rest_api.create_proxy_resource(workbook, api), proxy_url)
    return rest_api.deploy(workbook, api)


def sign_in_milliseconds(workbook: Workbook) -> float:
    """Median of connecting to the broker over TLS and signing in with IAM."""
    settings = kafka_client.connection(workbook)
    took = []
    for _ in range(30):
        began = time.perf_counter()
        KafkaAdminClient(**settings).close()
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took)


def main() -> None:
    interrupts.include_termination()
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 3.0
    with tempfile.TemporaryDirectory() as folder:
        lab = Lab(Path(folder).resolve() / "lab", ports=read_ports({"LAB_PORT_OFFSET": str(OFFSET)}))
        try:
            operations.up(lab, ["kafka", "aws"])
            with workbook_of(lab) as workbook:
                run(lab, workbook, Path(folder), seconds)
        finally:
            operations.down(lab)


def run(lab: Lab, workbook: Workbook, folder: Path, seconds: float) -> None:
    kafka_client.create_topics(workbook)
    topic = workbook.topic("pin")
    launcher = Launcher(lab, workbook, folder)
    proxy = launcher.start()
    found = settings.load(
        folder / "kafka-rest.properties", {"AWS_REGION": "us-east-1", "KAFKA_REST_AUTHORITY": workbook.kafka_authority}
    )
    brokers = Brokers(found, Tokens(found.login, found.region))
    for count, title, unit in ((1, "one record at a time", "requests/s"), (500, "500 records at a time", "records/s")):
        ways = {
            "confluent-kafka": [by_confluent(brokers, topic, count)],
            "kafka-python": [by_kafka_python(workbook, topic, count)],
        }
        for name, address in (("REST proxy", proxy.url), ("API Gateway and REST proxy", deployed(workbook, proxy.url))):
            for connections in (1, 8):
                clients = [over_http(address, topic, count) for _ in range(connections)]
                ways[f"{name}, {connections} connections"] = clients
        compare(title, unit, count, ways, seconds)
    print(f"\nTo connect, TLS and IAM included: {sign_in_milliseconds(workbook):.1f} ms (median of 30).")
    print(f"The proxy takes {proxy.memory_mb:.0f} MB of memory.")
    assert proxy.stop() == 0


if __name__ == "__main__":
    main()
