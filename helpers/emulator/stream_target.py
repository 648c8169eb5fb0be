"""Postings into the three streams: API Gateway calls Kinesis with each record, or with a batch of them."""

import json
from typing import Any

import requests

from helpers.config import Workbook
from helpers.emulator.http_target import REQUEST_SECONDS, ApiRefused, HttpTarget, Outcome, words
from helpers.emulator.postings import Posting
from helpers.emulator.tally import Tally

LARGEST_BATCH = 500
"""Records a PutRecords takes (Kinesis Data Streams, PutRecords)."""

PASSING = ("ProvisionedThroughputExceededException", "InternalFailure", "LimitExceededException")
"""Kinesis's codes for a record that was not stored and may be sent again."""

Record = tuple[bytes, str]
"""A row as JSON, and its partition key."""


class StreamTarget(HttpTarget):
    """Sends postings to ``<invoke URL>/streams/<stream>/record``, batches to ``…/records``.

    Parameters
    ----------
    workbook : Workbook
        Gives the streams.
    tally : Tally
        Where to count.
    invoke_url : str
        Address of the deployed stage.
    batch : int
        Postings a request, at most 500.
    partition_key : str, optional
        One key for all records, which then share one shard; without it every row's own number is its key, which
        spreads them over all shards.
    """

    def __init__(
        self, workbook: Workbook, tally: Tally, invoke_url: str, batch: int = 1, partition_key: str | None = None
    ):
        if not 1 <= batch <= LARGEST_BATCH:
            raise ValueError(f"A batch of {batch} does not go: Kinesis takes 1 to {LARGEST_BATCH} records a request.")
        super().__init__(tally, batch, {"Content-Type": "application/json"})
        self._workbook = workbook
        self._url = invoke_url.rstrip("/")
        self._key = partition_key

    def _record(self, posting: Posting, table: str) -> Record:
        row = posting.rows[table]
        own = str(row["index" if table == "pin" else "ind"])
        return posting.wire(table), own if self._key is None else self._key

    def _send(self, table: str, records: list[Record]) -> requests.Response:
        url = f"{self._url}/streams/{self._workbook.stream(table)}"
        if self._batch == 1:
            ((row, key),) = records
            body = b'{"Data":%b,"PartitionKey":%b}' % (row, _quoted(key))
            return self._session.put(f"{url}/record", data=body, timeout=REQUEST_SECONDS)
        listed = b",".join(b'{"data":%b,"partition-key":%b}' % (row, _quoted(key)) for row, key in records)
        return self._session.put(f"{url}/records", data=b'{"records":[%b]}' % listed, timeout=REQUEST_SECONDS)

    def _may_pass(self, reply: requests.Response) -> bool:
        return super()._may_pass(reply) or _code(reply) in PASSING

    def _outcome(self, reply: requests.Response, records: list[Record]) -> Outcome:
        if code := _code(reply):  # an API without selection patterns calls every answer of Kinesis a success
            raise ApiRefused(f"{reply.url} answers {code}: {words(reply)}")
        answer = reply.json()
        if "FailedRecordCount" not in answer:
            return [], "", 0
        failed = [(one, told) for one, told in zip(records, answer["Records"], strict=True) if told.get("ErrorCode")]
        for _, told in failed:
            if told["ErrorCode"] not in PASSING:
                raise ApiRefused(f"{reply.url} did not take a record: {told['ErrorCode']}: {told['ErrorMessage']}")
        reason = f"{failed[0][1]['ErrorCode']}: {failed[0][1]['ErrorMessage']}" if failed else ""
        return [one for one, _ in failed], reason, 0


def _quoted(text: str) -> bytes:
    return json.dumps(text).encode()


def _code(reply: requests.Response) -> str:
    """Find the code of an error of Kinesis, whatever the HTTP status says."""
    try:
        answer: Any = reply.json()
    except ValueError:
        return ""
    return str(answer.get("__type", "")).rpartition("#")[2] if isinstance(answer, dict) else ""
