"""aiokafka, with the tokens of aws-msk-iam-sasl-signer, as its documentation shows for MSK."""

import asyncio
import ssl

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.abc import AbstractTokenProvider
from aiokafka.errors import KafkaError
from aws_msk_iam_sasl_signer import MSKAuthTokenProvider


class Tokens(AbstractTokenProvider):
    async def token(self):
        return (await asyncio.to_thread(MSKAuthTokenProvider.generate_auth_token, "us-east-1"))[0]


def settings(workbook):
    return {
        "bootstrap_servers": workbook.bootstrap_servers,
        "security_protocol": "SASL_SSL",
        "ssl_context": ssl.create_default_context(cafile=workbook.kafka_authority),
        "sasl_mechanism": "OAUTHBEARER",
        "sasl_oauth_token_provider": Tokens(),
    }


async def produced(workbook, topic, values, **more):
    async with AIOKafkaProducer(**settings(workbook), **more) as producer:
        return [(await producer.send_and_wait(topic, value)).offset for value in values]


async def consumed(workbook, topic, start, count, **more):
    """Values and offsets from an offset on."""
    consumer = AIOKafkaConsumer(**settings(workbook), enable_auto_commit=False, **more)
    async with consumer:
        consumer.assign([TopicPartition(topic, 0)])
        consumer.seek(TopicPartition(topic, 0), start)
        return [(message.value, message.offset) for message in [await consumer.getone() for _ in range(count)]]


@pytest.mark.parametrize("more", [{}, {"enable_idempotence": True}, {"compression_type": "gzip"}])
def test_what_is_produced_is_consumed_in_order(workbook, topic, more):
    values = [b'{"ind": %d}' % number for number in range(5)]
    offsets = asyncio.run(produced(workbook, topic, values, **more))
    found = asyncio.run(consumed(workbook, topic, offsets[0], len(values)))
    assert found == list(zip(values, offsets, strict=True))


def test_a_wrong_key_is_refused(workbook, topic, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    with pytest.raises(KafkaError):
        asyncio.run(produced(workbook, topic, [b"x"], request_timeout_ms=3000))
