"""Make the posts database that the emulator reads: SQLite, with the tables and columns of the course's own.

It holds the 11,154 regular rows. The extra rows of the generated tables, which hold malformed datetimes on
purpose, exist in wire form only (`data/README.md`).
"""

import gzip
import hashlib
import json
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from lab.core.layout import CHECKOUT, Lab

REGULAR_ROWS = 11_154
"""Rows of each table, keys 0 to 11,153, as in the course's database."""

TABLES = {
    "pinterest_data": (
        "pin",
        "index",
        '"index" integer, unique_id text, title text, description text, poster_name text, follower_count text, '
        "tag_list text, is_image_or_video text, image_src text, downloaded integer, save_location text, category text",
    ),
    "geolocation_data": ("geo", "ind", "ind integer, timestamp timestamp, latitude real, longitude real, country text"),
    "user_data": ("user", "ind", "ind integer, first_name text, last_name text, age integer, date_joined timestamp"),
}
"""Table → file of `data/`, its key, its columns. ``timestamp`` lets Python's driver hand out datetimes."""


def _rows(file: Path, key: str) -> Iterator[dict]:
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            if row[key] < REGULAR_ROWS:
                yield row


def fingerprint() -> str:
    """Digest of everything the database is made from."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for file, _, _ in TABLES.values():
        digest.update((CHECKOUT / "data" / f"{file}.jsonl.gz").read_bytes())
    return digest.hexdigest()


def content_digest(database: Path) -> str:
    """Digest of every row of every table, in order; the same on every machine."""
    digest = hashlib.sha256()
    with sqlite3.connect(database) as connection:
        for table in TABLES:
            digest.update(table.encode())
            for row in connection.execute(f"SELECT * FROM {table} ORDER BY rowid"):
                digest.update(json.dumps(row).encode())
    connection.close()
    return digest.hexdigest()


def build(lab: Lab) -> None:
    """Make the database unless it is there and current; a build that was cut short leaves nothing behind."""
    database, stamp = lab.posts_database, lab.build / "posts.db.made-from"
    wanted = fingerprint()
    if database.exists() and stamp.exists() and stamp.read_text() == wanted:
        return
    unfinished = database.with_suffix(".unfinished")
    unfinished.unlink(missing_ok=True)
    with sqlite3.connect(unfinished) as connection:
        for table, (file, key, columns) in TABLES.items():
            connection.execute(f"CREATE TABLE {table} ({columns})")
            rows = (tuple(row.values()) for row in _rows(CHECKOUT / "data" / f"{file}.jsonl.gz", key))
            marks = ", ".join("?" * len(columns.split(", ")))
            connection.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
    connection.close()
    os.replace(unfinished, database)
    stamp.write_text(wanted)
