"""Scripts in the forms in which learners wrote them for the course run with their three constants changed."""

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from apis import deployed
from pyspark.sql import functions as F

from helpers import kafka_client
from helpers.catch_up import CLEANERS
from helpers.config import TABLES
from helpers.raw import decode

pytestmark = pytest.mark.lab

FOLDER = Path(__file__).parent
SCRIPTS = sorted(path.stem for path in FOLDER.glob("posts_*.py"))
ENOUGH, PATIENCE_SECONDS = 2, 60


@pytest.fixture(scope="module")
def door(workbook, lab):
    with deployed(workbook, lab) as opened:
        yield opened


def with_own_constants(script, workbook, door):
    """The script's text with database, address and id changed, and nothing else."""
    text = (FOLDER / f"{script}.py").read_text()
    for name, value in {
        "DATABASE_URL": workbook.database_url, "INVOKE_URL": door.invoke_url, "USER_ID": workbook.id
    }.items():  # fmt: skip
        text, count = re.subn(rf'^{name} = ".*"$', lambda _, n=name, v=value: f"{n} = {v!r}", text, flags=re.MULTILINE)
        assert count == 1
    return text


def posted_by(script, workbook, door, tmp_path):
    """What the script has put into each topic until it was stopped."""
    before = kafka_client.end_offsets(workbook)
    file = tmp_path / "script.py"
    file.write_text(with_own_constants(script, workbook, door))
    with (tmp_path / "out").open("w") as out:
        running = subprocess.Popen([sys.executable, str(file)], stdout=out, stderr=subprocess.STDOUT)
    try:
        limit = time.monotonic() + PATIENCE_SECONDS
        while min(_new(workbook, before).values()) < ENOUGH:
            assert running.poll() is None, (tmp_path / "out").read_text()
            assert time.monotonic() < limit, (tmp_path / "out").read_text()
            time.sleep(0.2)
    finally:
        running.kill()
        running.wait()
    counts = _new(workbook, before)
    topics = {table: workbook.topic(table) for table in TABLES}
    return {table: kafka_client.read(workbook, topic, before[topic], counts[topic]) for table, topic in topics.items()}


def _new(workbook, before):
    return {topic: end - before[topic] for topic, end in kafka_client.end_offsets(workbook).items()}


def cleaned(spark, table, messages):
    texts = spark.createDataFrame([(message.decode(),) for message in messages], "text string")
    rows = texts.select(decode(F.col("text"), table).alias("row")).where("row IS NOT NULL").select("row.*")
    return CLEANERS[table](rows).toPandas()


@pytest.mark.parametrize("script", [script for script in SCRIPTS if script != "posts_with_mistakes"])
def test_a_course_script_posts_what_can_be_cleaned(script, workbook, door, spark, tmp_path):
    posted = posted_by(script, workbook, door, tmp_path)
    clean = {table: cleaned(spark, table, posted[table]) for table in TABLES}
    assert list(clean["geo"].ind[:2]) == [7528, 2863]  # what seed 100 draws first
    assert all(len(clean[table]) == len(posted[table]) for table in TABLES)
    assert clean["geo"].timestamp.notna().all()
    assert clean["user"].date_joined.notna().all()


def test_a_script_with_mistakes_is_taken_and_what_is_wrong_can_be_seen(workbook, door, spark, tmp_path):
    posted = posted_by("posts_with_mistakes", workbook, door, tmp_path)
    assert len(cleaned(spark, "pin", posted["pin"])) == 0  # lists are no rows: set aside
    geo = cleaned(spark, "geo", posted["geo"])
    assert len(geo) == len(posted["geo"])
    assert geo.timestamp.isna().all()  # not a date as the course writes it: unknown, and the row stays
