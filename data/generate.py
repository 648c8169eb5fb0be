"""Make the three tables of the course's database: `python data/generate.py` writes them next to this file."""

import gzip
import json
from pathlib import Path

from generator.base_rows import Row, base_rows
from generator.extra_rows import extra_rows

TABLES = ("pin", "geo", "user")


def tables() -> dict[str, list[Row]]:
    """Return the rows of `pin`, `geo` and `user`, in the order of their keys."""
    base = base_rows()
    extra_posts, extra_users = extra_rows(base)
    columns = zip(*base, *extra_posts, strict=True)
    made = {table: list(rows) for table, rows in zip(TABLES, columns, strict=True)}
    made["user"] += extra_users
    return made


def to_json_lines(rows: list[Row]) -> str:
    """Write each row as compact JSON on a line of its own."""
    return "".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows)


def write(folder: Path) -> None:
    """Write `pin.jsonl.gz`, `geo.jsonl.gz` and `user.jsonl.gz` into a folder."""
    for table, rows in tables().items():
        # No time stamp in the header: the same rows give the same file.
        packed = gzip.compress(to_json_lines(rows).encode(), compresslevel=9, mtime=0)
        path = folder / f"{table}.jsonl.gz"
        path.write_bytes(packed)
        print(f"{path.name}: {len(rows):,} rows, {len(packed) / 1e6:.2f} MB")


if __name__ == "__main__":
    write(Path(__file__).resolve().parent)
