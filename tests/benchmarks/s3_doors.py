"""Measure what S3's door costs: the AWS endpoint, which knows every key and policy, beside S3Proxy behind it.

Usage: PYTHONPATH=tests/support python tests/benchmarks/s3_doors.py [OBJECTS]     (default 1,000 small objects)

Starts an S3 and an AWS endpoint of its own. Objects of 600 bytes go up and come back one after the other over one
client of boto3, and one of 64 MB in parts of 8 MB, two at a time: S3Proxy keeps signed parts in memory, so that the
direct way would run out of it with the ten that boto3 sends at a time. The ways take turns, three rounds; the
best of each counts. Trust the ratios, not the seconds.
"""

import io
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from boto3.s3.transfer import TransferConfig

from lab.control import interrupts, operations
from lab.core.layout import Lab, read_ports
from lab.core.runtime import existing_runtime
from lab.services import aws, s3

OFFSET = 17_000
ROUNDS = 3
LARGE = 64 * 2**20
PARTS = TransferConfig(max_concurrency=2)
BUCKET = "bench-of-doors"


def put_small(client: Any, count: int) -> None:
    body = os.urandom(600)
    for number in range(count):
        client.put_object(Bucket=BUCKET, Key=f"small/{number}.json", Body=body)


def get_small(client: Any, count: int) -> None:
    for number in range(count):
        client.get_object(Bucket=BUCKET, Key=f"small/{number}.json")["Body"].read()


def put_large(client: Any, _: int) -> None:
    client.upload_fileobj(io.BytesIO(bytes(LARGE)), BUCKET, "large", Config=PARTS)


def get_large(client: Any, _: int) -> None:
    found = io.BytesIO()
    client.download_fileobj(BUCKET, "large", found, Config=PARTS)
    assert len(found.getvalue()) == LARGE


def seconds(work: Callable[[Any, int], None], client: Any, count: int) -> float:
    began = time.perf_counter()
    work(client, count)
    return time.perf_counter() - began


def run(clients: dict[str, Any], count: int) -> None:
    """Let the ways take turns, and print the best round of each with the ratio."""
    clients["direct"].create_bucket(Bucket=BUCKET)
    works = {
        f"{count:,} puts": put_small, f"{count:,} gets": get_small, "64 MB up": put_large, "64 MB down": get_large,
    }  # fmt: skip
    for title, work in works.items():
        took = {name: [] for name in clients}
        for _ in range(ROUNDS):
            for name, client in clients.items():
                took[name].append(seconds(work, client, count))
        direct, door = min(took["direct"]), min(took["door"])
        print(f"{title:12}  direct {direct:6.2f} s  door {door:6.2f} s  {door / direct:4.1f} times as long")


def main() -> None:
    interrupts.include_termination()
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory() as folder:
        lab = Lab(Path(folder).resolve() / "lab", ports=read_ports({"LAB_PORT_OFFSET": str(OFFSET)}))
        try:
            operations.up(lab, ["s3", "aws"])
            runtime = existing_runtime(lab)
            run({"direct": s3.client(runtime), "door": aws.client(runtime, "s3")}, count)
        finally:
            operations.down(lab)


if __name__ == "__main__":
    main()
