"""Scripts in the forms in which learners wrote them for the course run with their three constants changed."""

import pytest
from apis import deployed
from course_scripts import FOLDER, running, with_own_constants
from pyspark.sql import functions as F

from helpers.cleaning import CLEANERS
from helpers.config import TABLES
from helpers.kafka import client as kafka_client
from helpers.raw import decode

pytestmark = pytest.mark.lab

SCRIPTS = sorted(path.stem for path in FOLDER.glob("posts_*.py"))
ENOUGH = 2


@pytest.fixture(scope="module")
def door(workbook, lab):
    with deployed(workbook, lab) as opened:
        yield opened


def posted_by(script, workbook, door, tmp_path):
    """What the script has put into each topic until it was stopped."""
    before = kafka_client.end_offsets(workbook)
    text = with_own_constants(script, workbook, door.invoke_url)
    with running(text, tmp_path, lambda: min(_new(workbook, before).values()) >= ENOUGH):
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
