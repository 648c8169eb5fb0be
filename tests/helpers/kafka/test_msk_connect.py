import dataclasses

import pytest

from helpers.kafka import client as kafka_client
from helpers.kafka import msk_connect
from helpers.kafka.msk_connect import ConnectorError


@pytest.mark.lab
def test_waiting_without_a_connector_says_so(workbook):
    lonely = dataclasses.replace(workbook, id="00000000c0de")
    kafka_client.create_topics(lonely)
    producer = kafka_client.producer(lonely)
    producer.send(lonely.topic("pin"), b"{}")
    producer.close()
    with pytest.raises(ConnectorError, match="no connector 00000000c0de-connector"):
        msk_connect.wait_until_stored(lonely, timeout=5)
    assert msk_connect.delete_connector(lonely) is False
