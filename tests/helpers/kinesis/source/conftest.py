"""A stand-in for Kinesis, and what reads from it."""

from collections.abc import Iterator

import pytest
from kinesis_server import STREAM, KinesisServer, serving


@pytest.fixture
def server() -> Iterator[KinesisServer]:
    with serving() as started:
        started.client().create_stream(StreamName=STREAM, ShardCount=2)
        yield started


@pytest.fixture
def client(server: KinesisServer):
    return server.client()


@pytest.fixture
def options(server: KinesisServer) -> dict[str, str]:
    """What a learner would give, from the oldest record on."""
    return {
        "streamName": STREAM,
        "region": "us-east-1",
        "endpoint": server.url,
        "awsAccessKey": "AKIATESTS",
        "awsSecretKey": "kept-between-us",
        "initialPosition": "earliest",
    }
