"""MSK Connect on the real worker: plugins, connectors, and why they fail."""

import base64
import contextlib
import dataclasses
import io
import json
import time
import uuid
import zipfile
from pathlib import Path

import pytest
from callers import policy, refused, trust
from crashes import crash

from helpers import iam
from helpers.kafka import client as kafka_client
from helpers.kafka import custom_plugin, msk_connect, sink_objects
from helpers.kafka.msk_connect import ConnectorError
from helpers.waiting import wait_until
from lab.core import iam_file
from lab.services import s3 as s3_service

pytestmark = pytest.mark.lab

PATIENCE = 90
UNDER_WAY = ("CREATING", "UPDATING", "DELETING")


@pytest.fixture(scope="module")
def own(workbook):
    """A workbook of another id: topics, bucket, role and plugin are this module's alone."""
    mine = dataclasses.replace(workbook, id="0000000c0ec7")
    sink_objects.create_bucket(mine)
    kafka_client.create_topics(mine)
    iam.make_access_role(mine)
    return mine


@pytest.fixture(scope="module")
def plugin(own):
    return custom_plugin.create(own, custom_plugin.upload(own, Path(own.sink_plugin)))


@pytest.fixture
def connect(learner):
    return learner("kafkaconnect")


@pytest.fixture
def request_of(own, plugin):
    """What is asked for; a test changes what it is about."""
    role = iam.arn(own, own.access_role)
    whole = msk_connect.connector_request(own, msk_connect.sink_properties(own), plugin, role)

    def make(properties=None, **changes):
        return whole | {"connectorConfiguration": whole["connectorConfiguration"] | (properties or {})} | changes

    return make


@pytest.fixture(autouse=True)
def nothing_is_left(own):
    yield
    msk_connect.delete_connector(own)


def settled(connect, arn):
    return described(connect, arn, lambda state: state not in UNDER_WAY)


def described(connect, arn, holds):
    """Wait until something holds of a connector's state, and describe the connector."""

    def there():
        found = connect.describe_connector(connectorArn=arn)
        return found if holds(found["connectorState"]) else None

    return wait_until(there, PATIENCE, "another state of the connector", every=0.1)


def outcome(connect, request):
    """Create a connector; return its state and the reason."""
    arn = connect.create_connector(**request)["connectorArn"]
    found = settled(connect, arn)
    return found["connectorState"], found.get("stateDescription", {}).get("message", "")


# plugins


def zip_bytes(**entries):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name.replace("__", "."), content)
    return stream.getvalue()


def make_plugin(connect, own, key, kind="ZIP", bucket=None):
    location = {"s3Location": {"bucketArn": f"arn:aws:s3:::{bucket or own.bucket}", "fileKey": key}}
    name = f"test-{uuid.uuid4().hex[:8]}"
    arn = connect.create_custom_plugin(name=name, contentType=kind, location=location)["customPluginArn"]

    def made():
        plugin = connect.describe_custom_plugin(customPluginArn=arn)
        return None if plugin["customPluginState"] == "CREATING" else plugin

    found = wait_until(made, PATIENCE, "the plugin", every=0.05)
    connect.delete_custom_plugin(customPluginArn=arn)
    with refused("NotFoundException"):
        connect.describe_custom_plugin(customPluginArn=arn)
    return found


@pytest.mark.parametrize(
    ("content", "kind", "bucket", "reason"),
    [
        (None, "ZIP", None, "Not Found"),
        (None, "ZIP", "test-no-such-bucket", "Not Found"),
        (None, "ZIP", "Not_A_Bucket", "Not Found"),
        (b"no archive", "ZIP", None, "not a zip archive"),
        (b"no archive", "JAR", None, "not a jar archive"),
        (b"", "ZIP", None, "not a zip archive"),
        (zip_bytes(readme__txt="x"), "ZIP", None, "holds no jar file"),
        (zip_bytes(a__jar="x")[:-10], "ZIP", None, "not a zip archive"),
    ],
)
def test_what_is_no_plugin_fails_with_the_reason(connect, own, runtime, content, kind, bucket, reason):
    key = f"plugins/{uuid.uuid4().hex} é.zip"
    if content is not None:
        s3_service.client(runtime).put_object(Bucket=own.bucket, Key=key, Body=content)
    found = make_plugin(connect, own, key, kind, bucket)
    assert found["customPluginState"] == "CREATE_FAILED"
    assert reason in found["stateDescription"]["message"]
    assert f"s3://{bucket or own.bucket}/{key}: " in found["stateDescription"]["message"]


def test_a_plugin_is_described_by_its_file(connect, own, plugin):
    found = connect.describe_custom_plugin(customPluginArn=plugin)
    described = found["latestRevision"]["fileDescription"]
    assert found["customPluginState"] == "ACTIVE"
    assert described["fileSize"] > 1_000_000
    assert len(described["fileMd5"]) == 32
    assert [one["name"] for one in connect.list_custom_plugins(namePrefix=own.plugin)["customPlugins"]] == [own.plugin]


def test_two_of_one_name_are_one_too_many(connect, own, plugin):
    location = {"s3Location": {"bucketArn": f"arn:aws:s3:::{own.bucket}", "fileKey": "x"}}
    with refused("ConflictException", f"custom-plugin named {own.plugin} already"):
        connect.create_custom_plugin(name=own.plugin, contentType="ZIP", location=location)
    msk_connect.create_worker_configuration(own)
    with refused("ConflictException", "worker-configuration named"):
        connect.create_worker_configuration(name=own.worker_configuration, propertiesFileContent="a2V5LmNvbnZlcnRlcj1h")


def test_a_worker_configuration_sets_converters_only(connect):
    for text, words in [
        ("offset.flush.interval.ms=1", "converters only, not offset.flush.interval.ms"),
        ("key.converter.x=\\uzzzz", "no properties file"),
    ]:
        content = base64.b64encode(text.encode()).decode()
        with refused("BadRequestException", words):
            connect.create_worker_configuration(name="test-wrong", propertiesFileContent=content)
    with refused("BadRequestException", "no properties file"):
        connect.create_worker_configuration(name="test-wrong", propertiesFileContent="not base64 é")


# connectors


def test_a_connector_is_created_updated_paused_resumed_and_deleted(connect, own, request_of):
    arn = connect.create_connector(**request_of())["connectorArn"]
    with refused("ConflictException", "connector named"):
        connect.create_connector(**request_of())
    found = settled(connect, arn)
    assert (found["connectorState"], found["currentVersion"]) == ("RUNNING", "K1")
    assert found["connectorConfiguration"] == msk_connect.sink_properties(own)
    (listed,) = connect.list_connectors(connectorNamePrefix=own.connector)["connectors"]
    assert listed["connectorArn"] == arn
    connect.pause_connector(connectorArn=arn)
    assert msk_connect.state(own) == "PAUSED"
    with refused("BadRequestException", "PAUSED: only one that is RUNNING"):
        connect.update_connector(connectorArn=arn, currentVersion="K1", connectorConfiguration={"a": "b"})
    connect.resume_connector(connectorArn=arn)
    connect.restart_connector(connectorArn=arn)
    assert msk_connect.state(own) == "RUNNING"
    with refused("BadRequestException", "currentVersion 'K0' is not current"):
        connect.update_connector(connectorArn=arn, currentVersion="K0", connectorConfiguration={"a": "b"})
    other = msk_connect.sink_properties(own, flush_size=7)
    msk_connect.update_connector(own, other)
    found = connect.describe_connector(connectorArn=arn)
    assert (found["currentVersion"], found["connectorConfiguration"]) == ("K2", other)
    with pytest.raises(ConnectorError, match=r"was not updated: [\s\S]*flush\.size"):
        msk_connect.update_connector(own, other | {"flush.size": "0"})
    found = connect.describe_connector(connectorArn=arn)
    assert found["connectorConfiguration"] == other
    assert found["connectorState"] == "RUNNING"
    states = [one["connectorOperationState"] for one in operations(connect, arn)]
    assert states == [
        "PAUSE_COMPLETE", "RESUME_COMPLETE", "RESTART_COMPLETE", "UPDATE_COMPLETE", "ROLLBACK_COMPLETE",
    ]  # fmt: skip
    assert connect.delete_connector(connectorArn=arn)["connectorState"] == "DELETING"
    gone(connect, arn)
    for operation in (connect.describe_connector, connect.delete_connector, connect.pause_connector):
        with refused("NotFoundException", arn):
            operation(connectorArn=arn)


def operations(connect, arn):
    return connect.list_connector_operations(connectorArn=arn)["connectorOperations"]


def gone(connect, arn):
    def absent():
        return arn not in [one["connectorArn"] for one in connect.list_connectors()["connectors"]]

    wait_until(absent, PATIENCE, "the connector to be gone", every=0.1)


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"connectorName": "has blanks"}, "BadRequestException", "letters, digits and hyphens only"),
        ({"serviceExecutionRoleArn": "arn:aws:iam::123456789012:role/nobody"}, "BadRequestException", "cannot assume"),
        (
            {"plugins": [{"customPlugin": {"customPluginArn": "arn:aws:x", "revision": 1}}]},
            "NotFoundException", "There is no arn:aws:x",
        ),
        (
            {"workerConfiguration": {"workerConfigurationArn": "arn:aws:y", "revision": 1}},
            "NotFoundException", "There is no arn:aws:y",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_at_once(connect, request_of, changes, code, words):
    with refused(code, words):
        connect.create_connector(**request_of(**changes))


def test_a_plugin_in_use_stays(connect, own, request_of, plugin):
    connect.create_connector(**request_of())
    with refused("BadRequestException", f"used by the connector {own.connector}"):
        connect.delete_custom_plugin(customPluginArn=plugin)


def test_a_role_that_does_not_trust_msk_connect_is_refused(connect, request_of, make_role):
    role = make_role({"Service": "ec2.amazonaws.com"})
    words = "must allow sts:AssumeRole to the service kafkaconnect.amazonaws.com"
    with refused("BadRequestException", words):
        connect.create_connector(**request_of(serviceExecutionRoleArn=role.arn))


def test_who_may_not_pass_the_role_may_not_create(own, request_of, role):
    role.may(policy("kafkaconnect:*"))
    with refused("AccessDeniedException", f"iam:PassRole on resource: {iam.arn(own, own.access_role)}"):
        role.assumed().client("kafkaconnect").create_connector(**request_of())


@pytest.mark.parametrize("lacks", ["kafka", "s3", "topic"])
def test_a_role_that_lacks_a_right_is_told_which(connect, own, request_of, make_role, lacks):
    role = make_role({"Service": "kafkaconnect.amazonaws.com"})
    if lacks != "kafka":
        topics = "ffffffffffff.*" if lacks == "topic" else f"{own.id}.*"
        role.may(json.dumps(iam_file.kafka_policy(topics)), "kafka")
    if lacks != "s3":
        role.may(policy("s3:*"), "s3")
    state, reason = outcome(connect, request_of(serviceExecutionRoleArn=role.arn))
    assert state == "FAILED"
    missing = {
        "kafka": f"kafka-cluster:Connect on {iam_file.CLUSTER_ARN}",
        "s3": f"s3:ListBucket on arn:aws:s3:::{own.bucket}",
        "topic": f"kafka-cluster:DescribeTopic on {iam_file.kafka_arn('topic', own.id)}",
    }  # fmt: skip
    assert f"Access denied: no policy of {role.arn} allows {missing[lacks]}" in reason
    connector = msk_connect._described(connect, own)
    with refused("BadRequestException", "FAILED: only one that is RUNNING"):
        connect.update_connector(
            connectorArn=connector["connectorArn"], currentVersion="K1", connectorConfiguration={"a": "b"}
        )


def test_a_bucket_that_is_not_there_fails_with_its_name(connect, own, request_of, make_role):
    role = make_role({"Service": "kafkaconnect.amazonaws.com"}).may(policy("s3:*"), "s3")
    role.may(json.dumps(iam_file.kafka_policy("*")), "kafka")
    changes = {"s3.bucket.name": "test-no-such-bucket"}
    producer = kafka_client.producer(own)
    producer.send(own.topic("pin"), b'{"index":1}')
    producer.close()
    arn = connect.create_connector(**request_of(changes, serviceExecutionRoleArn=role.arn))["connectorArn"]
    found = described(connect, arn, lambda state: state == "FAILED")
    assert "test-no-such-bucket" in found["stateDescription"]["message"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"flush.size": "0"}, "flush.size"),
        ({"tasks.max": "many"}, "tasks.max"),
        ({"store.kafka.keys": "true"}, "the lab's sink stores the values of records alone"),
        ({"s3.acl.canned": "public-read"}, "Confluent's sink does otherwise"),
        ({"connector.class": "NoSuchSink"}, "NoSuchSink"),
        ({"topics.regex": "*"}, "'*' is no pattern"),
        ({"topics": "a", "topics.regex": "b"}, ""),
        ({"name": "another"}, ""),
    ],
)
def test_a_property_that_cannot_be_fails_with_its_name(connect, request_of, own, changes, reason):
    if "topics" in changes:
        changes = changes | {"topics": own.topic("pin")}
    state, message = outcome(connect, request_of(changes))
    assert state == "FAILED"
    assert reason in message
    assert message


def test_confluents_name_of_the_sink_is_ours_too(connect, request_of):
    confluents = {"connector.class": "io.confluent.connect.s3.S3SinkConnector", "store.kafka.keys": "false"}
    state, message = outcome(connect, request_of(confluents))
    assert (state, message) == ("RUNNING", "")


def test_tags_are_kept_and_a_version_that_is_not_current_is_refused(connect, request_of):
    arn = connect.create_connector(**request_of(tags={"a": "b"}))["connectorArn"]
    assert connect.list_tags_for_resource(resourceArn=arn)["tags"] == {"a": "b"}
    described(connect, arn, lambda state: state == "RUNNING")
    with refused("BadRequestException", "'K9' is not current"):
        connect.delete_connector(connectorArn=arn, currentVersion="K9")


def test_another_clusters_brokers_do_not_answer(connect, request_of, own):
    cluster = {
        "apacheKafkaCluster": {"bootstrapServers": "b-1.elsewhere:9098", "vpc": {"subnets": [], "securityGroups": []}}
    }
    state, reason = outcome(connect, request_of(kafkaCluster=cluster))
    assert state == "FAILED"
    assert f"No broker of 'b-1.elsewhere:9098' answers; get_bootstrap_brokers names {own.bootstrap_servers}" in reason
    msk_connect.delete_connector(own)
    state, reason = outcome(connect, request_of(kafkaClusterClientAuthentication={"authenticationType": "NONE"}))
    assert (state, reason) == ("FAILED", "The brokers ask for IAM: authenticationType must be IAM.")


def test_a_task_that_fails_later_is_shown_as_failed(connect, own, request_of):
    arn = connect.create_connector(**request_of())["connectorArn"]
    assert settled(connect, arn)["connectorState"] == "RUNNING"
    producer = kafka_client.producer(own)
    producer.send(own.topic("geo"), b"no json")
    producer.close()
    found = described(connect, arn, lambda state: state != "RUNNING")
    assert found["connectorState"] == "FAILED"
    assert "Unrecognized token 'no'" in found["stateDescription"]["message"]
    # the remedy that the workbook teaches: skip what cannot be read
    msk_connect.put_connector(own, msk_connect.sink_properties(own) | {"errors.tolerance": "all"})
    assert msk_connect.state(own) == "RUNNING"


def test_a_failed_one_may_be_made_anew_under_its_name_at_once(connect, own, request_of):
    for _ in range(3):
        assert outcome(connect, request_of({"flush.size": "0"}))[0] == "FAILED"
        msk_connect.delete_connector(own)
    assert outcome(connect, request_of())[0] == "RUNNING"
    time.sleep(0.5)
    assert msk_connect.state(own) == "RUNNING"


def test_it_survives_a_crash_of_the_endpoint_while_it_is_made(lab, connect, own, request_of):
    for pause in (0.0, 1.0):  # before and after its record is on disk for certain
        arn = connect.create_connector(**request_of())["connectorArn"]
        time.sleep(pause)
        crash(lab, "aws")
        with contextlib.suppress(connect.exceptions.NotFoundException):
            assert settled(connect, arn)["connectorState"] == "RUNNING"
            connector = connect.describe_connector(connectorArn=arn)
            assert connector["connectorName"] == own.connector
        assert pause == 0.0 or msk_connect.state(own) == "RUNNING"
        msk_connect.delete_connector(own)


def test_a_role_is_trusted_by_its_policy_of_now(connect, request_of, make_role):
    role = make_role({"Service": "kafkaconnect.amazonaws.com"})
    role.iam.update_assume_role_policy(RoleName=role.name, PolicyDocument=trust({"Service": "ec2.amazonaws.com"}))
    with refused("BadRequestException", "cannot assume"):
        connect.create_connector(**request_of(serviceExecutionRoleArn=role.arn))
