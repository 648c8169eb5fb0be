"""The way to the brokers through the client machine, and to nowhere else."""

import asyncio
import dataclasses
import shutil

import asyncssh
import pytest

from helpers.client_machine import ssh
from helpers.client_machine.ssh import ClientMachineError
from helpers.kafka import broker_tunnel
from helpers.kafka import client as kafka_client

pytestmark = pytest.mark.lab


@pytest.fixture
def keyed(launched, tmp_path):
    """The workbook of somebody whose brokers are private: topics of the test's own, the learner's key and machine."""
    own = dataclasses.replace(launched, id="00000000cafe", brokers_through_client=True, key_folder=str(tmp_path))
    ssh.connect(launched).close()  # its host key is on file now
    shutil.copy(launched.key_file, own.key_file)
    shutil.copy(launched.key_file.with_name("known_hosts"), tmp_path)
    return own


def test_posts_go_through_the_machine(keyed, monkeypatch):
    asked = []
    original = asyncssh.SSHClientConnection.create_connection

    async def counting(connection, factory, host, port, *rest, **options):
        asked.append((host, port))
        return await original(connection, factory, host, port, *rest, **options)

    monkeypatch.setattr(asyncssh.SSHClientConnection, "create_connection", counting)
    kafka_client.create_topics(keyed)
    topic = keyed.topic("pin")
    producer = kafka_client.producer(keyed)
    for number in range(200):
        producer.send(topic, b"%d" % number)
    producer.close()
    assert kafka_client.end_offsets(keyed)[topic] == 200
    assert kafka_client.read(keyed, topic, 199, 1) == [b"199"]
    broker = keyed.bootstrap_servers.rpartition(":")
    assert {*asked} == {(broker[0], int(broker[2]))}
    assert broker_tunnel.proxy_url(keyed) == broker_tunnel.proxy_url(keyed)


def test_a_lost_connection_is_made_again(keyed):
    before = broker_tunnel.proxy_url(keyed)
    tunnel = broker_tunnel._TUNNELS._tunnels[ssh.host(keyed), keyed.ssh_port]
    tunnel._connection._loop.call_soon_threadsafe(tunnel._connection.abort)
    asyncio.run_coroutine_threadsafe(tunnel._connection.wait_closed(), tunnel._connection._loop).result(10)
    assert broker_tunnel.proxy_url(keyed) != before
    assert kafka_client.end_offsets(keyed)


def test_no_other_door_is_opened(keyed, lab):
    async def knock(host, port):
        known = str(keyed.key_file.with_name("known_hosts"))
        async with asyncssh.connect(
            "127.0.0.1", keyed.ssh_port, username=ssh.USER, client_keys=[str(keyed.key_file)], known_hosts=known,
            agent_path=None, config=None,
        ) as connection:  # fmt: skip
            await connection.open_connection(host, port)

    for host, port in (("127.0.0.1", lab.ports["kafka_inner"]), ("127.0.0.1", lab.ports["aws"]), ("example.org", 80)):
        with pytest.raises(asyncssh.ChannelOpenError, match="passes on to the brokers alone"):
            asyncio.run(knock(host, port))


def test_a_machine_that_is_not_there_is_said_in_words(keyed):
    known = keyed.key_file.with_name("known_hosts")
    known.write_text(known.read_text().replace(f"[127.0.0.1]:{keyed.ssh_port}", "[127.0.0.2]:1"))
    with pytest.raises(ClientMachineError, match="cannot be reached"):
        kafka_client.end_offsets(dataclasses.replace(keyed, ssh_port=1, client_host="127.0.0.2"))
