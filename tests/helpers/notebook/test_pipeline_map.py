"""The map of the pipeline: what it asks, what it says, and what stands out."""

import pytest

from helpers.config import Workbook
from helpers.kafka import client as kafka_client
from helpers.kafka import msk_connect, sink_objects
from helpers.notebook import pipeline_map, plots
from helpers.notebook.pipeline_map import Station


@pytest.fixture
def parts(monkeypatch):
    """A pipeline of which 7 messages of a topic wait, and nothing else runs."""
    book = Workbook("0a1b2c3d4e5f", *[""] * 10)
    monkeypatch.setattr(kafka_client, "lag", lambda workbook, group: {book.topic("pin"): 7, book.topic("geo"): 0})
    monkeypatch.setattr(kafka_client, "end_offsets", lambda workbook: dict.fromkeys(book.topics, 1200))
    monkeypatch.setattr(msk_connect, "state", lambda workbook: None)
    monkeypatch.setattr(sink_objects, "objects", lambda workbook, folder: [])
    return book


def test_every_part_is_asked_and_where_records_wait_is_said(parts):
    stations = pipeline_map.look(parts)
    assert [one.waiting for one in stations] == [7, 0, 0]
    assert pipeline_map.words(stations) == (
        "Kafka topics: pin 1,200, geo 1,200, user 1,200 messages; 7 wait here. connector: not there. "
        "S3 objects: pin 0, geo 0, user 0 objects."
    )


def test_the_title_is_the_finding():
    waiting, well = Station("Kafka topics", "", 7), Station("connector", "RUNNING")
    assert pipeline_map._title([waiting, well]) == "7 records wait in the Kafka topics"
    assert pipeline_map._title([well]) == "Nothing waits on its way"


def test_the_picture_has_the_map_as_its_text(parts, monkeypatch):
    shown = []
    monkeypatch.setattr(plots, "display", lambda data, raw, metadata=None: shown.append(data))
    pipeline_map.show(parts)
    assert [data["text/plain"] for data in shown] == 2 * [pipeline_map.words(pipeline_map.look(parts))]


def test_the_map_follows_what_a_block_does(parts, monkeypatch):
    said = []
    monkeypatch.setattr(plots, "caption", said.append)
    with pipeline_map.live(parts):
        monkeypatch.setattr(kafka_client, "lag", lambda workbook, group: {parts.topic("pin"): 0})
    assert said == [pipeline_map.words(pipeline_map.look(parts))]
    assert "wait here" not in said[0]
