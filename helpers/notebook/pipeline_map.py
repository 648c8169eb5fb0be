"""A map of the pipeline with live counts: what each part holds, and where records wait."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from pyspark.sql import SparkSession

from helpers.config import TABLES, Workbook
from helpers.kafka import client as kafka_client
from helpers.kafka import msk_connect, sink_objects
from helpers.notebook import plots
from helpers.notebook.redrawing import redrawn
from helpers.streaming.queries import rows_in


@dataclass(frozen=True)
class Station:
    """A part of the pipeline at one moment.

    Attributes
    ----------
    name : str
        What it is.
    holds : str
        What is in it, in words.
    waiting : int
        Records that have come this far and no further.
    """

    name: str
    holds: str
    waiting: int = 0

    def __str__(self) -> str:
        return f"{self.name}: {self.holds}" + (f"; {self.waiting:,} wait here" if self.waiting else "")


def look(workbook: Workbook, folder: str = "topics", spark: SparkSession | None = None) -> list[Station]:
    """Ask every part of the batch pipeline what it holds.

    Parameters
    ----------
    workbook : Workbook
        Names and addresses.
    folder : str
        First part of the keys of the objects to count.
    spark : SparkSession, optional
        With it, the rows of the cleaned tables are counted too.
    """
    behind = kafka_client.lag(workbook, f"connect-{workbook.connector}")
    objects = Counter(item.topic for item in sink_objects.objects(workbook, folder))
    stations = [
        Station("Kafka topics", _counts(kafka_client.end_offsets(workbook), "messages"), sum(behind.values())),
        Station("connector", msk_connect.state(workbook) or "not there"),
        Station("S3 objects", _counts({topic: objects[topic] for topic in workbook.topics}, "objects")),
    ]
    if spark is not None:
        rows = {table: rows_in(spark, workbook.clean_table(table)) for table in TABLES}
        stations.append(Station("cleaned tables", _counts(rows, "rows")))
    return stations


@contextmanager
def live(workbook: Workbook, folder: str = "topics", spark: SparkSession | None = None) -> Iterator[None]:
    """Draw the map anew every second while the block lasts; see `look` for the parameters."""

    def draw(put: Callable[..., object]) -> str:
        return _draw(look(workbook, folder, spark), put)

    with redrawn(draw):
        yield


def show(workbook: Workbook, folder: str = "topics", spark: SparkSession | None = None) -> None:
    """Draw the map, with its text below it; see `look` for the parameters."""
    _draw(look(workbook, folder, spark))


def _draw(stations: Sequence[Station], put: Callable[..., object] | None = None) -> str:
    """Draw stations; return their words."""
    figure = plots.chain([(one.name, one.holds, one.waiting) for one in stations], _title(stations))
    plots.show(figure, words(stations), put)
    return words(stations)


def words(stations: Sequence[Station]) -> str:
    """Tell the map as text."""
    return ". ".join(map(str, stations)) + "."


def _title(stations: Sequence[Station]) -> str:
    waiting = [one for one in stations if one.waiting]
    return f"{waiting[0].waiting:,} records wait in the {waiting[0].name}" if waiting else "Nothing waits on its way"


def _counts(found: Mapping[str, int], unit: str) -> str:
    parts = (f"{name.rpartition('.')[2]} {count:,}" for name, count in found.items())
    return f"{', '.join(parts)} {unit}"
