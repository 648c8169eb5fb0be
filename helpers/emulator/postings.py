"""Postings: one row of each table at the same offset, as the course's emulator draws them."""

import gzip
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from pathlib import Path

import sqlalchemy

from helpers.config import CHECKOUT, TABLES

SEED = 100
"""Seed of the course's emulator: every start replays the same rows."""

LAST_ROW = 11_000
"""The course draws offsets from 0 up to and including this one."""

DATABASE_TABLES = {"pin": "pinterest_data", "geo": "geolocation_data", "user": "user_data"}


@dataclass(frozen=True)
class Posting:
    """What one user's post sends: a row for each of the three tables it concerns.

    Attributes
    ----------
    rows : dict of str to dict
        "pin", "geo" and "user" → column → value.
    """

    rows: dict[str, dict]

    def wire(self, table: str) -> bytes:
        """One row as it travels: compact JSON, datetimes as text."""
        return json.dumps(self.rows[table], ensure_ascii=False, separators=(",", ":"), default=_text).encode()


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    raise TypeError(f"A {type(value).__name__} cannot be sent as JSON: {value!r}")


def draws(seed: int = SEED) -> Iterator[tuple[int, int]]:
    """Draw what the course's endless loop draws.

    Parameters
    ----------
    seed : int
        Start of the random numbers.

    Yields
    ------
    tuple of int
        Seconds to wait (0 or 1), then the offset of the row to post (0 to 11,000).
    """
    numbers = random.Random(seed)
    while True:
        pause = numbers.randrange(0, 2)
        yield pause, numbers.randint(0, LAST_ROW)


class PostsDatabase:
    """The posts database, reached by any SQLAlchemy URL: SQLite on the laptop, the course's MySQL elsewhere."""

    def __init__(self, url: str):
        self._engine = sqlalchemy.create_engine(url)

    def posting(self, offset: int) -> Posting:
        """Read the three rows at one offset.

        Raises
        ------
        LookupError
            If a table has no row there.
        """
        with self._engine.connect() as connection:
            return Posting({table: self._row(connection, table, offset) for table in TABLES})

    def _row(self, connection: sqlalchemy.Connection, table: str, offset: int) -> dict:
        query = sqlalchemy.text(f"SELECT * FROM {DATABASE_TABLES[table]} LIMIT :offset, 1")
        row = connection.execute(query, {"offset": offset}).mappings().first()
        if row is None:
            raise LookupError(f"{DATABASE_TABLES[table]} has no row at offset {offset}.")
        return dict(row)

    def close(self) -> None:
        """Let go of the connections."""
        self._engine.dispose()


def history(folder: Path = CHECKOUT / "data") -> Iterator[Posting]:
    """Read every posting there ever was, the malformed ones included, from the generated tables.

    Parameters
    ----------
    folder : Path
        Holds ``pin.jsonl.gz``, ``geo.jsonl.gz`` and ``user.jsonl.gz``, aligned line by line. The users end with
        two who never posted: their postings have no pin and no place.
    """
    lines = [_json_lines(folder / f"{table}.jsonl.gz") for table in TABLES]
    for rows in zip_longest(*lines):
        yield Posting({table: row for table, row in zip(TABLES, rows, strict=True) if row is not None})


def _json_lines(file: Path) -> Iterator[dict]:
    with gzip.open(file, "rt", encoding="utf-8") as stream:
        yield from map(json.loads, stream)
