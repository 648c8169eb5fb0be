"""What has to be well: each probe tries the running pipeline and returns what is wrong, or None."""

import contextlib
import json
import time
from collections import Counter
from collections.abc import Callable

import boto3
import requests
from botocore.exceptions import BotoCoreError, ClientError

from helpers.client_machine import furnishing, ssh
from helpers.config import Workbook
from helpers.databricks.laptop.dbutils import ExecutionError
from helpers.kafka import client as kafka_client
from helpers.kafka import msk_connect, sink_objects
from helpers.waiting import WaitedInVain, wait_until
from lab.control import operations
from lab.incidents.pipeline import FOLDER, Pipeline, rows_of_a_post

Probe = Callable[[Pipeline], str | None]

SECONDS = 20
"""How long a record may take to the bucket."""


def services_answer(pipeline: Pipeline) -> str | None:
    """Ask every service of the lab."""
    silent = [
        report.service.name for report in operations.status(pipeline.lab)
        if not report.service.on_demand and not report.healthy
    ]  # fmt: skip
    return f"{', '.join(silent)}: no answer" if silent else None


def machine_lists_topics(pipeline: Pipeline) -> str | None:
    """List the topics by Kafka's own tool on the client machine."""
    command = (
        f"cd {furnishing.KAFKA}/bin && ./kafka-topics.sh --bootstrap-server $BOOTSTRAP_SERVERS "
        "--command-config client.properties --list"
    )
    try:
        with ssh.connect(pipeline.workbook) as machine:
            listed = machine.run(command, timeout=60, check=False)
    except ssh.ClientMachineError:
        return "nobody gets onto the client machine"
    if listed.exit_code or not {*pipeline.workbook.topics} <= {*listed.text.split()}:
        return "Kafka's tools on the client machine do not list the topics"
    return None


def api_takes_posts(pipeline: Pipeline) -> str | None:
    """Post one row into each topic, over the API."""
    headers = {"Content-Type": "application/vnd.kafka.json.v2+json"}
    for table, row in rows_of_a_post().items():
        url = f"{pipeline.invoke_url}/topics/{pipeline.workbook.topic(table)}"
        reply = requests.post(url, json={"records": [{"value": row}]}, headers=headers, timeout=60)
        stored = reply.ok and all(one.get("offset") is not None for one in reply.json()["offsets"])
        if not stored:
            return f"a post to {pipeline.workbook.topic(table)} over the API is answered with {reply.status_code}"
    return None


def posts_reach_the_bucket(pipeline: Pipeline) -> str | None:
    """Send one row into each topic, and wait for it in the bucket."""
    workbook = pipeline.workbook
    if (state := msk_connect.state(workbook)) != "RUNNING":
        return f"the connector is {state or 'not there'}"
    before = kafka_client.end_offsets(workbook)
    producer = kafka_client.producer(workbook)
    for table, row in rows_of_a_post().items():
        producer.send(workbook.topic(table), json.dumps(row).encode())
    producer.flush(timeout=SECONDS)
    producer.close()

    try:
        wait_until(lambda: not _missing(pipeline, before), SECONDS, "the posts in the bucket", every=0.3)
    except WaitedInVain:
        return f"no post to {', '.join(_missing(pipeline, before))} comes to {workbook.bucket}/{FOLDER}"
    return None


def _missing(pipeline: Pipeline, offsets: dict[str, int]) -> list[str]:
    """List the topics of which the bucket does not hold the record at an offset."""
    last = {item.topic: item for item in sink_objects.objects(pipeline.workbook, FOLDER)}  # they come by offset
    ends = {
        topic: item.offset + len(sink_objects.text(pipeline.workbook, item.key).splitlines())
        for topic, item in last.items()
    }
    return [topic for topic in pipeline.workbook.topics if ends.get(topic, 0) <= offsets[topic]]


def nothing_is_left_out(pipeline: Pipeline) -> str | None:
    """Look for every post since the incident was made: a repair that steps over some of them has lost them."""
    wanted = {topic: _readable(pipeline.workbook, topic, start) for topic, start in pipeline.since.items()}

    def lacking() -> dict[str, int]:
        stored = _stored(pipeline)
        return {topic: number - stored[topic] for topic, number in wanted.items() if stored[topic] < number}

    try:
        wait_until(lambda: not lacking(), SECONDS, "the posts since the incident", every=0.3)
    except WaitedInVain:
        missing = ", ".join(f"{number} of {topic}" for topic, number in lacking().items())
        return f"posts since the incident are not in {pipeline.workbook.bucket}/{FOLDER}: {missing}"
    return None


def _readable(workbook: Workbook, topic: str, start: int) -> int:
    """Count the records from an offset on that are JSON: no others can be stored."""
    count = 0
    for value in kafka_client.read(workbook, topic, start, kafka_client.end_offsets(workbook)[topic] - start):
        with contextlib.suppress(ValueError):
            json.loads(value)
            count += 1
    return count


def _stored(pipeline: Pipeline) -> Counter[str]:
    """Count the records of each topic that were stored since the incident."""
    stored = Counter()
    for item in sink_objects.objects(pipeline.workbook, FOLDER):
        lines = len(sink_objects.text(pipeline.workbook, item.key).splitlines())
        before = max(0, pipeline.since[item.topic] - item.offset)  # an object may have begun before the incident
        stored[item.topic] += max(0, lines - before)
    return stored


def streams_take_posts(pipeline: Pipeline) -> str | None:
    """Put one row into each stream, over the API, alone and as a batch."""
    for table, row in rows_of_a_post().items():
        stream = f"{pipeline.invoke_url}/streams/{pipeline.workbook.stream(table)}"
        batch = {"records": [{"data": row, "partition-key": "drill"}]}
        for path, body in (("record", {"Data": row, "PartitionKey": "drill"}), ("records", batch)):
            reply = requests.put(f"{stream}/{path}", json=body, timeout=30)
            if not reply.ok:
                return f"a PUT to {pipeline.workbook.stream(table)}/{path} is answered with {reply.status_code}"
    return None


def secret_opens_the_bucket(pipeline: Pipeline) -> str | None:
    """List the bucket with the keys that notebooks get from the secret scope."""
    secrets = pipeline.dbutils().secrets
    s3 = boto3.client(
        "s3",
        region_name=pipeline.workbook.region,
        endpoint_url=pipeline.workbook.client("s3").meta.endpoint_url,
        aws_access_key_id=secrets.get("aws", "access_key_id"),
        aws_secret_access_key=secrets.get("aws", "secret_access_key"),
    )
    try:
        s3.list_objects_v2(Bucket=pipeline.workbook.bucket, MaxKeys=1)
    except (ClientError, BotoCoreError):
        return "the keys in the secret scope do not open the bucket"
    return None


def mount_shows_the_bucket(pipeline: Pipeline) -> str | None:
    """Write an object, and look for it under the mount."""
    s3, key = pipeline.workbook.client("s3"), f"drill-{time.time_ns()}"
    s3.put_object(Bucket=pipeline.workbook.bucket, Key=key, Body=b"")
    try:
        names = [entry.name for entry in pipeline.dbutils().fs.ls(pipeline.mount_point)]
    except ExecutionError:
        return f"{pipeline.mount_point} cannot be listed"
    finally:
        s3.delete_object(Bucket=pipeline.workbook.bucket, Key=key)
    return None if key in names else f"{pipeline.mount_point} does not show what is in {pipeline.workbook.bucket}"
