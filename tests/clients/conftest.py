"""What the clients of others share: a topic and an object of the tests' own."""

import json
import os

import pytest
from client_rows import ROWS

from helpers.kafka import client as kafka_client
from helpers.kafka import sink_objects


@pytest.fixture(scope="package")
def topic(workbook):
    """The learner's topic of places."""
    kafka_client.create_topics(workbook)
    return workbook.topic("geo")


@pytest.fixture(scope="package")
def objects(workbook):
    """Where two objects with the rows are, as the connector writes them."""
    sink_objects.create_bucket(workbook)
    s3, prefix = workbook.client("s3"), "topics/clients.geo/partition=0"
    for first in (0, 10):
        lines = "".join(json.dumps(row) + "\n" for row in ROWS[first : first + 10])
        s3.put_object(Bucket=workbook.bucket, Key=f"{prefix}/clients.geo+0+{first:010d}.json", Body=lines.encode())
    return f"s3://{workbook.bucket}/{prefix}"


@pytest.fixture(scope="package")
def storage(workbook):
    """What readers in Rust must be told: they do not look at `AWS_ENDPOINT_URL_S3`, and shy from plain HTTP."""
    return {
        "aws_access_key_id": os.environ["AWS_ACCESS_KEY_ID"],
        "aws_secret_access_key": os.environ["AWS_SECRET_ACCESS_KEY"],
        "aws_region": workbook.region,
        "aws_endpoint_url": os.environ["AWS_ENDPOINT_URL_S3"],
        "aws_allow_http": "true",
    }
