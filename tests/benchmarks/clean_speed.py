"""Measure how fast pins are read and cleaned, beside the ways that course code usually does it.

Usage: python tests/benchmarks/clean_speed.py [PINS]     (default 1,000,000 pins of about 720 bytes)

Every way reads the same JSON lines and computes every cleaned column. The ways take turns, three rounds, so that a
busy machine hurts all of them alike; the best round of each counts. Trust the ratios, not the rows per second.
"""

import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from helpers.cleaning import PLACEHOLDERS, clean_pin
from helpers.raw import PIN_SCHEMA, read_raw

ROUNDS = 3
TEMPLATES = 5_000
OURS = "ours: read_raw and clean_pin"


def words(chance: random.Random, letters: int) -> str:
    text = " ".join("".join(chance.choices("aeilnorstuéü", k=chance.randint(2, 8))) for _ in range(letters // 5))
    return text[:letters].strip()


def pin(chance: random.Random) -> dict:
    """Make a pin of the usual size, with placeholders about as frequent as in the data (data/README.md)."""
    category = chance.choice(["art", "christmas", "diy-and-crafts", "mens-fashion", "travel"])
    row = {
        "unique_id": f"{chance.getrandbits(128):032x}",
        "title": words(chance, 50),
        "description": words(chance, 170),
        "poster_name": words(chance, 18),
        "follower_count": f"{chance.randint(1, 999)}{chance.choices(['k', 'M', ''], [74, 9, 17])[0]}",
        "tag_list": ",".join(words(chance, 15) for _ in range(9)),
        "is_image_or_video": "image",
        "image_src": f"https://i.pinimg.example/originals/{chance.getrandbits(128):032x}.jpg",
        "downloaded": 1,
        "save_location": f"Local save in /data/{category}",
        "category": category,
    }
    for column, placeholders in PLACEHOLDERS.items():
        if chance.random() < 0.02:
            row[column] = chance.choice(placeholders)
    return row


def write_pins(path: Path, pins: int) -> None:
    chance = random.Random(1)
    bodies = [json.dumps(pin(chance), ensure_ascii=False, separators=(",", ":"))[1:] for _ in range(TEMPLATES)]
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f'{{"index":{i},{bodies[i % TEMPLATES]}\n' for i in range(pins))


def course_style(raw: DataFrame, follower_count: Callable[[DataFrame], DataFrame]) -> DataFrame:
    """Clean as the course's notebooks do: a withColumn for each placeholder, then one for each column."""
    for column, placeholders in PLACEHOLDERS.items():
        for placeholder in placeholders:
            raw = raw.withColumn(column, F.when(F.col(column) == placeholder, None).otherwise(F.col(column)))
    for column in raw.columns:
        raw = raw.withColumn(column, F.when(F.col(column).cast("string") == "", None).otherwise(F.col(column)))
    clean = follower_count(raw)
    clean = clean.withColumn("save_location", F.regexp_replace("save_location", "Local save in ", ""))
    clean = clean.withColumn("index", F.col("index").cast("int")).withColumnRenamed("index", "ind")
    return clean.drop("downloaded")


def by_regexp(raw: DataFrame) -> DataFrame:
    raw = raw.withColumn("follower_count", F.regexp_replace("follower_count", "k", "000"))
    raw = raw.withColumn("follower_count", F.regexp_replace("follower_count", "M", "000000"))
    return raw.withColumn("follower_count", F.col("follower_count").cast("int"))


def to_followers(text: str | None) -> int | None:
    if text is None:
        return None
    return int(text.replace("k", "000").replace("M", "000000"))


def by_udf(raw: DataFrame) -> DataFrame:
    return raw.withColumn("follower_count", F.udf(to_followers, "int")("follower_count"))


def ways(spark: SparkSession, path: str) -> dict[str, Callable[[], DataFrame]]:
    def with_schema() -> DataFrame:
        return spark.read.schema(PIN_SCHEMA).json(path)

    return {
        "parse alone, with a schema": with_schema,
        OURS: lambda: clean_pin(read_raw(spark, path, "pin")),
        "course style, with a schema": lambda: course_style(with_schema(), by_regexp),
        "course style, inferSchema": lambda: course_style(spark.read.json(path), by_regexp),
        "course style, Python UDF": lambda: course_style(with_schema(), by_udf),
    }


def seconds(way: Callable[[], DataFrame]) -> float:
    began = time.perf_counter()
    way().write.format("noop").mode("overwrite").save()
    return time.perf_counter() - began


def session() -> SparkSession:
    os.environ.update(PYSPARK_PYTHON=sys.executable, SPARK_LOCAL_IP="127.0.0.1")
    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.memory": "2g",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
    }
    return SparkSession.builder.master("local[2]").config(map=settings).getOrCreate()


def main(pins: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pins.json"
        write_pins(path, pins)
        print(f"{pins:,} pins of {path.stat().st_size / pins:.0f} bytes; best of {ROUNDS} rounds")
        spark = session()
        spark.sparkContext.setLogLevel("ERROR")
        runs = ways(spark, str(path))
        best = {name: min(times) for name, times in measure(runs).items()}
        spark.stop()
    for name, time_taken in best.items():
        print(f"{name:30} {pins / time_taken:10,.0f} rows/s   {best[OURS] / time_taken:5.2f} times as fast as ours")


def measure(runs: dict[str, Callable[[], DataFrame]]) -> dict[str, list[float]]:
    for way in runs.values():
        seconds(way)  # compiles its code
    rounds = [{name: seconds(way) for name, way in runs.items()} for _ in range(ROUNDS)]
    return {name: [times[name] for times in rounds] for name in runs}


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
