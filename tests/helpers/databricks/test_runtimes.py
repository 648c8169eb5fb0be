"""The helpers under the PySpark of each supported Databricks runtime: imported, and tried on the lab's cluster.

Databricks Connect is the client of a runtime: the same classes as a notebook there has, by Spark Connect. The lab's
cluster is Spark 4.2 and no Databricks; what is tried is what the helpers ask of their side.
"""

import json
import os

import pytest
import runtimes
from runtime_trial import ID

from helpers.config import CHECKOUT

IMPORT_ALL = """
import importlib, json, pkgutil, helpers, pyspark
failed = {}
for module in pkgutil.walk_packages(helpers.__path__, "helpers."):
    try:
        importlib.import_module(module.name)
    except ImportError as error:
        failed[module.name] = str(error)
print(json.dumps([pyspark.__file__, failed]))
"""

NO_SOURCES_OF_OURS = {"helpers.kinesis.source.reader": "No module named 'pyspark.sql.streaming.datasource'"}
"""Before 18.1 Spark has no sources in Python that limit a batch; Databricks has a source "kinesis" of its own."""

LEFT_OUT = {"16.4": NO_SOURCES_OF_OURS, "17.3": NO_SOURCES_OF_OURS, "18.3": {}, "19.3": {}}

TRIAL = CHECKOUT / "tests" / "support" / "runtime_trial.py"


def test_every_supported_runtime_is_tried():
    assert set(runtimes.RUNTIMES) == set(LEFT_OUT)


@pytest.mark.parametrize("runtime", runtimes.RUNTIMES)
def test_every_helper_can_be_imported_but_for_the_readers_base(runtime):
    done = runtimes.run(runtime, "-c", IMPORT_ALL)
    assert done.returncode == 0, done.stderr
    place, failed = json.loads(done.stdout)
    assert place.startswith(str(runtimes.client(runtime)))
    assert failed == LEFT_OUT[runtime]


@pytest.fixture(scope="module")
def tried(tmp_path_factory, workbook):
    """Try a client on the lab's cluster, with a few lines of its own."""

    def trial(runtime):
        root = tmp_path_factory.mktemp("landed")
        for table, lines in LINES.items():
            folder = root / f"{ID}.{table}" / "partition=0"
            folder.mkdir(parents=True)
            (folder / "0.json").write_text("\n".join(lines))
        address, _, token = os.environ["SPARK_REMOTE"].partition("token=")
        # as a header, since Spark 3.5 would encrypt whatever it sends a token to
        done = runtimes.run(runtime, str(TRIAL), f"{address}authorization=Bearer%20{token}", f"file:{root}")
        assert done.returncode == 0, done.stderr[-5000:]
        return json.loads(done.stdout)

    return trial


LINES = {
    "pin": ["no json"]
    + [
        json.dumps({"index": n, "category": "art", "poster_name": f"p{n}", "follower_count": f"{n}k"})
        for n in (1, 2, 2)
    ],
    "geo": [json.dumps({"ind": n, "country": "Peru", "timestamp": "2019-05-01 10:00:00"}) for n in (1, 2)],
    "user": [
        json.dumps({"ind": n, "first_name": "A", "last_name": f"B{n}", "age": 30, "date_joined": "2016-01-01 00:00:00"})
        for n in (1, 2)
    ],
}


@pytest.fixture(scope="module")
def own(tried):
    """What the workbook's own PySpark gives."""
    return tried(None)


def test_the_trial_tries_something(own):
    assert own["batch"]["rows"] == {"pin": 2, "geo": 2, "user": 2}
    assert len(own["batch"]["columns"]) == 13
    assert own["stream"] == {
        "rows": [3, 2, 0], "wait is known": True, "kept": 2, "state": 2, "error": None
    }  # fmt: skip


@pytest.mark.parametrize("runtime", runtimes.RUNTIMES)
def test_each_client_gets_the_same_from_the_cluster(tried, own, runtime):
    assert tried(runtime) == own
