"""kill -9, and what to look at afterwards."""

import contextlib
import json
import os
import signal
import time
from collections import Counter
from collections.abc import Iterable

from pyspark.sql import SparkSession

from helpers.emulator.postings import Posting
from helpers.kafka import sink_objects
from helpers.waiting import wait_until
from lab.control import operations
from lab.control.supervision import Supervisor
from lab.core import processes
from lab.core.runtime import existing_runtime
from lab.services import ALL

SEEDS = range(7, 7 + int(os.environ.get("FAULT_SEEDS", "1")))
"""Where and when faults strike: once in `make test`, many times in `make faults`."""


def pid(lab, service):
    return Supervisor(existing_runtime(lab)).states()[service].pid


def wait_until_back(lab, service, old):
    """Ask this service alone, and not before it is another process: whoever comes back needs the cores."""
    runtime = existing_runtime(lab)
    supervisor, (watched,) = Supervisor(runtime), [one for one in ALL if one.name == service]

    def is_back():
        state = supervisor.states()[service]
        return state.running and state.pid != old and operations.answers(runtime, watched)

    wait_until(is_back, operations.READY_SECONDS, f"{service} to come back", every=0.3)


def crash(lab, service):
    """kill -9, and wait until the supervisor has brought the service back."""
    wait_until_back(lab, service, kill(lab, service))


def numbered(numbers, pause):
    """Postings whose keys are unique, so that a loss and a repetition can be told apart."""
    for number in numbers:
        time.sleep(pause)
        yield Posting({"pin": {"index": number}, "geo": {"ind": number}, "user": {"ind": number}})


def proxies(lab):
    """The REST proxies that run on the client machine."""
    return [process for process in processes.of_lab(lab.home) if "lab.rest_proxy" in process.cmdline()]


A_POSTING = 10_000
"""How many numbers belong to one posting of a test, used or not."""


def in_bucket(workbook, table):
    """Every number of a table in the bucket, repetitions included."""
    found = []
    for item in sink_objects.objects(workbook):
        if item.topic == workbook.topic(table):
            rows = map(json.loads, sink_objects.text(workbook, item.key).splitlines())
            found += [row["index" if table == "pin" else "ind"] for row in rows]
    return sorted(found)


def stored(workbook, table, low):
    """Every number in the bucket of the posting that begins at `low`, repetitions included."""
    return [number for number in in_bucket(workbook, table) if low <= number < low + A_POSTING]


def kill(lab, service):
    victim = pid(lab, service)
    os.kill(victim, signal.SIGKILL)
    return victim


def difference(sent: Iterable[object], found: Iterable[object]) -> dict[str, int]:
    """Count what of what was sent is not there, and what is there more often than it was sent."""
    wanted, there = Counter(sent), Counter(found)
    return {"lost": (wanted - there).total(), "doubled": (there - wanted).total()}


@contextlib.contextmanager
def own_session():
    """A session of this lab's cluster, beside the one that other tests may have open with another."""
    spark = SparkSession.builder.remote(os.environ["SPARK_REMOTE"]).create()
    yield spark
    spark.stop()
