"""Postings over the REST API: API Gateway passes them to the REST proxy, and that to Kafka."""

import requests

from helpers.config import Workbook
from helpers.emulator.http_target import REQUEST_SECONDS, ApiRefused, HttpTarget, Outcome
from helpers.emulator.postings import Posting
from helpers.emulator.tally import Tally

CONTENT_TYPE = "application/vnd.kafka.json.v2+json"
"""Tells the REST proxy that values are JSON."""

RETRIABLE = 2
"""The REST proxy's code for a record that may be sent again."""


class ApiTarget(HttpTarget):
    """Sends postings to ``<invoke URL>/topics/<topic>``.

    Parameters
    ----------
    workbook : Workbook
        Gives the topics.
    tally : Tally
        Where to count.
    invoke_url : str
        Address of the deployed stage.
    batch : int
        Postings a request; the course sends one.
    """

    def __init__(self, workbook: Workbook, tally: Tally, invoke_url: str, batch: int = 1):
        super().__init__(tally, batch, {"Content-Type": CONTENT_TYPE})
        self._workbook = workbook
        self._url = invoke_url.rstrip("/")

    def _record(self, posting: Posting, table: str) -> bytes:
        return posting.wire(table)

    def _send(self, table: str, records: list[bytes]) -> requests.Response:
        body = b'{"records":[' + b",".join(b'{"value":' + row + b"}" for row in records) + b"]}"
        url = f"{self._url}/topics/{self._workbook.topic(table)}"
        return self._session.post(url, data=body, timeout=REQUEST_SECONDS)

    def _outcome(self, reply: requests.Response, records: list[bytes]) -> Outcome:
        outcomes = reply.json()["offsets"]
        failed = [(row, one) for row, one in zip(records, outcomes, strict=True) if one.get("error_code")]
        for _, outcome in failed:
            if outcome["error_code"] != RETRIABLE:
                raise ApiRefused(f"{reply.url} did not take a record: {outcome['error']}")
        reason = str(failed[0][1]["error"]) if failed else ""
        return [row for row, _ in failed], reason, len(failed)
