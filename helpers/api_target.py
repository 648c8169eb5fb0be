"""Postings over the REST API: API Gateway passes them to the REST proxy, and that to Kafka."""

import time
from collections.abc import Sequence
from typing import Any

import requests

from helpers.config import Workbook
from helpers.postings import Posting
from helpers.tally import Tally

CONTENT_TYPE = "application/vnd.kafka.json.v2+json"
"""Tells the REST proxy that values are JSON."""

GIVE_UP_SECONDS = 60.0
"""How long one request is tried again before its records count as not stored."""

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
"""Seconds between tries; each pause is twice the one before."""

REQUEST_SECONDS = (3.05, 30)
"""Time to connect, and to wait for the answer: API Gateway itself gives up after 29 s."""

RETRIABLE = 2
"""The REST proxy's code for a record that may be sent again."""


class ApiRefused(Exception):
    """The API or the REST proxy will not take a record, now or later; the text says why."""


class ApiTarget:
    """Sends postings to ``<invoke URL>/topics/<topic>`` and keeps count of what was acknowledged.

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
        self._workbook = workbook
        self._tally = tally
        self._url = invoke_url.rstrip("/")
        self._batch = batch
        self._waiting: list[Posting] = []
        self._session = requests.Session()
        self._session.trust_env = False  # no proxy between here and the lab
        self._session.headers["Content-Type"] = CONTENT_TYPE

    def post(self, posting: Posting) -> None:
        """Send one posting, or keep it until a batch is full.

        Raises
        ------
        ApiRefused
            If it will not be taken.
        """
        self._tally.sent += 1
        self._waiting.append(posting)
        if len(self._waiting) >= self._batch:
            self._flush()

    def close(self) -> None:
        """Send what waits."""
        try:
            self._flush()
        except ApiRefused as error:
            self._tally.remember(str(error))
        self._session.close()

    def _flush(self) -> None:
        postings, self._waiting = self._waiting, []
        tables = list(dict.fromkeys(table for posting in postings for table in posting.rows))
        stored = [self._store(table, [p.wire(table) for p in postings if table in p.rows]) for table in tables]
        if postings and all(stored):
            self._tally.acknowledged += len(postings)

    def _store(self, table: str, rows: Sequence[bytes]) -> bool:
        """Send rows of one table until all are stored or the time is up; tell whether they are."""
        url = f"{self._url}/topics/{self._workbook.topic(table)}"
        left, pause = list(rows), FIRST_PAUSE
        limit = time.monotonic() + GIVE_UP_SECONDS
        while True:
            left, problem, unknown = self._try(url, left)
            if not left:
                return True
            if time.monotonic() + pause > limit:
                self._tally.remember(f"records were not stored within {GIVE_UP_SECONDS:.0f} s: {problem}")
                return False
            self._tally.perhaps_twice += unknown
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _try(self, url: str, rows: list[bytes]) -> tuple[list[bytes], str, int]:
        """Send rows once.

        Returns
        -------
        list of bytes
            The rows still to send.
        str
            Why.
        int
            Of how many of them it is not known whether they were stored.
        """
        body = b'{"records":[' + b",".join(b'{"value":' + row + b"}" for row in rows) + b"]}"
        try:
            reply = self._session.post(url, data=body, timeout=REQUEST_SECONDS)
        except requests.ConnectTimeout as error:
            return rows, str(error), 0
        except requests.ConnectionError as error:
            reached = "refused" not in str(error)  # nobody listens: nothing was sent
            return rows, str(error), len(rows) if reached else 0
        except requests.Timeout as error:
            return rows, str(error), len(rows)
        if reply.status_code == 429:
            return rows, _words(reply), 0
        if reply.status_code >= 500:
            return rows, f"HTTP {reply.status_code}: {_words(reply)}", len(rows)
        if reply.status_code != 200:
            raise ApiRefused(f"{url} answers HTTP {reply.status_code}: {_words(reply)}")
        return _not_stored(url, rows, reply.json()["offsets"])


def _not_stored(url: str, rows: list[bytes], outcomes: list[dict[str, Any]]) -> tuple[list[bytes], str, int]:
    failed = [(row, outcome) for row, outcome in zip(rows, outcomes, strict=True) if outcome.get("error_code")]
    for _, outcome in failed:
        if outcome["error_code"] != RETRIABLE:
            raise ApiRefused(f"{url} did not take a record: {outcome['error']}")
    reason = str(failed[0][1]["error"]) if failed else ""
    return [row for row, _ in failed], reason, len(failed)


def _words(reply: requests.Response) -> str:
    try:
        answer = reply.json()
        return str(answer.get("message") or answer)
    except (ValueError, AttributeError):
        return reply.text[:200]
