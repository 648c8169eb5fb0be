"""What the brokers tell of partitions, groups and their members."""

import contextlib

import pytest
from kafka import KafkaConsumer

from helpers.checks import scratch
from helpers.kafka import client as kafka_client
from helpers.waiting import wait_until


def test_a_group_has_an_offset_where_it_committed_one(workbook):
    with scratch.topic(workbook, [b"{}"] * 4, partitions=2) as topic:
        ends = kafka_client.partition_ends(workbook, topic)
        assert (list(ends), sum(ends.values())) == ([0, 1], 4)
        with scratch.group_that_read(workbook, topic, 1) as group:
            assert kafka_client.committed(workbook, group, topic) == {0: 1}
            assert kafka_client.committed(workbook, group, f"{topic}-other") == {}


def test_a_topic_that_is_not_there_is_no_topic_without_partitions(workbook):
    with pytest.raises(kafka_client.KafkaDenied, match="is not to be seen: it does not exist"):
        kafka_client.partition_ends(workbook, f"{workbook.id}.nowhere")


def test_members_are_listed_with_their_partitions(workbook):
    with scratch.topic(workbook, partitions=3) as topic:
        group = f"{topic}-readers"
        assert kafka_client.members(workbook, group) == {}
        settings = kafka_client.connection(workbook) | {"group_id": group, "client_id": "first"}
        with contextlib.closing(KafkaConsumer(topic, **settings)) as consumer:
            wait_until(lambda: consumer.poll(100) or consumer.assignment(), 30, "partitions")
            assert kafka_client.members(workbook, group) == {"first": [0, 1, 2]}
        assert kafka_client.members(workbook, group) == {}
