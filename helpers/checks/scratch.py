"""What a check makes in the running system to try an answer on, and takes away again whatever happens."""

import contextlib
import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from secrets import token_hex
from typing import Any

import boto3
import requests
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError
from kafka import KafkaAdminClient, KafkaConsumer, OffsetAndMetadata, TopicPartition

from helpers import iam
from helpers.checks.exercise import SystemAway
from helpers.client_machine.ssh import ClientMachineError
from helpers.config import Workbook
from helpers.gateway import rest_api as gateway
from helpers.kafka import client as kafka_client
from helpers.kafka import msk_connect, sink_objects
from helpers.kinesis import streams as kinesis_streams
from helpers.waiting import WaitedInVain, wait_until

ASSUMED_SECONDS = 60
"""AWS takes some ten seconds until a new role can be assumed; the lab none."""

Credentials = Mapping[str, str]
"""The three parts of a session's key, by the names of their environment variables."""


_AWAY = (BotoCoreError, requests.ConnectionError, kafka_client.KafkaUnavailable, ClientMachineError, WaitedInVain)


@contextlib.contextmanager
def systems(*further: type[Exception]) -> Iterator[None]:
    """Tell a system that does not answer from an answer that is wrong.

    Parameters
    ----------
    *further : type
        What else says that a system is away.

    Raises
    ------
    SystemAway
        If AWS's endpoint, the brokers or the client machine do not answer.
    """
    try:
        yield
    except ParamValidationError:  # boto3 has looked at the answer, and asked nobody
        raise
    except (*_AWAY, *further) as error:
        raise SystemAway(str(error)) from error


def token() -> str:
    """Draw the end of a name that nothing has yet."""
    return f"check{token_hex(3)}"


def name(workbook: Workbook, separator: str = "-") -> str:
    """Draw a name that nothing has yet; it begins with the learner's id."""
    return f"{workbook.id}{separator}{token()}"


@contextlib.contextmanager
def role(workbook: Workbook, policies: Mapping[str, Any] | None = None) -> Iterator[str]:
    """Make a role that trusts whoever asks, and nobody else.

    Yields
    ------
    str
        Its ARN.
    """
    me, made = workbook.client("sts").get_caller_identity()["Arn"], name(workbook)
    try:
        arn = iam.create(workbook, made, trusting(me))
        iam.set_policies(workbook, made, policies or {})
        yield arn
    finally:
        iam.delete(workbook, made)


def trusting(principal: str) -> dict[str, Any]:
    """Write a trust policy for one principal."""
    statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"}
    return {"Version": iam.POLICY_VERSION, "Statement": [statement]}


def assume(client: Any, role: str) -> Credentials | None:
    """Assume a role with a client of STS; None if that is refused."""
    try:
        key = client.assume_role(RoleArn=role, RoleSessionName="check")["Credentials"]
    except ClientError:
        return None
    return {
        "AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
        "AWS_SESSION_TOKEN": key["SessionToken"],
    }  # fmt: skip


def session(workbook: Workbook, role: str) -> Credentials:
    """Assume a role of `role`, as soon as that goes."""
    client = workbook.client("sts")
    return wait_until(lambda: assume(client, role), ASSUMED_SECONDS, f"the role {role} to be assumed")


def client(workbook: Workbook, service: str, credentials: Credentials) -> Any:
    """Make a client of a service that signs with a session."""
    key = {"AWS_ACCESS_KEY_ID": "aws_access_key_id", "AWS_SECRET_ACCESS_KEY": "aws_secret_access_key"}
    named = {key.get(variable, "aws_session_token"): value for variable, value in credentials.items()}
    return boto3.Session(**named).client(service, region_name=workbook.region)


@contextlib.contextmanager
def acting_in(credentials: Credentials) -> Iterator[None]:
    """Let Kafka clients that are made in the block sign in with a session; kafka-python asks the environment only."""
    before = {variable: os.environ.get(variable) for variable in credentials}
    os.environ.update(credentials)
    try:
        yield
    finally:
        for variable, value in before.items():
            if value is None:
                del os.environ[variable]
            else:
                os.environ[variable] = value


@contextlib.contextmanager
def topic(workbook: Workbook, values: Sequence[bytes] = (), partitions: int = 1) -> Iterator[str]:
    """Make a topic, by default of one partition, that holds some values.

    Yields
    ------
    str
        Its name: the id, a dot, and a rest that is new every time.
    """
    made = name(workbook, ".")
    with (
        kafka_client.plain_words(workbook, made, "CreateTopic", "WriteData", "DeleteTopic"),
        contextlib.closing(KafkaAdminClient(**kafka_client.connection(workbook))) as admin,
    ):
        admin.create_topics({made: {"num_partitions": partitions, "replication_factor": 1}})
        try:
            admin.wait_for_topics([made])
            if values:
                _fill(workbook, made, values)
            yield made
        finally:
            admin.delete_topics([made])


def _fill(workbook: Workbook, topic: str, values: Sequence[bytes]) -> None:
    with contextlib.closing(kafka_client.producer(workbook)) as producer:
        for sent in [producer.send(topic, value) for value in values]:
            sent.get(timeout=30)


@contextlib.contextmanager
def topic_name(workbook: Workbook) -> Iterator[str]:
    """Draw the name of a topic that an answer may make; afterwards no topic of that name is left."""
    drawn = name(workbook, ".")
    try:
        yield drawn
    finally:
        with contextlib.closing(KafkaAdminClient(**kafka_client.connection(workbook))) as admin:
            if drawn in admin.list_topics():
                admin.delete_topics([drawn])


@contextlib.contextmanager
def group_that_read(workbook: Workbook, topic: str, offset: int) -> Iterator[str]:
    """Make a group without members that has read the only partition of a topic up to an offset.

    Yields
    ------
    str
        Its name.
    """
    made = name(workbook)
    with contextlib.closing(KafkaAdminClient(**kafka_client.connection(workbook))) as admin:
        admin.alter_group_offsets(made, {TopicPartition(topic, 0): OffsetAndMetadata(offset, "", -1)})
        try:
            yield made
        finally:
            admin.delete_groups([made])


@contextlib.contextmanager
def bucket(workbook: Workbook) -> Iterator[str]:
    """Make a bucket, and take it away again with all that has come into it.

    Yields
    ------
    str
        Its name.
    """
    s3 = workbook.client("s3")
    made = f"{workbook.bucket}-{token()}"
    s3.create_bucket(Bucket=made, **sink_objects.in_region(workbook.region))
    try:
        yield made
    finally:
        with contextlib.suppress(s3.exceptions.NoSuchBucket):
            for key in objects(workbook, made):
                s3.delete_object(Bucket=made, Key=key)
            s3.delete_bucket(Bucket=made)


def objects(workbook: Workbook, bucket: str) -> dict[str, int]:
    """List what is in a bucket now: key → bytes."""
    pages = workbook.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket)
    return {entry["Key"]: entry["Size"] for page in pages for entry in page.get("Contents", ())}


@contextlib.contextmanager
def folder(dbutils: Any, files: Mapping[str, str]) -> Iterator[str]:
    """Write text files into a folder of the workspace that nobody else has; delete it afterwards.

    Yields
    ------
    str
        The folder.

    Raises
    ------
    SystemAway
        If the workspace takes no files.
    """
    made = f"/tmp/{token()}"
    with contextlib.redirect_stdout(None):  # `put` says how much it wrote
        for path, text in files.items():
            _put(dbutils, f"{made}/{path}", text)
        try:
            yield made
        finally:
            dbutils.fs.rm(made, True)


def _put(dbutils: Any, file: str, text: str) -> None:
    try:
        dbutils.fs.put(file, text)
    except Exception as error:  # of Java, by way of several classes
        words = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise SystemAway(f"the workspace takes no file {file}: {words}.") from error


@contextlib.contextmanager
def stream(workbook: Workbook, shards: int = 1) -> Iterator[str]:
    """Make a Kinesis stream; the role of the API may use it, as its name begins like those of the others.

    Yields
    ------
    str
        Its name.
    """
    made = f"{workbook.stream('geo')}-{token()}"
    kinesis_streams.create(workbook, made, shards)
    try:
        yield made
    finally:
        kinesis_streams.delete(workbook, made)


@contextlib.contextmanager
def connector(workbook: Workbook, properties: Mapping[str, str], plugin: str, role: str) -> Iterator[Callable[[], str]]:
    """Make a connector, and wait until MSK Connect says whether it runs.

    Yields
    ------
    callable
        Tells its state now: ``RUNNING``, or why it failed.
    """
    request = msk_connect.connector_request(workbook, properties, plugin, role) | {"connectorName": name(workbook)}
    with requested(workbook, request) as state:
        yield state


@contextlib.contextmanager
def requested(workbook: Workbook, request: Mapping[str, Any]) -> Iterator[Callable[[], str]]:
    """Make the connector of a request; as `connector` otherwise."""
    client = workbook.client("kafkaconnect")
    made = client.create_connector(**request)
    arn, what = made["connectorArn"], f"the connector {made['connectorName']}"

    def described() -> Mapping[str, Any] | None:
        """Describe it; None when it is gone."""
        try:
            return client.describe_connector(connectorArn=arn)
        except client.exceptions.NotFoundException:
            return None

    def state() -> str:
        found = described()
        return found.get("stateDescription", {}).get("message", found["connectorState"])

    def settled() -> bool:
        return described()["connectorState"] != "CREATING"

    try:
        wait_until(settled, msk_connect.PATIENCE_SECONDS, f"{what} to be made")
        yield state
    finally:
        wait_until(settled, msk_connect.PATIENCE_SECONDS, f"{what} to be made")
        client.delete_connector(connectorArn=arn)
        wait_until(lambda: not described(), msk_connect.PATIENCE_SECONDS, f"{what} to be gone")


def records(workbook: Workbook, topic: str) -> list[tuple[int, bytes | None, bytes]]:
    """Read all that a topic holds now: partition, key and value of each record, partition by partition."""
    settings = kafka_client.connection(workbook) | {"enable_auto_commit": False}
    with contextlib.closing(KafkaConsumer(**settings, consumer_timeout_ms=3000)) as consumer:
        partitions = [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic))]
        awaited = sum(consumer.end_offsets(partitions).values())
        consumer.assign(partitions)
        consumer.seek_to_beginning()
        found = list(itertools.islice(consumer, awaited))
    return [(one.partition, one.key, one.value) for one in sorted(found, key=lambda one: one.partition)]


def values(workbook: Workbook, topic: str) -> list[bytes]:
    """Read all that a topic of one partition holds now."""
    with contextlib.closing(KafkaConsumer(**kafka_client.connection(workbook))) as consumer:
        (end,) = consumer.end_offsets([TopicPartition(topic, 0)]).values()
    return kafka_client.read(workbook, topic, 0, end) if end else []


def values_of(workbook: Workbook, topics: Iterable[str]) -> dict[str, list[bytes]]:
    """Read all that topics of one partition hold now: topic → values."""
    settings = kafka_client.connection(workbook) | {"enable_auto_commit": False}
    with contextlib.closing(KafkaConsumer(**settings, consumer_timeout_ms=3000)) as consumer:
        partitions = [TopicPartition(topic, 0) for topic in topics]
        awaited = sum(consumer.end_offsets(partitions).values())
        consumer.assign(partitions)
        consumer.seek_to_beginning()
        found = list(itertools.islice(consumer, awaited))
    return {one.topic: [each.value for each in found if each.topic == one.topic] for one in partitions}


@contextlib.contextmanager
def empty_api(workbook: Workbook) -> Iterator[str]:
    """Make a REST API in which there is nothing yet.

    Yields
    ------
    str
        Its id.
    """
    client = workbook.client("apigateway")
    made = client.create_rest_api(name=name(workbook), endpointConfiguration={"types": ["REGIONAL"]})["id"]
    try:
        yield made
    finally:
        client.delete_rest_api(restApiId=made)


@contextlib.contextmanager
def rest_api(workbook: Workbook) -> Iterator[str]:
    """Make a REST API whose stage ``prod`` answers ``/now`` by itself, and in whose draft there is ``/new`` as well.

    Yields
    ------
    str
        Its id.
    """
    with empty_api(workbook) as made:
        _answer_by_itself(workbook, made, "GET", "/now", 200)
        gateway.deploy(workbook, made)
        _answer_by_itself(workbook, made, "GET", "/new", 200)
        yield made


@contextlib.contextmanager
def web_server(workbook: Workbook) -> Iterator[str]:
    """Make a REST API that plays a web server, which API Gateway reaches wherever the notebook runs.

    It has GET of ``/topics`` (200), POST of ``/topics/{name}`` (201), and other answers for what a request becomes on
    a wrong way: 202 at ``/``, 203 for a GET in the place of that POST.

    Yields
    ------
    str
        Its address.
    """
    methods = {
        ("GET", "/topics"): 200, ("POST", "/topics/{name}"): 201, ("ANY", "/"): 202, ("GET", "/topics/{name}"): 203,
    }  # fmt: skip
    with empty_api(workbook) as made:
        for (method, path), status in methods.items():
            _answer_by_itself(workbook, made, method, path, status)
        yield gateway.deploy(workbook, made)


def any_status(workbook: Workbook, api: str) -> dict[str, str]:
    """Give an API a method GET of ``/statuses/{status}``, which has no answer for the client yet.

    Behind it API Gateway plays an integration that answers with the status in the path (API Gateway Developer Guide,
    mock integrations: the template of the request says which, and the selection patterns look at it).

    Returns
    -------
    dict of str to str
        By what API Gateway's further calls name the method.
    """
    named = {"method.request.path.status": True}
    return _mocked(workbook, api, "GET", "/statuses/{status}", "$input.params('status')", named)


def _answer_by_itself(workbook: Workbook, api: str, method: str, path: str, status: int) -> None:
    client, where = workbook.client("apigateway"), _mocked(workbook, api, method, path, str(status), {})
    client.put_method_response(**where, statusCode=str(status))
    client.put_integration_response(**where, statusCode=str(status))


def _mocked(
    workbook: Workbook, api: str, method: str, path: str, status: str, parameters: dict[str, bool]
) -> dict[str, str]:
    """Make a method behind which API Gateway plays an integration; `status` is what its template says."""
    client = workbook.client("apigateway")
    resource = gateway.create_resource(workbook, api, path)
    where = {"restApiId": api, "resourceId": resource, "httpMethod": method}
    client.put_method(**where, authorizationType="NONE", requestParameters=parameters)
    client.put_integration(**where, type="MOCK", requestTemplates={"application/json": f'{{"statusCode": {status}}}'})
    return where


@contextlib.contextmanager
def heard() -> Iterator[list[requests.Response]]:
    """Hear what is answered to requests in the block; what comes by way of another library is not heard."""
    replies: list[requests.Response] = []
    send = requests.Session.send

    def listening(session: requests.Session, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        replies.append(send(session, request, **options))
        return replies[-1]

    requests.Session.send = listening
    try:
        yield replies
    finally:
        requests.Session.send = send
