"""The connector that carries the topics into the bucket: its properties, its state, how far it has come."""

import json
import time
import urllib.error
import urllib.request

from helpers import kafka_client
from helpers.config import Workbook

BUSY = (404, 409, 500, 503)
"""What a Connect worker answers while it joins its group or moves tasks about."""


class ConnectorError(Exception):
    """The connector was refused, failed, or is behind; the text says which and why."""


def sink_properties(
    workbook: Workbook, flush_size: int = 1, folder: str = "topics", rotate_schedule_ms: int = -1
) -> dict[str, str]:
    """Write down the connector's properties, under the names of Confluent's S3 sink.

    Parameters
    ----------
    workbook : Workbook
        Gives bucket, region and topics.
    flush_size : int
        Records an object.
    folder : str
        First part of every key.
    rotate_schedule_ms : int
        Longest wait, in milliseconds, until a partial object is written; -1 waits for a full one.
    """
    return {
        "connector.class": "S3SinkConnector",
        "tasks.max": "3",
        "topics.regex": f"{workbook.id}.*",
        "s3.bucket.name": workbook.bucket,
        "s3.region": workbook.region,
        "topics.dir": folder,
        "flush.size": str(flush_size),
        "rotate.schedule.interval.ms": str(rotate_schedule_ms),
        "schema.compatibility": "NONE",
        "storage.class": "io.confluent.connect.s3.storage.S3Storage",
        "format.class": "io.confluent.connect.s3.format.json.JsonFormat",
        "partitioner.class": "io.confluent.connect.storage.partitioner.DefaultPartitioner",
        "key.converter": "org.apache.kafka.connect.storage.StringConverter",
        "value.converter": "org.apache.kafka.connect.json.JsonConverter",
        "value.converter.schemas.enable": "false",
    }


def put_connector(workbook: Workbook, properties: dict[str, str], timeout: float = 60) -> str:
    """Create the connector, or give it new properties, and wait until all its tasks run.

    Parameters
    ----------
    workbook : Workbook
        Gives the connector's name.
    properties : dict of str to str
        See `sink_properties`.
    timeout : float
        Seconds to wait.

    Returns
    -------
    str
        "created" or "updated".

    Raises
    ------
    ConnectorError
        If a property is refused, a task fails, or the time is up.
    """
    limit = time.monotonic() + timeout
    path = f"/connectors/{workbook.connector}/config"
    status, answer = _patiently(workbook, "PUT", path, limit, properties)
    if status not in (200, 201):
        raise ConnectorError(f"{workbook.connector} was refused: {answer['message']}")
    restarted = False
    while not _is_running(workbook, properties, limit):
        if time.monotonic() > limit:
            raise ConnectorError(f"The tasks of {workbook.connector} did not start within {timeout:.0f} s.")
        reason = _failure(_state(workbook))
        if reason and not restarted:
            # a failure from before this call: new properties alone do not start a failed task again
            _request(workbook, "POST", f"/connectors/{workbook.connector}/restart?includeTasks=true&onlyFailed=true")
            restarted = True
        elif reason:
            raise ConnectorError(f"{workbook.connector} failed: {reason}")
        time.sleep(0.2)
    return "created" if status == 201 else "updated"


def _is_running(workbook: Workbook, properties: dict[str, str], limit: float) -> bool:
    _, state = _patiently(workbook, "GET", f"/connectors/{workbook.connector}/status", limit)
    _, tasks = _patiently(workbook, "GET", f"/connectors/{workbook.connector}/tasks", limit)
    if not isinstance(tasks, list):
        return False
    current = all(properties.items() <= task["config"].items() for task in tasks)
    running = sum(part["state"] == "RUNNING" for part in state["tasks"])
    return current and running == len(tasks) == int(properties["tasks.max"])


def _state(workbook: Workbook) -> dict | None:
    """Ask for the state of the connector and its tasks; None if there is no such connector."""
    status, state = _request(workbook, "GET", f"/connectors/{workbook.connector}/status")
    return None if status == 404 else state


def _failure(state: dict | None) -> str | None:
    """Tell why the connector or one of its tasks failed; None if none did."""
    parts = [*state["tasks"], state["connector"]] if state and "tasks" in state else []
    for part in parts:
        if part["state"] == "FAILED":
            return _cause(part["trace"])
    return None


def _cause(trace: str) -> str:
    """Tell the reasons in a Java trace, from the outermost to the innermost, each once."""
    lines = [line.removeprefix("Caused by: ") for line in trace.splitlines() if not line.startswith("\t")]
    reasons: list[str] = []
    for line in lines[1:] or lines:  # the first line only says that the worker gave up
        message = line.split(": ", 1)[-1].strip()
        if message and not any(message in reason for reason in reasons):
            reasons.append(message)
    return " Because: ".join(reasons)


def wait_until_stored(workbook: Workbook, timeout: float = 120) -> float:
    """Wait until every record now in the topics is in the bucket.

    The connector is a consumer group; it commits an offset only when the records before it are stored, so a lag of
    zero means that all of them are.

    Returns
    -------
    float
        Seconds it took.

    Raises
    ------
    ConnectorError
        If the connector fails, or the time is up.
    """
    started = time.monotonic()
    group = f"connect-{workbook.connector}"
    while True:
        behind = kafka_client.lag(workbook, group)
        waited = time.monotonic() - started
        if not any(behind.values()):
            return waited
        state = _state(workbook)
        if state is None:
            raise ConnectorError(f"There is no connector {workbook.connector}. Create it first.")
        if reason := _failure(state):
            raise ConnectorError(f"{workbook.connector} failed: {reason}")
        if waited > timeout:
            raise ConnectorError(
                f"After {timeout:.0f} s {workbook.connector} has still to store {behind}. A flush.size larger than "
                "the rest of the records, with no rotate.schedule.interval.ms, keeps them waiting for ever."
            )
        time.sleep(0.2)


def delete_connector(workbook: Workbook) -> bool:
    """Delete the connector; its committed offsets stay.

    Returns
    -------
    bool
        Whether there was one.
    """
    status, _ = _patiently(workbook, "DELETE", f"/connectors/{workbook.connector}", time.monotonic() + 30)
    return status == 204


def _patiently(workbook: Workbook, method: str, path: str, limit: float, body: object = None) -> tuple[int, dict]:
    while True:
        status, answer = _request(workbook, method, path, body)
        if status not in BUSY or (method == "DELETE" and status == 404) or time.monotonic() > limit:
            return status, answer
        time.sleep(0.3)


def _request(workbook: Workbook, method: str, path: str, body: object = None) -> tuple[int, dict]:
    request = urllib.request.Request(
        workbook.connect_url + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60) as answer:
            return answer.status, json.loads(answer.read() or b"{}")
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or b"{}")
    except OSError as error:
        raise ConnectorError(
            f"Kafka Connect does not answer at {workbook.connect_url}: {error}. "
            "On the laptop, `python -m helpers.lab status` tells whether it runs."
        ) from error
