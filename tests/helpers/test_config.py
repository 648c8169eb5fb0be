import os
import re

import pytest

from helpers.config import CHECKOUT, LAPTOP_ID, SetupError, Workbook

ADDRESSES = {
    "AWS_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "AKIALAB",
    "WORKBOOK_BOOTSTRAP_SERVERS": "127.0.0.1:9098",
    "WORKBOOK_KAFKA_AUTHORITY": "/lab/ca.pem",
    "WORKBOOK_DATABASE_URL": "sqlite:////lab/posts.db?detect_types=1",
}


def write(file, settings):
    file.parent.mkdir(exist_ok=True)
    file.write_text("".join(f"{name}='{value}'\n" for name, value in settings.items()))


@pytest.fixture
def checkout(tmp_path):
    write(tmp_path / ".lab" / "workbook.env", ADDRESSES)
    return tmp_path


def test_every_name_follows_from_the_id(checkout):
    workbook = Workbook.load({"WORKBOOK_ID": "abcdef012345"}, checkout)
    assert workbook.topics == ("abcdef012345.pin", "abcdef012345.geo", "abcdef012345.user")
    assert workbook.bucket == "user-abcdef012345-bucket"
    assert workbook.connector == "abcdef012345-connector"
    assert workbook.clean_table("geo") == "abcdef012345_geo_clean"
    assert workbook.topic_path("pin") == "s3://user-abcdef012345-bucket/topics/abcdef012345.pin/partition=0/"


def test_the_bucket_is_seen_where_the_settings_say(checkout):
    assert Workbook.load({}, checkout).bucket_folder == f"/mnt/{LAPTOP_ID}"
    on_a_volume = Workbook.load({"WORKBOOK_VOLUME": "main.pins.landing"}, checkout)
    assert on_a_volume.bucket_folder == "/Volumes/main/pins/landing"
    with pytest.raises(SetupError, match=r"WORKBOOK_VOLUME='pins\.landing' must be <catalog>\.<schema>\.<volume>"):
        Workbook.load({"WORKBOOK_VOLUME": "pins.landing"}, checkout)


def test_the_laptop_needs_no_settings(checkout):
    assert Workbook.load({}, checkout).id == LAPTOP_ID


def test_a_real_accounts_keys_never_meet_the_laptop(checkout, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAREAL")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "real")
    monkeypatch.setenv("AWS_PROFILE", "work")
    monkeypatch.delenv("LAB_HOME", raising=False)
    import os

    before = dict(os.environ)
    try:
        Workbook.load(checkout=checkout)
        assert os.environ["AWS_ACCESS_KEY_ID"] == "AKIALAB"
        assert not {"AWS_SESSION_TOKEN", "AWS_PROFILE"} & os.environ.keys()
    finally:
        os.environ.clear()
        os.environ.update(before)


def test_a_lab_that_is_down_is_said_with_the_way_to_start_it(tmp_path):
    with pytest.raises(SetupError, match=r"python -m lab up"):
        Workbook.load({}, tmp_path)


ACCOUNT = {
    "WORKBOOK_TARGET": "aws",
    "WORKBOOK_ID": "abcdef012345",
    "AWS_REGION": "eu-west-1",
    "WORKBOOK_BOOTSTRAP_SERVERS": "b-1.msk:9098",
}


def test_on_ones_own_account_settings_come_from_dotenv(tmp_path):
    write(tmp_path / ".env", ACCOUNT)
    workbook = Workbook.load({}, tmp_path)
    assert workbook.bootstrap_servers == "b-1.msk:9098"
    assert workbook.kafka_authority is None
    assert workbook.database_url.startswith("sqlite+posts:///")


@pytest.mark.parametrize("name", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_either_name_of_the_region_reaches_every_library(tmp_path, monkeypatch, name):
    for other in ("AWS_REGION", "AWS_DEFAULT_REGION", "WORKBOOK_ON_LAPTOP"):
        monkeypatch.delenv(other, raising=False)
    before = dict(os.environ)
    others = {key: value for key, value in ACCOUNT.items() if key != "AWS_REGION"}
    write(tmp_path / ".env", others | {name: "eu-west-1"})
    try:
        Workbook.load(checkout=tmp_path)
        assert os.environ["AWS_REGION"] == os.environ["AWS_DEFAULT_REGION"] == "eu-west-1"
    finally:
        os.environ.clear()
        os.environ.update(before)


def test_a_missing_setting_is_named(tmp_path):
    write(tmp_path / ".env", {key: value for key, value in ACCOUNT.items() if key != "AWS_REGION"})
    with pytest.raises(SetupError, match="AWS_REGION is missing"):
        Workbook.load({}, tmp_path)


def test_settings_that_may_be_left_out(tmp_path):
    write(tmp_path / ".env", {key: value for key, value in ACCOUNT.items() if key != "WORKBOOK_BOOTSTRAP_SERVERS"})
    workbook = Workbook.load({}, tmp_path)
    assert (workbook.bootstrap_servers, workbook.cluster, workbook.airflow_subnets) == ("", "", ())
    assert workbook.brokers_through_client is False


def test_brokers_are_reached_through_the_client_machine_on_request(tmp_path):
    through = {"WORKBOOK_BROKERS_THROUGH_CLIENT": "yes"}
    assert Workbook.load(ACCOUNT | through, tmp_path).brokers_through_client is True
    with pytest.raises(SetupError, match="WORKBOOK_BROKERS_THROUGH_CLIENT='oui' is neither yes nor no"):
        Workbook.load(ACCOUNT | {"WORKBOOK_BROKERS_THROUGH_CLIENT": "oui"}, tmp_path)


def test_a_typing_error_in_the_target_reaches_no_account(checkout):
    with pytest.raises(SetupError, match="WORKBOOK_TARGET='latop' is neither laptop nor aws"):
        Workbook.load({"WORKBOOK_TARGET": "latop"}, checkout)


@pytest.mark.parametrize("own", [{}, {"WORKBOOK_ID": LAPTOP_ID}])
def test_an_account_needs_an_id_of_its_own(tmp_path, own):
    settings = {key: value for key, value in ACCOUNT.items() if key != "WORKBOOK_ID"} | own
    with pytest.raises(SetupError, match=r"unique in the world.*secrets\.token_hex"):
        Workbook.load(settings, tmp_path)


def test_a_process_that_was_on_the_laptop_does_not_take_its_keys_to_an_account(checkout):
    before = dict(os.environ)
    os.environ.pop("LAB_HOME", None)
    try:
        Workbook.load(checkout=checkout)
        write(checkout / ".env", ACCOUNT)
        with pytest.raises(SetupError, match="Restart the kernel"):
            Workbook.load(checkout=checkout)
    finally:
        os.environ.clear()
        os.environ.update(before)


@pytest.mark.parametrize("port", ["ssh", "0", "70000", "-1"])
def test_a_port_that_is_none_is_named(tmp_path, port):
    with pytest.raises(SetupError, match=f"WORKBOOK_SSH_PORT='{port}' is no port"):
        Workbook.load(ACCOUNT | {"WORKBOOK_SSH_PORT": port}, tmp_path)


@pytest.mark.parametrize("wrong", ["0A1B2C3D4E5F", "0a1b", "0a1b2c3d4e5g"])
def test_an_id_of_another_form_is_refused(checkout, wrong):
    with pytest.raises(SetupError, match=rf"WORKBOOK_ID='{wrong}'"):
        Workbook.load({"WORKBOOK_ID": wrong}, checkout)


def test_an_unknown_table_is_refused_with_those_there_are(checkout):
    with pytest.raises(ValueError, match="no table 'pins'; the tables are 'pin', 'geo', 'user'"):
        Workbook.load({}, checkout).topic("pins")


def test_showing_the_object_shows_no_file_and_no_database(checkout):
    assert "posts.db" not in repr(Workbook.load({}, checkout))


@pytest.mark.parametrize("service", ["mwaa", "iam", "s3", "kafka"])
def test_clients_are_made_in_the_workbooks_region(checkout, monkeypatch, service):
    for name in [name for name in os.environ if name.startswith("AWS_")]:  # a lab's addresses among them
        monkeypatch.delenv(name)
    client = Workbook.load({"AWS_REGION": "us-east-1"}, checkout).client(service)
    assert client.meta.region_name == ("aws-global" if service == "iam" else "us-east-1")


def test_the_example_names_every_setting_that_the_pipeline_reads():
    read = set()
    for file in (CHECKOUT / "helpers").rglob("*.py"):
        read |= set(re.findall(r'"((?:WORKBOOK|DATABRICKS|SPARK|AWS)_[A-Z_]+)"', file.read_text()))
    named = set(re.findall(r"^# ([A-Z_]+)=", (CHECKOUT / ".env.example").read_text(), re.MULTILINE))
    not_for_people = {
        "WORKBOOK_ON_LAPTOP", "WORKBOOK_DBFS_ROOT", "WORKBOOK_CLIENT_HOST", "WORKBOOK_SSH_PORT", "WORKBOOK_INVOKE_URL",
        "DATABRICKS_RUNTIME_VERSION", "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_ROLE_ARN",
        "AWS_DEFAULT_REGION", "AWS_MSK_IAM", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
    }  # fmt: skip
    assert read - named - not_for_people == set()
