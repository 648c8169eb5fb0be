"""The Kinesis streams: created with so many shards, described, deleted."""

import contextlib

import pandas as pd

from helpers.config import Workbook


def create(workbook: Workbook, stream: str, shards: int) -> None:
    """Create a stream unless it is there, and wait until it can be used.

    Parameters
    ----------
    workbook : Workbook
        Gives the region.
    stream : str
        Its name.
    shards : int
        Its number of shards; one that is there keeps its own.
    """
    client = workbook.client("kinesis")
    with contextlib.suppress(client.exceptions.ResourceInUseException):
        mode = {"StreamMode": "PROVISIONED"}
        client.create_stream(StreamName=stream, ShardCount=shards, StreamModeDetails=mode, Tags=workbook.tags)
    client.get_waiter("stream_exists").wait(StreamName=stream, WaiterConfig={"Delay": 2})


def describe(workbook: Workbook) -> pd.DataFrame:
    """Describe the three streams.

    Returns
    -------
    DataFrame
        `stream`, `status`, `shards` (open ones) and `hours` (for how long records are kept).
    """
    client = workbook.client("kinesis")
    summaries = [
        client.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"] for stream in workbook.streams
    ]
    return pd.DataFrame(
        {
            "stream": [summary["StreamName"] for summary in summaries],
            "status": [summary["StreamStatus"] for summary in summaries],
            "shards": [summary["OpenShardCount"] for summary in summaries],
            "hours": [summary["RetentionPeriodHours"] for summary in summaries],
        }
    )


def delete(workbook: Workbook, stream: str) -> None:
    """Delete a stream with its records, if it is there."""
    client = workbook.client("kinesis")
    try:
        client.delete_stream(StreamName=stream)
    except client.exceptions.ResourceNotFoundException:
        return
    client.get_waiter("stream_not_exists").wait(StreamName=stream, WaiterConfig={"Delay": 2})
