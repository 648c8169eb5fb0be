"""confluent-kafka, which is librdkafka, with the tokens of aws-msk-iam-sasl-signer."""

import uuid

import pytest
from aws_msk_iam_sasl_signer import MSKAuthTokenProvider
from confluent_kafka import Consumer, Producer, TopicPartition


def token(_):
    text, expires_ms = MSKAuthTokenProvider.generate_auth_token("us-east-1")
    return text, expires_ms / 1000


def settings(workbook):
    return {
        "bootstrap.servers": workbook.bootstrap_servers,
        "security.protocol": "SASL_SSL",
        "ssl.ca.location": workbook.kafka_authority,
        "sasl.mechanisms": "OAUTHBEARER",
        "oauth_cb": token,
    }


def produced(workbook, topic, values, **more):
    """Offsets of what was acknowledged."""
    offsets = []

    def report(error, message):
        assert error is None, error
        offsets.append(message.offset())

    producer = Producer(settings(workbook) | more)
    for value in values:
        producer.produce(topic, value, on_delivery=report)
    assert producer.flush(30) == 0
    return offsets


@pytest.mark.parametrize("more", [{}, {"enable.idempotence": True}, {"compression.type": "gzip"}])
def test_what_is_produced_is_consumed_in_order(workbook, topic, more):
    values = [b'{"ind": %d}' % number for number in range(5)]
    offsets = produced(workbook, topic, values, **more)
    assert len(offsets) == 5
    consumer = Consumer(settings(workbook) | {"group.id": f"clients-{uuid.uuid4()}"})
    try:
        consumer.assign([TopicPartition(topic, 0, offsets[0])])
        assert [message.value() for message in consumer.consume(5, timeout=30)] == values
        consumer.commit(offsets=[TopicPartition(topic, 0, offsets[-1] + 1)], asynchronous=False)
        assert consumer.committed([TopicPartition(topic, 0)])[0].offset == offsets[-1] + 1
    finally:
        consumer.close()
