import pytest
from moto.ec2.models import ec2_backends
from strict_calls import ROLE, call, hold, refusal, with_role

from helpers import iam
from lab.aws.protocol import REGION
from lab.aws.strict import connectors, network
from lab.core.iam_file import ACCOUNT, CLUSTER_ARN

ALLOWED = with_role(iam.kafka_policy(CLUSTER_ARN, "a.*"), iam.connect_policy(CLUSTER_ARN))


def wanted(place):
    vpc = {"subnets": place["ClientSubnets"], "securityGroups": place["SecurityGroups"]}
    cluster = {"apacheKafkaCluster": {"vpc": vpc}}
    return call("kafkaconnect", "CreateConnector", serviceExecutionRoleArn=ROLE, kafkaCluster=cluster, plugins=[])


@pytest.fixture
def ec2(brokers):
    return ec2_backends[ACCOUNT][REGION]


def test_a_connector_without_its_notes_is_refused(brokers):
    known = with_role(iam.kafka_policy(CLUSTER_ARN, "a.*"))
    assert "__amazon_msk_connect" in refusal(connectors.rules(), wanted(brokers), known).message
    assert hold(connectors.rules(), wanted(brokers), ALLOWED) is None


def test_a_connector_without_a_way_to_s3_is_refused_until_there_is_one(brokers, ec2):
    ec2.vpc_end_points.clear()
    assert "no way to S3" in refusal(connectors.rules(), wanted(brokers), ALLOWED).message
    subnet = ec2.get_subnet(brokers["ClientSubnets"][0])
    nat = ec2.create_nat_gateway(subnet.id, ec2.allocate_address("vpc").allocation_id)
    table = next(one for one in ec2.route_tables.values() if one.vpc_id == subnet.vpc_id and one.main_association_id)
    ec2.create_route(table.id, "0.0.0.0/0", nat_gateway_id=nat.id)
    assert hold(connectors.rules(), wanted(brokers), ALLOWED) is None


def test_a_connector_that_is_nowhere_or_in_no_such_subnet_is_refused(brokers):
    nowhere = wanted({"ClientSubnets": [], "SecurityGroups": []})
    assert "vpc.subnets is empty" in refusal(connectors.rules(), nowhere, ALLOWED).message
    gone = wanted({**brokers, "ClientSubnets": ["subnet-0"]})
    assert "'subnet-0' does not exist" in refusal(connectors.rules(), gone, ALLOWED).message


def test_a_connector_whom_the_brokers_do_not_let_in_is_refused(brokers, ec2):
    (group,), port = brokers["SecurityGroups"], str(network.KAFKA_PORT)
    ec2.revoke_security_group_ingress(group, "tcp", port, port, [{"CidrIp": network.NETWORK}])
    own_traffic = ec2.get_security_group_from_id(group)
    own_traffic.ingress_rules = []
    assert "let nobody in" in refusal(connectors.rules(), wanted(brokers), ALLOWED).message
    ec2.authorize_security_group_ingress(group, "tcp", port, port, [], source_groups=[{"GroupId": group}])
    assert hold(connectors.rules(), wanted(brokers), ALLOWED) is None
