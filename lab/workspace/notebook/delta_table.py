"""`DeltaTable`, which Spark Connect's clients cannot use in the lab: what does the same, method by method."""

import re
from collections.abc import Iterator

from lab.workspace.notebook.finding import Finding, Lines

INSTEAD = {
    "toDF": 'spark.read.format("delta").load(path), or spark.table(name)',
    "vacuum": 'spark.sql("VACUUM delta.`path`")',
    "merge": 'spark.sql("MERGE INTO delta.`path` AS t USING view AS s ON … WHEN MATCHED THEN UPDATE SET * '
    'WHEN NOT MATCHED THEN INSERT *")',
    "delete": 'spark.sql("DELETE FROM delta.`path` WHERE …")',
    "update": 'spark.sql("UPDATE delta.`path` SET … WHERE …")',
    "history": 'spark.sql("DESCRIBE HISTORY delta.`path`")',
    "detail": 'spark.sql("DESCRIBE DETAIL delta.`path`")',
    "optimize": 'spark.sql("OPTIMIZE delta.`path`")',
    "restoreToVersion": 'spark.sql("RESTORE TABLE delta.`path` TO VERSION AS OF …")',
    "isDeltaTable": 'spark.sql("DESCRIBE DETAIL delta.`path`"), which fails where there is none,',
    "createIfNotExists": 'spark.sql("CREATE TABLE IF NOT EXISTS name (…) USING delta")',
    "createOrReplace": 'spark.sql("CREATE OR REPLACE TABLE name (…) USING delta")',
    "create": 'spark.sql("CREATE TABLE name (…) USING delta")',
}
"""Method → what does the same over Spark Connect."""

ANY = 'spark.read.format("delta").load(path) reads a table, and SQL changes one (VACUUM, MERGE INTO, UPDATE): it'

_HELD = re.compile(r"\b(\w+)\s*=\s*DeltaTable\.for(?:Path|Name)\b")
_METHOD = re.compile(r"\.(\w+)\(")


def review(lines: Lines) -> Iterator[Finding]:
    """Find the uses of `DeltaTable`; an import alone is none."""
    held = {match[1] for _, code in lines for match in _HELD.finditer(code)}
    table = re.compile("|".join([r"\bDeltaTable\.", *(rf"\b{name}\." for name in sorted(held))]))
    found, first, goes_on = [], None, False
    for place, code in lines:
        goes_on = bool(table.search(code)) or (goes_on and code.startswith((".", "\\")))
        if not goes_on:
            continue
        first = first or place
        found += [_finding(place, method) for method in _METHOD.findall(code) if method in INSTEAD]
    yield from found
    if first and not found:
        yield Finding(first, "DeltaTable", _words(ANY))


def _finding(place: str, method: str) -> Finding:
    return Finding(place, f"DeltaTable's {method}()", _words(INSTEAD[method]))


def _words(instead: str) -> str:
    return f"cannot be used over Spark Connect in the lab; {instead} does the same."
