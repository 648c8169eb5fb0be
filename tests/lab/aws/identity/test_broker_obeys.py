"""The broker and the AWS endpoint have one IAM: what is said to one holds at the other at once."""

import contextlib
import dataclasses
import json

import pytest
from callers import Caller, policy

from helpers.kafka import client as kafka_client
from helpers.kafka.client import KafkaDenied
from helpers.waiting import wait_until
from lab.core import iam_file

pytestmark = pytest.mark.lab

WITHIN = 1.0
"""Seconds until the broker holds to what was taken away; what was given counts at once."""


@pytest.fixture
def own(workbook):
    mine = dataclasses.replace(workbook, id="00000000a3a5")
    kafka_client.create_topics(mine)
    return mine


@contextlib.contextmanager
def signed_in_as(caller, monkeypatch):
    names = {"AccessKeyId": "ACCESS_KEY_ID", "SecretAccessKey": "SECRET_ACCESS_KEY", "SessionToken": "SESSION_TOKEN"}
    with monkeypatch.context() as patch:
        for ours, theirs in names.items():
            patch.setenv(f"AWS_{theirs}", caller.key[ours])
        yield


def kafka_policy(topics):
    return json.dumps(iam_file.kafka_policy(topics))


def until_denied(work, words):
    """Wait for a refusal in these words; on the way there another reason may hold (a role loses its policies first)."""
    wait_until(lambda: words in (refusal(work) or ""), WITHIN, f"the refusal {words!r}", every=0.05)


def refusal(work):
    try:
        work()
    except KafkaDenied as error:
        return str(error)
    return None


def test_a_session_is_known_and_its_policy_holds_at_once(own, role, monkeypatch):
    for _ in range(5):  # each time, the key has been handed out a moment ago
        with signed_in_as(role.assumed(), monkeypatch), pytest.raises(KafkaDenied) as denied:
            kafka_client.end_offsets(own)
        assert f"no policy of {role.arn} allows kafka-cluster:Connect" in str(denied.value)
    caller = role.assumed()
    with signed_in_as(caller, monkeypatch):
        for _ in range(3):
            role.may(kafka_policy(f"{own.id}.*"))
            assert set(kafka_client.end_offsets(own)) == set(own.topics)
            role.may_not()
            until_denied(lambda: kafka_client.end_offsets(own), "polic")  # to connect, or to see a topic


def test_a_topic_of_somebody_else_is_not_to_be_seen(own, role, monkeypatch):
    caller = role.may(kafka_policy("ffffffffffff.*")).assumed()
    with signed_in_as(caller, monkeypatch):
        with pytest.raises(KafkaDenied, match=rf"{own.topic('pin')}' .*kafka-cluster:DescribeTopic"):
            kafka_client.end_offsets(own)
        role.may(kafka_policy(f"{own.id}.*"))
        assert kafka_client.end_offsets(own)
        role.may(policy("kafka-cluster:*", effect="Deny"), "deny")
        until_denied(lambda: kafka_client.end_offsets(own), "")  # the first to be denied may be topic or connection


def test_a_role_that_is_deleted_closes_the_broker_too(own, role, monkeypatch):
    caller = role.may(kafka_policy("*")).assumed()
    with signed_in_as(caller, monkeypatch):
        assert kafka_client.end_offsets(own)
        role.delete()
        until_denied(lambda: kafka_client.end_offsets(own), "is unknown")


def test_a_key_that_is_deleted_closes_the_broker_too(own, learner, lab, monkeypatch):
    admin = learner("iam")
    admin.create_user(UserName="test-kafka")
    admin.put_user_policy(UserName="test-kafka", PolicyName="p", PolicyDocument=kafka_policy("*"))
    key = admin.create_access_key(UserName="test-kafka")["AccessKey"]
    caller = Caller(lab, key | {"SessionToken": ""})
    with signed_in_as(caller, monkeypatch):
        assert kafka_client.end_offsets(own)
        admin.update_access_key(UserName="test-kafka", AccessKeyId=key["AccessKeyId"], Status="Inactive")
        until_denied(lambda: kafka_client.end_offsets(own), "is unknown")
        admin.update_access_key(UserName="test-kafka", AccessKeyId=key["AccessKeyId"], Status="Active")
        assert kafka_client.end_offsets(own)
        admin.delete_access_key(UserName="test-kafka", AccessKeyId=key["AccessKeyId"])
        until_denied(lambda: kafka_client.end_offsets(own), "is unknown")
    admin.delete_user_policy(UserName="test-kafka", PolicyName="p")
    admin.delete_user(UserName="test-kafka")
