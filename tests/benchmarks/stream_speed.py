"""Measure what the REST API costs a record on its way into Kinesis, beside calls of Kinesis itself.

Usage: PYTHONPATH=tests/support python tests/benchmarks/stream_speed.py [SECONDS]     (default 2 seconds a measurement)

Starts an AWS endpoint of its own. Every record is a JSON object of about 600 bytes; the stream has so many shards that
their limits do not count, and is made anew for every measurement. Trust the ratios, not the records per second.
"""

import http.client
import itertools
import json
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from labs import workbook_of
from stream_proxy import StreamProxy, deployed
from turns import Send, compare, records

from lab.control import interrupts, operations
from lab.core.layout import Lab, read_ports

OFFSET = 17_000
SHARDS = 100

KEYS = 500
"""So many partition keys take turns: one shard alone takes 1,000 records a second."""


def direct(kinesis: Any, stream: str, count: int) -> Send:
    """PutRecord or PutRecords, by boto3."""
    made = [{"Data": json.dumps(record).encode(), "PartitionKey": str(record["index"])} for record in records(KEYS)]
    turn = itertools.cycle(made)

    def one() -> None:
        kinesis.put_record(StreamName=stream, **next(turn))

    def many() -> None:
        assert kinesis.put_records(StreamName=stream, Records=made[:count])["FailedRecordCount"] == 0

    return one if count == 1 else many


def by_api(address: str, stream: str, count: int) -> Send:
    """Make a client with a connection of its own that puts the same records again and again."""
    url = urlsplit(address)
    connection = http.client.HTTPConnection(url.hostname, url.port)
    made = [{"data": record, "partition-key": str(record["index"])} for record in records(KEYS)]
    path = f"{url.path}/streams/{stream}/" + ("record" if count == 1 else "records")
    bodies = (
        [{"Data": one["data"], "PartitionKey": one["partition-key"]} for one in made]
        if count == 1
        else [{"records": made[:count]}]
    )
    turn = itertools.cycle([json.dumps(body).encode() for body in bodies])

    def send() -> None:
        connection.request("PUT", path, next(turn), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        said = json.loads(answer.read())
        assert (answer.status, said.get("FailedRecordCount", 0)) == (200, 0), said

    return send


def run(proxy: StreamProxy, seconds: float) -> None:
    stream = proxy.workbook.stream("pin")

    def anew() -> None:
        proxy.kinesis.delete_stream(StreamName=stream)
        proxy.kinesis.create_stream(StreamName=stream, ShardCount=SHARDS)

    for count, title, unit in ((1, "one record at a time", "requests/s"), (500, "500 records at a time", "records/s")):
        ways = {
            "Kinesis itself": [direct(proxy.kinesis, stream, count)],
            "API Gateway and Kinesis": [by_api(proxy.invoke_url, stream, count)],
            "API Gateway and Kinesis, 8 connections": [by_api(proxy.invoke_url, stream, count) for _ in range(8)],
        }
        compare(title, unit, count, ways, seconds, anew)


def main() -> None:
    interrupts.include_termination()
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0
    with tempfile.TemporaryDirectory() as folder:
        lab = Lab(Path(folder).resolve() / "lab", ports=read_ports({"LAB_PORT_OFFSET": str(OFFSET)}))
        try:
            operations.up(lab, ["aws"])
            with workbook_of(lab) as workbook, deployed(workbook, SHARDS) as proxy:
                run(proxy, seconds)
        finally:
            operations.down(lab)


if __name__ == "__main__":
    main()
