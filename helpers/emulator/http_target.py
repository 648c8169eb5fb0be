"""What the ways over HTTP have in common: requests that are tried again, and only with what was not stored."""

import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import requests

from helpers.emulator.postings import Posting
from helpers.emulator.tally import Tally

GIVE_UP_SECONDS = 60.0
"""How long one request is tried again before its records count as not stored."""

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
"""Seconds between tries; each pause is twice the one before."""

REQUEST_SECONDS = (3.05, 30)
"""Time to connect, and to wait for the answer: API Gateway itself gives up after 29 s."""

Outcome = tuple[list[Any], str, int]
"""Records still to send, why, and of how many of them it is not known whether they were stored."""


class ApiRefused(Exception):
    """The API or what is behind it will not take a record, now or later; the text says why."""


class HttpTarget(ABC):
    """Sends postings by HTTP and keeps count of what was acknowledged.

    Parameters
    ----------
    tally : Tally
        Where to count.
    batch : int
        Postings a request; the course sends one.
    headers : dict of str to str
        Of every request.
    """

    def __init__(self, tally: Tally, batch: int, headers: dict[str, str]):
        self._tally = tally
        self._batch = batch
        self._waiting: list[Posting] = []
        self._session = requests.Session()
        self._session.trust_env = False  # no proxy between here and the lab
        self._session.headers.update(headers)

    @abstractmethod
    def _record(self, posting: Posting, table: str) -> Any:
        """Make the record of one table."""

    @abstractmethod
    def _send(self, table: str, records: list[Any]) -> requests.Response:
        """Send records of one table once."""

    @abstractmethod
    def _outcome(self, reply: requests.Response, records: list[Any]) -> Outcome:
        """Read which records an answer of HTTP 200 leaves to send.

        Raises
        ------
        ApiRefused
            If one will never be taken.
        """

    def _may_pass(self, reply: requests.Response) -> bool:
        """Tell whether the answer refuses everything for now, and nothing was stored."""
        return reply.status_code == 429

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
        stored = [self._store(table, [self._record(p, table) for p in postings if table in p.rows]) for table in tables]
        if postings and all(stored):
            self._tally.acknowledged += len(postings)

    def _store(self, table: str, records: Sequence[Any]) -> bool:
        """Send records of one table until all are stored or the time is up; tell whether they are."""
        left, pause = list(records), FIRST_PAUSE
        limit = time.monotonic() + GIVE_UP_SECONDS
        while True:
            left, problem, unknown = self._try(table, left)
            if not left:
                return True
            if time.monotonic() + pause > limit:
                self._tally.remember(f"records were not stored within {GIVE_UP_SECONDS:.0f} s: {problem}")
                return False
            self._tally.perhaps_twice += unknown
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _try(self, table: str, records: list[Any]) -> Outcome:
        try:
            reply = self._send(table, records)
        except requests.ConnectTimeout as error:
            return records, str(error), 0
        except requests.ConnectionError as error:
            reached = "refused" not in str(error)  # nobody listens: nothing was sent
            return records, str(error), len(records) if reached else 0
        except requests.Timeout as error:
            return records, str(error), len(records)
        if self._may_pass(reply):
            return records, words(reply), 0
        if reply.status_code >= 500:
            return records, f"HTTP {reply.status_code}: {words(reply)}", len(records)
        if reply.status_code != 200:
            raise ApiRefused(f"{reply.url} answers HTTP {reply.status_code}: {words(reply)}")
        return self._outcome(reply, records)


def words(reply: requests.Response) -> str:
    """Return the sentence in an answer."""
    try:
        answer = reply.json()
        return str(answer.get("message") or answer)
    except (ValueError, AttributeError):
        return reply.text[:200]
