"""Read code that learners bring, line by line, for what the lab cannot honour, and say what to write instead."""

import re
from collections.abc import Iterator
from pathlib import Path

from lab.workspace.notebook import delta_table, syntax
from lab.workspace.notebook.finding import Finding, Lines, lines

RULES = (
    (r"\bschedule_interval\b", "Airflow 3 has no schedule_interval any more; write schedule='@daily' and the like."),
    (r"\bdays_ago\b", "Airflow 3 has no days_ago; write start_date=pendulum.datetime(2026, 1, 1, tz='UTC')."),
    (r"\bairflow\.operators\.\w+", "moved in Airflow 3: airflow.providers.standard.operators.python, .bash, .empty."),
    (r"\.rdd\b", "there is none over Spark Connect, as on serverless Databricks; use functions of DataFrames."),
    (r"\bsc\.\w+|\bsparkContext\b|\bSparkContext\b", "there is none over Spark Connect; use spark itself."),
    (r"\._jvm\b|\._jsc\b", "Java cannot be reached over Spark Connect; dbutils.fs does what this is mostly used for."),
    (r"^%(scala|r)\b", "the lab's notebooks speak Python and SQL; write this cell in one of them."),
    (r"^%pip\b", "is not done: all notebooks share one environment, requirements/workbook.txt says what is in it."),
    (r"\bdbutils\.(jobs|data|credentials)\b", "is not in the lab; fs, secrets, widgets, notebook and library are."),
    (r"\bentry_point\b(?!.*\b(notebookPath|userName|apiUrl|apiToken)\b)",
     "leads to Databricks' own Java, of which the lab has little more than the notebook's path; hand over what the "
     "code asks for as a parameter, and read it with dbutils.widgets.get('name')."),
    (r"\b(abfss|wasbs|gs)://", "the lab has S3 only; use s3a://<bucket>, or a mount."),
    (r"\bmysql\+\w+|[\"']mysql[\"']|\bmysql://",
     "in the lab the posts are in SQLite: put create_engine(Workbook.load().database_url) in place of the whole "
     "address, and from helpers.config import Workbook above; no other line changes."),
    (r"\b(pymysql|mysql\.connector)\.connect\b",
     "in the lab the posts are in SQLite: read them through SQLAlchemy, create_engine(Workbook.load().database_url), "
     "with from helpers.config import Workbook above."),
    (r"https://\w+\.execute-api\.[\w-]+\.amazonaws\.com(/[\w-]+)?",
     "put your API's invoke URL in the lab in place of all of it, the stage included: rest_api.deploy of notebook 04 "
     "returns it. It ends with the stage already, and the path goes on behind it: /topics/…"),
    (r"\bAKIA[A-Z0-9]{16}\b", "an access key in the code: delete it at AWS, and read keys from dbutils.secrets."),
    (r"strftime\([\"'][^\"']*%Y:%m:%d",
     "the workbook's cleaning takes colons between year and month for no date, and makes it null: write %Y-%m-%d if "
     "it is to read these posts. If your own cleaning reads them in this form (yyyy:MM:dd), leave both as they are."),
    (r"[\"']count_?[dD]istinct[\"']",
     "Spark has no such name in a dictionary of agg; write agg(F.countDistinct('column'))."),
)  # fmt: skip
"""Pattern → what to do about it."""

CAST = re.compile(
    r"\.cast\(\s*(?:[\"'](?:int|integer|long|bigint|float|double|date|timestamp|decimal)\b|\w*(?:\.)?"
    r"(?:Integer|Long|Float|Double|Date|Timestamp|Decimal)Type)|\bCAST\s*\([^)]*\bAS\s+(?:INT|BIGINT|FLOAT|DOUBLE|DATE|"
    r"TIMESTAMP|DECIMAL)",
    re.IGNORECASE,
)
ON_CASTS = (
    "where the text is no number or date, Spark 4 stops and names the value (ANSI mode). Clean the text first; "
    "try_cast in place of cast makes null of what is left. spark.conf.set('spark.sql.ansi.enabled', 'false') does so "
    "everywhere, and without a word: a 2M that was forgotten is then lost like a typing error."
)
"""Said once a file: most casts are of clean text."""

ON_STREAMS = "a stream cannot count distinct values exactly; write approx_count_distinct."

_CHECKPOINT = re.compile(r"checkpointLocation[\"']\s*,\s*([^)]+?)\s*\)")
_KEY = re.compile(r"AKIA\w{12}")


def review(file: Path) -> list[Finding]:
    """Look through a notebook or a script.

    Parameters
    ----------
    file : Path
        ``.ipynb``, or text.
    """
    code = lines(file)
    looks = (_by_rules(code), delta_table.review(code), _casts(code), _distinct_in_streams(code), _checkpoints(code))
    found = [*syntax.review(file), *(finding for look in looks for finding in look)]
    order = {place: number for number, (place, _) in enumerate(code)}
    return sorted(found, key=lambda finding: order.get(finding.place, 0))


def _by_rules(code: Lines) -> Iterator[Finding]:
    for place, line in code:
        for pattern, instead in RULES:
            if match := re.search(pattern, line):
                yield Finding(place, _KEY.sub("AKIA…", match[0]), instead)


def _casts(code: Lines) -> Iterator[Finding]:
    for place, line in code:
        if match := CAST.search(line):
            yield Finding(place, match[0].lstrip("."), ON_CASTS)
            return


def _distinct_in_streams(code: Lines) -> Iterator[Finding]:
    if any("readStream" in line for _, line in code):
        for place, line in code:
            if match := re.search(r"\b(countDistinct|count_distinct)\(", line):
                yield Finding(place, match[1], ON_STREAMS)


def _checkpoints(code: Lines) -> Iterator[Finding]:
    first: dict[str, str] = {}
    for place, line in code:
        if (match := _CHECKPOINT.search(line)) and first.setdefault(match[1], place) != place:
            words = f"the checkpoint of {first[match[1]]}: the second query would stop the first. Give each its own."
            yield Finding(place, match[1], words)
