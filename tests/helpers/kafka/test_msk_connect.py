import dataclasses

import pytest

from helpers import iam
from helpers.kafka import client as kafka_client
from helpers.kafka import msk_connect, sink_objects
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


@pytest.mark.lab
def test_a_role_from_an_earlier_milestone_gets_what_a_connector_needs(workbook):
    mine = dataclasses.replace(workbook, id="00000000c0ff")
    sink_objects.create_bucket(mine)
    kafka_client.create_topics(mine)
    iam.make_access_role(mine)
    needed = mine.client("iam").list_role_policies(RoleName=mine.access_role)["PolicyNames"]
    own = {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::x"}}
    iam.set_policies(mine, mine.access_role, {"my-own": own})
    try:
        msk_connect.put_connector(mine, msk_connect.sink_properties(mine))
        assert msk_connect.state(mine) == "RUNNING"
        has = mine.client("iam").list_role_policies(RoleName=mine.access_role)["PolicyNames"]
        assert sorted(has) == sorted([*needed, "my-own"])
        # the notebook about the client machine, run again, leaves the role with less; the connector is still there
        iam.set_policies(mine, mine.access_role, {"my-own": own})
        msk_connect.put_connector(mine, msk_connect.sink_properties(mine, flush_size=7))
        assert msk_connect.state(mine) == "RUNNING"
    finally:
        msk_connect.delete_connector(mine)
