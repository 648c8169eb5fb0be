"""Whatever botocore can say to a service of ours is read, is meaningless for a reason, or is refused."""

import re

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel

from lab.aws import members
from lab.aws.api_gateway import control_rules, patches
from lab.aws.api_gateway.members import API_GATEWAY
from lab.aws.errors import AwsError
from lab.aws.kinesis import service as kinesis
from lab.aws.logs import LOGS, Logs
from lab.aws.members import Members
from lab.aws.msk.cluster import Msk
from lab.aws.msk.connect import MskConnect
from lab.aws.msk.connector_operations import ConnectorOperations
from lab.aws.msk.connectors import Connectors
from lab.aws.msk.custom_plugins import CustomPlugins
from lab.aws.msk.members import MSK, MSK_CONNECT
from lab.aws.msk.worker_configurations import WorkerConfigurations
from lab.aws.mwaa.environment import Mwaa
from lab.aws.mwaa.members import MWAA

REFUSED_WHATEVER_THEY_SAY = {"CreateCluster", "CreateClusterV2", "CreateCliToken"}

REFUSED_INSIDE = {"UpdateEnvironment"}
"""It refuses by itself whatever has members of its own."""

OWN = {
    "kafka": (MSK, (Msk,)),
    "kafkaconnect": (MSK_CONNECT, (MskConnect, Connectors, ConnectorOperations, CustomPlugins, WorkerConfigurations)),
    "mwaa": (MWAA, (Mwaa,)),
    "logs": (LOGS, (Logs,)),
}


def model(service):
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


def said(service, operation):
    shape = model(service).operation_model(operation).input_shape
    return {*shape.members} if shape else set()


def nested(shape, above=""):
    """Name the members of a structure, and those inside of them; what a map holds is the caller's own."""
    shape = shape.member if shape.type_name == "list" else shape
    if shape.type_name == "structure":
        for name, inner in shape.members.items():
            yield f"{above}{name}"
            yield from nested(inner, f"{above}{name}.")


def known_whole(path, known):
    """Tell whether a member means nothing, or is refused, together with something that it is in."""
    parts = path.split(".")
    return any(".".join(parts[:count]) in known.refused | {*known.meaningless} for count in range(1, len(parts)))


def gaps(service, table):
    """Name the members of a service's operations that are in no table, or no longer in the model."""
    found = set()
    for operation, known in table.items():
        shape = model(service).operation_model(operation).input_shape
        wanted = {*nested(shape)} if shape else set()
        if operation in REFUSED_INSIDE:
            wanted = {path for path in wanted if "." not in path}
        found |= {f"{operation}.{path}" for path in known.all ^ wanted if not known_whole(path, known)}
    return found


@pytest.mark.parametrize(
    ("service", "table"),
    [("kafka", MSK), ("kafkaconnect", MSK_CONNECT), ("mwaa", MWAA), ("logs", LOGS), ("apigateway", API_GATEWAY)],
)
def test_every_member_is_in_the_table(service, table):
    assert not gaps(service, table)


@pytest.mark.parametrize("service", OWN)
def test_every_operation_that_is_answered_is_in_the_table(service):
    table, parts = OWN[service]
    snake = {re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower(): name for name in model(service).operation_names}
    answered = {snake[name] for part in parts for name in dir(part) if name in snake}
    assert answered - REFUSED_WHATEVER_THEY_SAY == table.keys()


def test_every_operation_of_api_gateway_with_rules_of_ours_is_in_the_table():
    assert {*patches.KNOWN, *control_rules._BEFORE} <= API_GATEWAY.keys()


def test_kinesis_takes_what_its_model_has_and_refuses_the_rest():
    for operation, known in kinesis.HONOURED.items():
        assert known <= said("kinesis", operation)


def test_a_member_that_botocore_has_and_the_table_has_not_is_found():
    without = {"ListNodes": Members({"ClusterArn"}), "DescribeCluster": Members({"ClusterArn", "Invented"})}
    assert gaps("kafka", without) == {"ListNodes.MaxResults", "ListNodes.NextToken", "DescribeCluster.Invented"}


def test_a_member_inside_of_another_is_found_and_refused_too():
    location = {"name", "contentType", "description", "location", "location.s3Location"}
    without = {"CreateCustomPlugin": Members({*location, "location.s3Location.bucketArn"}, refused={"tags"})}
    inside = {"CreateCustomPlugin.location.s3Location.fileKey", "CreateCustomPlugin.location.s3Location.objectVersion"}
    assert gaps("kafkaconnect", without) == inside
    asked = {"location": {"s3Location": {"bucketArn": "b", "fileKey": "k", "objectVersion": "v"}}}
    with pytest.raises(AwsError, match=r"does not know location\.s3Location\.objectVersion of CreateCustomPlugin"):
        members.check("MSK Connect", "CreateCustomPlugin", MSK_CONNECT["CreateCustomPlugin"], asked)
    lists = Members({"plugins", "plugins.arn"})
    members.check("MSK Connect", "Create", lists, {"plugins": [{"arn": "a"}, {"arn": "b", "revision": 0}]})
    with pytest.raises(AwsError, match=r"plugins\.revision"):
        members.check("MSK Connect", "Create", lists, {"plugins": [{"arn": "a"}, {"arn": "b", "revision": 2}]})


@pytest.mark.parametrize("name", ["a refused one", "one that no table has"])
def test_what_would_be_ignored_is_refused_by_name(name):
    known = Members({"read"}, {"meaningless": "it is so"}, {"a refused one"})
    members.check("MSK", "Describe", known, {"read": 1, "meaningless": 2, name: []})
    with pytest.raises(AwsError, match=f"The lab's MSK does not know {name} of Describe; AWS does"):
        members.check("MSK", "Describe", known, {"read": 1, name: "value"})
