"""The streams on disk: an SQLite database that has what was put before anybody hears that it was taken.

Every commit is followed by an fsync (`synchronous=FULL`), so that it outlives a power cut as well as a ``kill -9``.
"""

import contextlib
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from lab.core.layout import LabError

FORM = 1
"""Goes with the database: another form's tables do not fit."""

IN_MEMORY = ":memory:"

SWEPT_AT_ONCE = 2000
"""Records that one sweep forgets: callers wait no longer than that takes."""

SPARE_PAGES = 4096
"""Free pages that the file keeps for the records to come, 16 MB; more are given back to the disk."""

_SETTINGS = """
PRAGMA auto_vacuum = INCREMENTAL;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA wal_autocheckpoint = 4000;
PRAGMA journal_size_limit = 16777216;
"""
# the log is carried over into the database every 16 MB: by then most pages have changed more than once

# `number` counts the records of all streams and rises for ever: what comes later has the greater number, even in a
# stream that was deleted and made again. SQLite sorts the entries of an index by `number` within a shard.
_TABLES = f"""
BEGIN;
CREATE TABLE stream (name TEXT PRIMARY KEY, state TEXT NOT NULL);
CREATE TABLE record (number INTEGER PRIMARY KEY, shard INTEGER, arrival REAL, partition_key TEXT, data BLOB);
CREATE INDEX record_by_shard ON record (shard);
CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
INSERT INTO counter VALUES ('record', 0), ('shard', 0);
PRAGMA user_version = {FORM};
COMMIT;
"""


class Row(NamedTuple):
    """A record as it is stored; `arrival` is in seconds."""

    number: int
    shard: int
    arrival: float
    partition_key: str
    data: bytes


class StoreFailed(Exception):
    """The database could not be written or read; the message says why, for whoever called."""


class Store:
    """Streams and records; one thread at a time.

    What was saved and appended counts from `commit` on, or is gone with `roll_back`.

    Parameters
    ----------
    file : Path, optional
        The database; without one it is in memory, and gone with the process.

    Raises
    ------
    LabError
        If the file is damaged or of another form.
    """

    def __init__(self, file: Path | None = None):
        self._file = file
        with self._damage_as_lab_error():
            self._database = _opened(file)
            form = self._database.execute("PRAGMA user_version").fetchone()[0]
            if form == 0:
                self._database.executescript(_TABLES)
            elif form != FORM:
                raise LabError(
                    f"{file} was written by another version ({form}; this is {FORM}). `python -m lab reset` makes a "
                    "new lab."
                )
            self._counted = self._counters()

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def streams(self) -> dict[str, dict[str, Any]]:
        """Return what was saved of every stream, by name."""
        with self._failures():
            return {name: json.loads(state) for name, state in self._database.execute("SELECT * FROM stream")}

    def save(self, name: str, state: Mapping[str, Any]) -> None:
        """Save what there is to say of a stream, its records apart."""
        with self._changing() as database:
            database.execute("INSERT OR REPLACE INTO stream VALUES (?, ?)", (name, json.dumps(state)))

    def delete(self, name: str) -> None:
        """Forget a stream; its records go with the sweeps that follow."""
        with self._changing() as database:
            database.execute("DELETE FROM stream WHERE name = ?", (name,))

    def next_number(self, counter: str) -> int:
        """Count on: the next "record" or "shard" of the account."""
        self._counted[counter] += 1
        return self._counted[counter]

    def append(self, rows: Iterable[Row]) -> None:
        """Store records."""
        with self._changing() as database:
            database.executemany("INSERT INTO record VALUES (?, ?, ?, ?, ?)", rows)

    def read(self, shard: int, first: int, since: float) -> Iterator[Row]:
        """Read a shard's records in order, from the number `first` on, those that came at `since` or later."""
        query = "SELECT * FROM record WHERE shard = ? AND number >= ? AND arrival >= ? ORDER BY number"
        with self._failures(), contextlib.closing(self._database.execute(query, (shard, first, since))) as found:
            yield from map(Row._make, found)

    def newest(self, shard: int) -> Row | None:
        """Return the last record of a shard; None if there is none."""
        query = "SELECT * FROM record WHERE shard = ? ORDER BY number DESC LIMIT 1"
        with self._failures():
            found = self._database.execute(query, (shard,)).fetchone()
        return Row._make(found) if found else None

    def commit(self) -> None:
        """Put on disk what was changed since the last commit.

        Raises
        ------
        StoreFailed
            If there is no room, say; then nothing of it is stored, once `roll_back` was called.
        """
        if self._database.in_transaction:
            with self._failures():
                counted = [(value, name) for name, value in self._counted.items()]
                self._database.executemany("UPDATE counter SET value = ? WHERE name = ?", counted)
                self._database.execute("COMMIT")

    def roll_back(self) -> None:
        """Forget what was changed since the last commit."""
        with self._failures():
            if self._database.in_transaction:  # SQLite itself rolls back on some errors
                self._database.execute("ROLLBACK")
            self._counted = self._counters()

    def sweep(self, horizons: Mapping[int, float]) -> bool:
        """Forget records that are too old, or whose shard is gone; commits.

        Parameters
        ----------
        horizons : mapping of int to float
            Shard → arrival before which its records are forgotten; those of a shard that is not in it all are.

        Returns
        -------
        bool
            Whether there is more to forget.
        """
        for shard in self._shards():
            forgotten = self._forget(shard, horizons.get(shard, float("inf")))
            if forgotten:
                self.commit()
                self._give_back()
                return True
        return False

    def _forget(self, shard: int, horizon: float) -> int:
        oldest = next(self.read(shard, 0, float("-inf")))
        if oldest.arrival >= horizon:
            return 0
        with self._changing() as database:
            return database.execute(
                "DELETE FROM record WHERE number IN (SELECT number FROM "
                "(SELECT number, arrival FROM record WHERE shard = ? ORDER BY number LIMIT ?) WHERE arrival < ?)",
                (shard, SWEPT_AT_ONCE, horizon),
            ).rowcount

    def _shards(self) -> Iterator[int]:
        """List the shards that have records, by one look into the index for each."""
        shard = -1
        while shard is not None:
            with self._failures():
                shard = self._database.execute("SELECT min(shard) FROM record WHERE shard > ?", (shard,)).fetchone()[0]
            if shard is not None:
                yield shard

    def _give_back(self) -> None:
        with self._failures():
            spare = self._database.execute("PRAGMA freelist_count").fetchone()[0]
            if spare > SPARE_PAGES:
                # a script is run to its end; `execute` would stop after one page
                self._database.executescript(f"PRAGMA incremental_vacuum({spare - SPARE_PAGES})")

    def _counters(self) -> dict[str, int]:
        return dict(self._database.execute("SELECT name, value FROM counter"))

    @contextlib.contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        with self._failures():
            if not self._database.in_transaction:
                self._database.execute("BEGIN IMMEDIATE")
            yield self._database

    @contextlib.contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StoreFailed(_explained(error, self._file)) from error

    @contextlib.contextmanager
    def _damage_as_lab_error(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            words = f"{self._file} is damaged or cannot be opened ({error}). `python -m lab reset` makes a new lab."
            raise LabError(words) from error


def _opened(file: Path | None) -> sqlite3.Connection:
    if file:
        file.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))  # SQLite's own files beside it are as private as this
    database = sqlite3.connect(file or IN_MEMORY, isolation_level=None, check_same_thread=False)
    database.executescript(_SETTINGS)
    return database


def _explained(error: sqlite3.Error, file: Path | None) -> str:
    full = getattr(error, "sqlite_errorcode", None) in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE)
    if full:
        return (
            f"The disk is full: the lab could not write {file}, and nothing of this call was stored. Make room on the "
            "disk, then call again."
        )
    return f"The lab could not use {file} ({error}), and nothing of this call was stored."
