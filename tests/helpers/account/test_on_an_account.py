"""What differs between a laptop's lab and an account, where AWS refuses or answers late: on moto, or by a script."""

import json
import re
from unittest.mock import ANY

import pytest
import requests
from own_account import ID, own_account, workbook

from helpers import databricks, iam
from helpers.airflow import environment, network, versions
from helpers.airflow.rest_api import AirflowError
from helpers.client_machine import ec2_client, firewall, furnishing
from helpers.config import CHECKOUT, SetupError, where_to_look
from helpers.gateway import rest_proxy
from helpers.kafka import custom_plugin, msk, msk_connect, sink_objects

CLUSTER = "arn:aws:kafka:eu-west-1:123456789012:cluster/mine/5d0f3c1e-8a46-4b7e-9c52-1e6f7a2b9d30-1"


# the bucket


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
def test_the_bucket_is_made_in_every_region_and_carries_the_tag(region):
    with own_account(region) as own:
        assert sink_objects.create_bucket(own) == "created"
        s3 = own.client("s3")
        assert s3.get_bucket_location(Bucket=own.bucket)["LocationConstraint"] in (region, None)
        assert s3.get_bucket_tagging(Bucket=own.bucket)["TagSet"] == [{"Key": "workbook", "Value": ID}]
        assert sink_objects.create_bucket(own) == "was there"


def test_a_bucket_that_is_somebodys_is_said_in_words(account, script):
    script.refuses("s3", "head_bucket", "403", "Forbidden", 403)
    with pytest.raises(SetupError, match=rf"user-{ID}-bucket .* somebody else's.*Draw another WORKBOOK_ID"):
        sink_objects.create_bucket(account)


# the cluster


def clusters(script, *named, times=1):
    listed = [
        {"ClusterName": name, "ClusterArn": f"{CLUSTER}{name}", "State": "ACTIVE", "Tags": tags} for name, tags in named
    ]
    for _ in range(times):
        script.answers("kafka", "list_clusters_v2", {"ClusterInfoList": listed})


def test_the_cluster_is_chosen_by_setting_then_by_tag_then_as_the_only_one(account, script):
    two = (("a", {}), ("b", {"workbook": ID}))
    clusters(script, *two, times=2)
    clusters(script, ("a", {}))
    assert msk.cluster_arn(workbook(cluster="a")).endswith("a")
    assert msk.cluster_arn(account).endswith("b")
    assert msk.cluster_arn(account).endswith("a")


def test_a_choice_that_is_not_clear_names_the_clusters(account, script):
    clusters(script, ("a", {}), ("b", {}), times=2)
    clusters(script)
    with pytest.raises(SetupError, match=r"several MSK clusters in eu-west-1: a, b.*WORKBOOK_CLUSTER="):
        msk.cluster_arn(account)
    with pytest.raises(SetupError, match="WORKBOOK_CLUSTER='c' is not in eu-west-1, which has a, b"):
        msk.cluster_arn(workbook(cluster="c"))
    with pytest.raises(SetupError, match=r"no MSK cluster in eu-west-1.*helpers\.account create"):
        msk.cluster_arn(account)


def test_a_cluster_without_iam_is_said_in_words(account, script):
    clusters(script, ("a", {}))
    script.answers("kafka", "get_bootstrap_brokers", {"BootstrapBrokerStringTls": "b-1:9094"})
    with pytest.raises(SetupError, match=r"a, which is ACTIVE, has no brokers for IAM.*switch on IAM"):
        msk.bootstrap_brokers(account)


def test_brokers_that_no_setting_names_are_asked_of_msk(account, script):
    clusters(script, ("a", {}))
    script.answers("kafka", "get_bootstrap_brokers", {"BootstrapBrokerStringSaslIam": "b-1:9098"})
    assert msk.brokers(workbook(bootstrap_servers="")) == "b-1:9098"
    assert msk.brokers(account) == account.bootstrap_servers


@pytest.mark.parametrize(
    "described",
    [
        {"Serverless": {"VpcConfigs": [{"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}]}},
        {
            "Provisioned": {
                "NumberOfBrokerNodes": 2,
                "BrokerNodeGroupInfo": {
                    "ClientSubnets": ["subnet-1"], "SecurityGroups": ["sg-1"], "InstanceType": "kafka.t3.small"
                },
            }
        },
    ],
)  # fmt: skip
def test_the_network_of_either_kind_of_cluster_is_told(account, script, described):
    clusters(script, ("a", {}))
    script.answers("kafka", "describe_cluster_v2", {"ClusterInfo": described})
    assert msk.network(account) == {"subnets": ["subnet-1"], "securityGroups": ["sg-1"]}


# roles that are new


def test_a_role_that_is_not_known_yet_is_tried_again(account, hurried):
    refusals = iter(["Invalid IAM Instance Profile name", 'Invalid principal in policy: "AWS":"arn"'])

    def call():
        if words := next(refusals, None):
            raise account.client("iam").exceptions.ClientError({"Error": {"Code": "X", "Message": words}}, "Any")
        return "made"

    assert iam.when_known(call) == "made"


def test_another_refusal_is_not_tried_again(account):
    calls = []

    def call():
        calls.append(1)
        raise account.client("iam").exceptions.ClientError({"Error": {"Code": "X", "Message": "Not for you"}}, "Any")

    with pytest.raises(account.client("iam").exceptions.ClientError, match="Not for you"):
        iam.when_known(call)
    assert calls == [1]


def test_a_trust_policy_that_names_a_new_role_is_tried_again(account, script, hurried):
    script.refuses("iam", "update_assume_role_policy", "MalformedPolicyDocument", 'Invalid principal in policy: "AWS"')
    script.answers("iam", "update_assume_role_policy", {})
    iam.set_trust(account, "role", iam.trust_policy(["ec2.amazonaws.com"], "arn"))


# the client machine


@pytest.fixture
def machine(account, tmp_path):
    """Everything that a launch needs, on moto."""
    iam.create(account, account.access_role, iam.trust_policy(iam.ACCESS_SERVICES))
    iam.create_instance_profile(account, account.access_role)
    own = workbook(key_folder=str(tmp_path))
    ec2_client.create_key_pair(own)
    ec2_client.launch(own)
    return own


def test_the_machine_is_launched_furnished_and_tagged(machine):
    there = ec2_client.instance(machine)
    assert {"Key": "workbook", "Value": ID} in there["Tags"]
    ec2 = machine.client("ec2")
    (group,) = ec2.describe_security_groups(Filters=[{"Name": "tag:workbook", "Values": [ID]}])["SecurityGroups"]
    assert group["GroupName"] == machine.instance_name
    # Amazon EC2 API Reference, CreateSecurityGroup: what a description in a VPC may hold
    assert re.fullmatch(r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{1,255}", group["Description"])
    data = ec2.describe_instance_attribute(InstanceId=there["InstanceId"], Attribute="userData")["UserData"]["Value"]
    assert data


def test_the_key_pair_goes_on_both_sides_and_may_go_twice(machine):
    for _ in range(2):
        ec2_client.delete_key_pair(machine)
    assert not machine.key_file.exists()
    assert machine.client("ec2").describe_key_pairs()["KeyPairs"] == []
    assert ec2_client.create_key_pair(machine) == "created"


def test_the_consoles_newest_output_is_awaited(account, script, hurried):
    there = {"Reservations": [{"Instances": [{"InstanceId": "i-1"}]}]}
    shown = "256 SHA256:abc root@ip (ED25519)"
    script.answers("ec2", "describe_instances", there)
    for text in ("", "booting", shown):
        script.answers("ec2", "get_console_output", {"Output": text}, {"InstanceId": "i-1", "Latest": True})
    assert ec2_client.host_fingerprint(account) == "SHA256:abc"


def test_the_user_data_brings_what_the_notebooks_look_for(account):
    text = furnishing.script(account)
    assert len(text) < furnishing.MOST_BYTES
    jar = f"downloads/{furnishing.IAM_JAR}"
    assert all(wanted in text for wanted in ("java-17", furnishing.KAFKA, jar, "kafka-rest", "AWS_REGION=eu-west-1"))
    assert "${kafka" not in text


# MSK Connect


def test_a_connector_may_keep_its_own_notes_in_kafka(account):
    policy = json.dumps(iam.access_role(account, CLUSTER).policies["connect"])
    for kind in ("topic", "group"):
        assert msk.part_arn(CLUSTER, kind, "__amazon_msk_connect_*") in policy


def test_a_connector_writes_its_log_into_a_group_that_is_there(account, script):
    clusters(script, ("a", {}))
    group = {"ClientSubnets": ["subnet-1"], "InstanceType": "kafka.t3.small"}
    provisioned = {"Provisioned": {"BrokerNodeGroupInfo": group, "NumberOfBrokerNodes": 2}}
    script.answers("kafka", "describe_cluster_v2", {"ClusterInfo": provisioned})
    script.answers("kafkaconnect", "list_worker_configurations", {"workerConfigurations": []})
    script.answers("kafkaconnect", "create_worker_configuration", {"workerConfigurationArn": "arn"})
    request = msk_connect.connector_request(account, msk_connect.sink_properties(account), "plugin", "role")
    delivery = request["logDelivery"]["workerLogDelivery"]["cloudWatchLogs"]
    (found,) = account.client("logs").describe_log_groups()["logGroups"]
    assert delivery == {"enabled": True, "logGroup": found["logGroupName"]}
    assert found["retentionInDays"] == msk_connect.LOG_DAYS
    assert request["tags"] == {"workbook": ID}


def test_a_schedule_has_a_time_zone(account):
    assert msk_connect.sink_properties(account, rotate_schedule_ms=500)["timezone"] == "UTC"


def test_a_failure_without_a_reason_is_still_a_sentence(account, script):
    script.answers("kafkaconnect", "list_custom_plugins", {"customPlugins": []})
    script.answers("kafkaconnect", "create_custom_plugin", {"customPluginArn": "arn"})
    script.answers("kafkaconnect", "describe_custom_plugin", {"customPluginState": "CREATE_FAILED"})
    with pytest.raises(custom_plugin.PluginError, match="does not say why"):
        custom_plugin.create(account, "key")
    assert "does not say why" in msk_connect._error({"connectorOperationState": "UPDATE_FAILED"})


# the REST proxy


@pytest.mark.parametrize(
    ("text", "port"),
    [("#id=kafka-rest\nbootstrap.servers=PLAINTEXT://localhost:9092\n", 8082), ("listeners=http://0.0.0.0:9\n", 9)],
)
def test_the_proxys_port_is_confluents_own_where_none_is_written(text, port):
    class Machine:
        def read(self, name):
            return text

    assert rest_proxy.port(Machine()) == port


# Airflow


def test_airflows_role_may_use_what_mwaa_keeps_for_it(account):
    text = json.dumps(iam.airflow_role(account, "123456789012").policies)
    for action in ("airflow:PublishMetrics", "logs:PutLogEvents", "cloudwatch:PutMetricData", "sqs:SendMessage",
                   "kms:Decrypt"):  # fmt: skip
        assert action in text


def networked(account, *zones, gateway=False):
    ec2 = account.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.1.{number}.0/24", AvailabilityZone=zone)["Subnet"]["SubnetId"]
        for number, zone in enumerate(zones)
    ]
    if gateway:
        door = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=door, VpcId=vpc)
        main = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"][0]
        ec2.create_route(RouteTableId=main["RouteTableId"], DestinationCidrBlock="0.0.0.0/0", GatewayId=door)
    return subnets


def test_airflow_stands_in_the_subnets_of_the_setting(account):
    subnets = networked(account, "eu-west-1a", "eu-west-1b")
    chosen = network.choose(workbook(airflow_subnets=tuple(subnets)))
    assert chosen["SubnetIds"] == subnets
    assert len(chosen["SecurityGroupIds"]) == 1


def test_airflow_stands_in_the_subnets_of_the_template(account):
    subnets = networked(account, "eu-west-1a", "eu-west-1b")
    for subnet, name in zip(subnets, account.private_subnets, strict=True):
        tags = [{"Key": "Name", "Value": name}, {"Key": "workbook", "Value": ID}]
        account.client("ec2").create_tags(Resources=[subnet], Tags=tags)
    assert network.choose(account)["SubnetIds"] == subnets


def test_public_subnets_and_a_single_zone_are_refused_before_anything_is_paid(account):
    public = networked(account, "eu-west-1a", "eu-west-1b", gateway=True)
    with pytest.raises(SetupError, match=rf"{public[0]} is public.*WORKBOOK_AIRFLOW_SUBNETS"):
        network.choose(workbook(airflow_subnets=tuple(public)))
    with pytest.raises(SetupError, match="two private subnets in two zones"):
        network.choose(workbook(airflow_subnets=tuple(networked(account, "eu-west-1a", "eu-west-1a"))))


def test_an_environment_that_could_not_be_made_is_made_anew_with_its_packages(account, script, hurried):
    sink_objects.create_bucket(account)
    described = {"Environment": {"Name": account.airflow, "Status": "CREATE_FAILED"}}
    script.answers("mwaa", "get_environment", described)
    script.answers("mwaa", "get_environment", described)
    script.answers("mwaa", "delete_environment", {}, {"Name": account.airflow})
    script.refuses("mwaa", "get_environment", "ResourceNotFoundException", "gone", 404)
    arn = "arn:aws:iam::123456789012:role/airflow"
    asked = {
        "Name": account.airflow, "ExecutionRoleArn": arn, "SourceBucketArn": f"arn:aws:s3:::{account.bucket}",
        "AirflowVersion": versions.airflow(), "DagS3Path": "dags", "RequirementsS3Path": environment.REQUIREMENTS,
        "NetworkConfiguration": ANY, "EnvironmentClass": "mw1.small", "WebserverAccessMode": "PUBLIC_ONLY",
        "Tags": account.tags,
    }  # fmt: skip
    script.answers("mwaa", "create_environment", {"Arn": "arn"}, asked)
    assert environment.create(account, arn) == "created"
    s3 = account.client("s3")
    assert s3.get_bucket_versioning(Bucket=account.bucket)["Status"] == "Enabled"
    body = s3.get_object(Bucket=account.bucket, Key=environment.REQUIREMENTS)["Body"].read()
    assert body.decode() == versions.requirements()
    pins = (CHECKOUT / "requirements" / "airflow.in").read_text()
    assert f"apache-airflow=={versions.airflow()}\n" in pins
    assert f"{versions.requirements().strip()} " in pins


def test_a_refusal_to_call_airflow_is_not_waited_out(account, script):
    script.answers("mwaa", "get_environment", {"Environment": {"Status": "AVAILABLE"}})
    script.refuses("mwaa", "invoke_rest_api", "AccessDeniedException", "no airflow:InvokeRestApi", 403)
    with pytest.raises(AirflowError, match=r"you may not call it.*airflow:InvokeRestApi"):
        environment.wait_until_available(account)


# the REST proxy's port

PUBLISHED = [
    {"ip_prefix": "3.248.0.0/24", "region": "eu-west-1", "service": "API_GATEWAY"},
    {"ip_prefix": "3.249.0.0/24", "region": "eu-west-1", "service": "API_GATEWAY"},
    {"ip_prefix": "3.250.0.0/24", "region": "eu-west-1", "service": "EC2"},
    {"ip_prefix": "3.251.0.0/24", "region": "us-east-1", "service": "API_GATEWAY"},
]


class Published:
    raise_for_status = staticmethod(lambda: None)

    def __init__(self, prefixes):
        self.json = lambda: {"prefixes": prefixes}


def let_in(account, port):
    (group,) = account.client("ec2").describe_security_groups(GroupNames=[account.instance_name])["SecurityGroups"]
    return sorted(
        one["CidrIp"] for rule in group["IpPermissions"] if rule["FromPort"] == port for one in rule["IpRanges"]
    )


def test_api_gateway_and_nobody_else_comes_in_to_the_rest_proxy(account, monkeypatch):
    with pytest.raises(SetupError, match="launch the client machine"):
        firewall.admit_api_gateway(account, 8082)
    ec2_client._security_group(account.client("ec2"), account, None)
    monkeypatch.setattr(requests, "get", lambda address, timeout: Published(PUBLISHED))
    for _ in range(2):  # twice is once
        firewall.admit_api_gateway(account, 8082)
        assert let_in(account, 8082) == ["3.248.0.0/24", "3.249.0.0/24"]
    monkeypatch.setattr(requests, "get", lambda address, timeout: Published(PUBLISHED[1:]))
    firewall.admit_api_gateway(account, 8082)
    assert let_in(account, 8082) == ["3.249.0.0/24"]
    assert let_in(account, 22) == ["203.0.113.7/32"]


def test_addresses_that_cannot_be_read_open_nothing_and_can_be_named(account, monkeypatch):
    ec2_client._security_group(account.client("ec2"), account, None)
    monkeypatch.setattr(requests, "get", lambda address, timeout: Published(PUBLISHED[2:]))
    with pytest.raises(SetupError, match=r"no addresses of API Gateway in eu-west-1.*WORKBOOK_GATEWAY_RANGES"):
        firewall.admit_api_gateway(account, 8082)
    assert let_in(account, 8082) == []
    firewall.admit_api_gateway(workbook(gateway_ranges=("10.0.0.0/8",)), 8082)
    assert let_in(account, 8082) == ["10.0.0.0/8"]


def test_a_list_that_does_not_answer_is_said(monkeypatch):
    monkeypatch.setattr(firewall, "PUBLISHED", "http://127.0.0.1:1/")
    with pytest.raises(SetupError, match=r"cannot be read: ConnectionError\. Name the addresses"):
        firewall.published("eu-west-1")


# Spark, and words


def test_no_spark_of_ones_own_is_started_where_the_cluster_has_no_address(account, monkeypatch):
    from pyspark.sql import SparkSession

    monkeypatch.setattr(SparkSession, "getActiveSession", classmethod(lambda kind: None))
    monkeypatch.delenv("DATABRICKS_RUNTIME_VERSION", raising=False)
    with pytest.raises(SetupError, match="SPARK_REMOTE=sc://"):
        databricks.session()


def test_advice_is_for_where_one_is(monkeypatch):
    monkeypatch.delenv("WORKBOOK_ON_LAPTOP", raising=False)
    assert where_to_look("lab", "account") == "account"
    monkeypatch.setenv("WORKBOOK_ON_LAPTOP", "somewhere")
    assert where_to_look("lab", "account") == "lab"
