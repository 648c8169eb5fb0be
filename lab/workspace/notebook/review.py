"""Read code that learners bring, line by line, for what the lab cannot honour, and say what to write instead."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Finding:
    """One place that needs a look.

    Attributes
    ----------
    place : str
        ``line 7``, or ``cell 3, line 2`` of a Jupyter notebook.
    found : str
        What stands there.
    instead : str
        What to do, as a sentence.
    """

    place: str
    found: str
    instead: str

    def __str__(self) -> str:
        """Show it on one line."""
        return f"{self.place}: {self.found}: {self.instead}"


RULES = (
    (r"\bschedule_interval\b", "Airflow 3 has no schedule_interval any more; write schedule='@daily' and the like."),
    (r"\bdays_ago\b", "Airflow 3 has no days_ago; write start_date=pendulum.datetime(2026, 1, 1, tz='UTC')."),
    (r"\bairflow\.operators\.\w+", "moved in Airflow 3: airflow.providers.standard.operators.python, .bash, .empty."),
    (r"\bDeltaTable\b", "works on the cluster's own side only; spark.sql('MERGE INTO …') does the same from here."),
    (r"\.rdd\b", "there is none over Spark Connect, as on serverless Databricks; use functions of DataFrames."),
    (r"\bsc\.\w+|\bsparkContext\b|\bSparkContext\b", "there is none over Spark Connect; use spark itself."),
    (r"\._jvm\b|\._jsc\b", "Java cannot be reached over Spark Connect; dbutils.fs does what this is mostly used for."),
    (r"^%(scala|r)\b", "the lab's notebooks speak Python and SQL; write this cell in one of them."),
    (r"^%pip\b", "is not done: all notebooks share one environment, requirements/workbook.txt says what is in it."),
    (r"\bdbutils\.(jobs|data|credentials)\b", "is not in the lab; fs, secrets, widgets, notebook and library are."),
    (r"\b(abfss|wasbs|gs)://", "the lab has S3 only; use s3a://<bucket>, or a mount."),
    (r"mysql\+pymysql://", "replace the database's address by Workbook.load().database_url."),
    (r"https://\w+\.execute-api\.[\w-]+\.amazonaws\.com", "replace it by your API's address in the lab (notebook 04)."),
    (r"\bAKIA[A-Z0-9]{16}\b", "an access key in the code: delete it at AWS, and read keys from dbutils.secrets."),
    (r"%Y:%m:%d", "colons between year and month are no date; the cleaning makes it null. Write %Y-%m-%d."),
)
"""Pattern → what to do about it."""

_CHECKPOINT = re.compile(r"checkpointLocation[\"']\s*,\s*([^)]+?)\s*\)")
_KEY = re.compile(r"AKIA\w{12}")


def review(file: Path) -> list[Finding]:
    """Look through a notebook or a script.

    Parameters
    ----------
    file : Path
        ``.ipynb``, or text.
    """
    found, checkpoints = [], {}
    for place, line in _lines(file):
        for pattern, instead in RULES:
            if match := re.search(pattern, line):
                found.append(Finding(place, _KEY.sub("AKIA…", match[0]), instead))
        if match := _CHECKPOINT.search(line):
            first = checkpoints.setdefault(match[1], place)
            if first != place:
                words = f"the checkpoint of {first}: the second query would stop the first. Give each its own."
                found.append(Finding(place, match[1], words))
    return found


def _lines(file: Path) -> Iterator[tuple[str, str]]:
    """Walk through the code, comments left out."""
    if file.suffix != ".ipynb":
        yield from _numbered(file.read_text(errors="replace"), "line ")
        return
    for number, cell in enumerate(json.loads(file.read_text())["cells"], start=1):
        if cell["cell_type"] == "code":
            yield from _numbered("".join(cell["source"]), f"cell {number}, line ")


def _numbered(text: str, words: str) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(text.splitlines(), start=1):
        code = re.sub(r"^(#|--) MAGIC ?", "", line.strip())
        if not code.startswith("#"):
            yield f"{words}{number}", code
