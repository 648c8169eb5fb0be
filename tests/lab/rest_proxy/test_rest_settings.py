"""kafka-rest.properties is read as Java reads it, and what cannot work is refused in words."""

import pytest

from lab.rest_proxy import settings
from lab.rest_proxy.errors import StartError
from lab.rest_proxy.login_module import LoginModule, parse_login_module

MODULE = "software.amazon.msk.auth.iam.IAMLoginModule"
ROLE = "arn:aws:iam::123456789012:role/0a1b2c3d4e5f-ec2-access-role"
FILE = f"""\
bootstrap.servers=b-1:9098,b-2:9098
client.security.protocol=SASL_SSL
client.sasl.mechanism=AWS_MSK_IAM
client.sasl.jaas.config={MODULE} required awsRoleArn="{ROLE}";
client.sasl.client.callback.handler.class=software.amazon.msk.auth.iam.IAMClientCallbackHandler
"""
ENVIRONMENT = {"AWS_REGION": "us-east-1"}


@pytest.fixture
def load(tmp_path):
    def read(text, environment=ENVIRONMENT, encoding="latin-1"):
        file = tmp_path / "kafka-rest.properties"
        file.write_text(text, encoding=encoding)
        return settings.load(file, environment)

    return read


def without(name: str) -> str:
    return "".join(line for line in FILE.splitlines(True) if not line.startswith(name))


def test_the_learners_file_is_understood(load):
    found = load(FILE)
    assert found.bootstrap_servers == "b-1:9098,b-2:9098"
    assert found.login == LoginModule(role_arn=ROLE)
    assert (found.port, found.region, found.authority, found.remarks) == (8082, "us-east-1", "", ())
    assert found.limits == settings.Limits()


def test_every_form_that_java_allows_is_read(load):
    text = (
        "# a comment\n  ! another, with = and \\\n"
        "bootstrap.servers : b-1:9098,\\\n      b-2:9098\n"
        "client.security.protocol SASL_SSL\r\n"
        "   client.sasl.mechanism\t=\tAWS_MSK_IAM\n"
        f'client.sasl.jaas.config = {MODULE} \\\n   required \\\n   awsRoleArn = "{ROLE}" ;\n'
        "client.sasl.client.callback.handler.class=software.amazon.msk.auth.iam.IAMClientCallbackH\\u0061ndler\n"
        "\n\tid = caf\xe9\\u00e9\n"
    )
    found = load(text)
    assert found.bootstrap_servers == "b-1:9098,b-2:9098"
    assert found.login.role_arn == ROLE
    assert found.id == "caféé"


def test_a_damaged_escape_is_refused_by_name(load):
    with pytest.raises(StartError, match=r"four hex digits after \\u"):
        load(FILE + "id=\\u12x")


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(StartError, match=r"nowhere\.properties cannot be read: No such file"):
        settings.load(tmp_path / "nowhere.properties", ENVIRONMENT)


@pytest.mark.parametrize("name", ["bootstrap.servers", *(f"client.{name}" for name in settings.SECURITY)])
def test_what_is_missing_is_named(load, name):
    with pytest.raises(StartError, match=f"^{name} is missing"):
        load(without(name))


def test_a_missing_login_line_is_given_in_full(load):
    with pytest.raises(StartError, match=rf"add client.sasl.jaas.config = {MODULE} required;"):
        load(without("client.sasl.jaas.config"))


def test_security_without_the_prefix_is_refused_with_the_names_and_the_prefix(load):
    with pytest.raises(StartError) as refusal:
        load(FILE.replace("client.", "", 3).replace("client.sasl.client", "sasl.client"))
    for word in ("security.protocol", "sasl.mechanism", "sasl.jaas.config", "'client.'", "client.security.protocol"):
        assert word in str(refusal.value)


def test_one_name_without_the_prefix_is_the_only_one_named(load):
    with pytest.raises(StartError, match=r"^sasl.mechanism: "):
        load(FILE.replace("client.sasl.mechanism", "sasl.mechanism"))


@pytest.mark.parametrize(
    ("name", "value", "right"),
    [
        ("client.security.protocol", "PLAINTEXT", "SASL_SSL"),
        ("client.sasl.mechanism", "PLAIN", "AWS_MSK_IAM"),
    ],
)
def test_a_value_that_cannot_work_is_shown_with_the_right_one(load, name, value, right):
    with pytest.raises(StartError, match=rf"{name} is '{value}'.*Write {name} = {right}"):
        load(without(name) + f"{name}={value}\n")


def test_blanks_behind_a_value_are_none_of_it_as_kafka_reads_them(load):
    text = FILE.replace("client.security.protocol=SASL_SSL", "client.security.protocol=SASL_SSL \t")
    assert text != FILE
    assert load(text) == load(FILE)


@pytest.mark.parametrize("host", ["0.0.0.0", "[::]", "example.org", "localhost"])
def test_only_this_machine_is_listened_on_and_that_is_said(load, host):
    found = load(FILE + f"listeners=http://{host}:8083")
    assert found.port == 8083
    assert any("http://127.0.0.1:8083" in remark for remark in found.remarks)


@pytest.mark.parametrize(
    "listener", ["https://127.0.0.1:8082", "127.0.0.1:8082", "http://127.0.0.1", "http://a:1,http://b:2", "http://a:x"]
)
def test_a_listener_that_cannot_be_is_refused(load, listener):
    with pytest.raises(StartError, match=r"such as http://127.0.0.1:8082"):
        load(FILE + f"listeners={listener}")


def test_the_environment_moves_the_port(load):
    assert load(FILE, ENVIRONMENT | {"LAB_REST_PORT": "9999"}).port == 9999
    with pytest.raises(StartError, match=r"'http://127.0.0.1:many'"):
        load(FILE, ENVIRONMENT | {"LAB_REST_PORT": "many"})


def test_times_and_sizes_are_read(load):
    found = load(FILE + "consumer.instance.timeout.ms=1000\nrequest.max.bytes = 5 \nfetch.min.bytes=-1")
    limits = found.limits
    assert (limits.consumer_instance_timeout_ms, limits.request_max_bytes, limits.fetch_min_bytes) == (1000, 5, -1)
    assert found.remarks == ()


@pytest.mark.parametrize("value", ["", "soon", "1.5", "0", "-1", "99999999999"])
def test_a_number_that_is_none_is_named(load, value):
    with pytest.raises(StartError, match=r"consumer.instance.timeout.ms is"):
        load(FILE + f"consumer.instance.timeout.ms={value}")


def test_unknown_names_are_told_and_the_courses_others_are_not(load):
    found = load(FILE + "zookeeper.connect=localhost:2181\nschema.registry.url=http://x\nboostrap.servers=x")
    assert found.remarks == ("The property 'boostrap.servers' is not known here and has no effect.",)


def test_a_region_is_needed_from_either_variable(load):
    assert load(FILE, {"AWS_DEFAULT_REGION": "eu-west-1"}).region == "eu-west-1"
    with pytest.raises(StartError, match="AWS_REGION is not set"):
        load(FILE, {})


def test_an_authority_that_is_not_there_is_named(load):
    with pytest.raises(StartError, match=r"KAFKA_REST_AUTHORITY is '/nowhere/ca.pem'"):
        load(FILE, ENVIRONMENT | {"KAFKA_REST_AUTHORITY": "/nowhere/ca.pem"})


@pytest.mark.parametrize(
    ("line", "login"),
    [
        (f"{MODULE} required;", LoginModule()),
        (f" {MODULE}   required ; ", LoginModule()),
        (f'{MODULE} required awsRoleArn="{ROLE}";', LoginModule(ROLE)),
        (f"{MODULE} required awsRoleArn={ROLE};", LoginModule(ROLE)),
        (
            f'{MODULE} required awsRoleArn = "{ROLE}" awsRoleSessionName="me" awsStsRegion="eu-west-1";',
            LoginModule(ROLE, "me", "eu-west-1"),
        ),
    ],
)
def test_the_login_line(line, login):
    assert parse_login_module(line) == login


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (f"{MODULE} required", "the semicolon at the end"),
        (f"{MODULE} required awsRoleArn=“{ROLE}”;", "awsRoleArn is '“arn"),
        (f"{MODULE} optional;", "cannot be read"),
        ("", "cannot be read"),
        ("org.apache.kafka.common.security.plain.PlainLoginModule required;", "the module for IAM is"),
        (f'{MODULE} required awsRoleArn="my-role";', "awsRoleArn is 'my-role': give the ARN"),
        (f'{MODULE} required awsRoleArn="";', "give the ARN"),
        (f'{MODULE} required awsProfileName="me";', "option awsProfileName"),
    ],
)
def test_a_login_line_that_cannot_work_is_refused(line, words):
    with pytest.raises(StartError, match=words):
        parse_login_module(line)


def test_a_secret_in_the_login_line_is_never_shown():
    for line in (
        f'{MODULE} required awsRoleSecretAccessKey="hush"',
        f'{MODULE} required awsRoleSecretAccessKey="hush";',
    ):
        with pytest.raises(StartError) as refusal:
            parse_login_module(line)
        assert "hush" not in str(refusal.value)
