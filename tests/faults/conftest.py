"""One lab for all faults; where and when they strike is drawn from a seed."""

from collections.abc import Callable

import pytest
from apis import deployed
from crashes import SEEDS, own_session
from labs import FAULT_PORTS, running_lab, workbook_of

from helpers.client_machine import ssh
from helpers.gateway import rest_proxy
from helpers.kafka import client as kafka_client
from helpers.kafka import msk_connect, sink_objects


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that asks for a seed once with each."""
    if "seed" in metafunc.fixturenames:
        metafunc.parametrize("seed", SEEDS)


@pytest.fixture
def figures(record_property) -> Callable[..., None]:
    """Note what a test's crashes did to its records; the sums of all tests stand at the end of pytest's words."""

    def note(kills: int, records: int, lost: int, doubled: int) -> None:
        record_property("crashes", {"kills": kills, "records": records, "lost": lost, "doubled": doubled})

    return note


@pytest.fixture(scope="package")
def lab(tmp_path_factory):
    with running_lab(tmp_path_factory.mktemp("faults"), FAULT_PORTS) as started:
        yield started


@pytest.fixture(scope="package")
def workbook(lab):
    with workbook_of(lab) as loaded:
        sink_objects.create_bucket(loaded)
        kafka_client.create_topics(loaded)
        yield loaded


@pytest.fixture(scope="package")
def door(workbook, lab):
    with deployed(workbook, lab) as opened:
        yield opened


@pytest.fixture
def proxy(workbook, door):
    """The REST proxy serves: a fault may have ended it, and the machine with it."""
    with ssh.connect(workbook) as machine:
        rest_proxy.start(machine)


@pytest.fixture
def connector(workbook):
    """The sink, as it is meant to be: a fault may have left it otherwise."""
    msk_connect.put_connector(workbook, msk_connect.sink_properties(workbook, 50, rotate_schedule_ms=300))


@pytest.fixture
def spark(workbook):
    with own_session() as session:
        yield session


@pytest.fixture
def streams(workbook, request):
    """The three streams, empty; a module says with ``SHARDS`` how many each has."""
    kinesis = workbook.client("kinesis")
    for stream in workbook.streams:
        kinesis.create_stream(StreamName=stream, ShardCount=request.module.SHARDS)
        kinesis.get_waiter("stream_exists").wait(StreamName=stream, WaiterConfig={"Delay": 1})
    yield workbook.streams
    for stream in workbook.streams:
        kinesis.delete_stream(StreamName=stream)
