"""Options are Databricks', whatever their case, and a wrong one is refused in words."""

import subprocess
import sys
from datetime import UTC, datetime

import pytest

from helpers.kinesis.source.errors import KinesisError
from helpers.kinesis.source.options import OPTIONS, parse, warnings_about
from helpers.kinesis_source import KinesisDataSource
from lab.core.layout import CHECKOUT

ARN = "arn:aws:kinesis:eu-west-2:123456789012:stream/posts"


def parsed(**given):
    return parse({"streamName": "posts", "region": "us-east-1"} | given)


@pytest.fixture(autouse=True)
def _no_region_of_this_computer(monkeypatch):
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")


def test_defaults_are_databricks():
    options = parsed()
    assert options.initial_position == "latest"
    assert (options.max_records_per_fetch, options.min_fetch_seconds) == (10_000, 0.4)
    assert (options.max_fetch_bytes_per_second, options.shards_per_task) == (1_000_000, 5)
    assert options.endpoint is None


def test_names_and_values_are_read_whatever_their_case():
    options = parse(
        {"STREAMNAME": " posts ", "Region": "eu-west-1", "initialposition": "LATEST", "minFetchPeriod": "1S"}
    )
    assert (options.streams[0].name, options.region, options.min_fetch_seconds) == ("posts", "eu-west-1", 1.0)


@pytest.mark.parametrize("text", ["earliest", "trim_horizon", "TRIM_HORIZON", "Earliest"])
def test_both_words_for_the_oldest_record(text):
    assert parsed(initialPosition=text).initial_position == "trim_horizon"


@pytest.mark.parametrize(
    "text",
    [
        '{"at_timestamp": "2020-06-25T17:23:45Z"}',
        '{"at_timestamp": "2020-06-25T19:23:45+02:00"}',
        '{"at_timestamp": "2020-06-25 17:23:45"}',
        '{"at_timestamp": 1593105825}',
        '{"at_timestamp": "06/25/2020 10:23:45 PDT", "format": "MM/dd/yyyy HH:mm:ss ZZZ"}',
        '{"at_timestamp": "25.06.2020 19:23:45 Europe/Berlin", "format": "dd.MM.yyyy HH:mm:ss z"}',
        '{"at_timestamp": "2020-06-25T17:23:45.000+0000", "format": "yyyy-MM-dd\'T\'HH:mm:ss.SSSZ"}',
    ],
)
def test_moments_to_begin_at(text):
    assert parsed(initialPosition=text).initial_position == datetime(2020, 6, 25, 17, 23, 45, tzinfo=UTC)


def test_several_streams_and_arns():
    assert [stream.name for stream in parsed(streamName="a, b").streams] == ["a", "b"]
    options = parse({"streamARN": ARN})
    assert (options.streams[0].name, options.region) == ("posts", "eu-west-2")
    assert options.streams[0].arguments == {"StreamARN": ARN}


def test_the_region_comes_from_the_environment_when_nothing_says_it(monkeypatch):
    with pytest.raises(KinesisError, match="In which region"):
        parse({"streamName": "posts"})
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    assert parse({"streamName": "posts"}).region == "eu-central-1"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"streamName": ""}, "either streamName or streamARN"),
        ({"streamARN": ARN}, "either streamName or streamARN"),
        ({"streamName": "two words"}, "streamName is 'two words': a stream's name has"),
        ({"streamName": "a,a"}, "named twice"),
        ({"streamName": "a,,b"}, "streamName is ''"),
        ({"streamName": "", "streamARN": "posts"}, "streamARN is 'posts': it looks like arn:aws:kinesis"),
        ({"initialPosition": "newest"}, "initialPosition is 'newest': use latest, trim_horizon, earliest"),
        ({"initialPosition": '{"at": 1}'}, "at_timestamp"),
        ({"initialPosition": '{"at_timestamp": "yesterday"}'}, "'yesterday' is no moment"),
        ({"initialPosition": '{"at_timestamp": "1", "format": "yy"}'}, "'yy', which is not known here"),
        ({"initialPosition": '{"at_timestamp": "1", "format": "yyyy"}'}, "does not fit the format"),
        ({"initialPosition": '{"at_timestamp": "2020", "format": "yyyy"}'}, "lacks a year, a month or a day"),
        ({"maxRecordsPerFetch": "0"}, "maxRecordsPerFetch is '0': use a whole number from 1 to 10000"),
        ({"maxRecordsPerFetch": "10001"}, "from 1 to 10000"),
        ({"maxRecordsPerFetch": "many"}, "'many'"),
        ({"maxFetchRate": "2.5"}, "up to 2.0"),
        ({"maxFetchRate": "0"}, "above 0"),
        ({"minFetchPeriod": "100ms"}, "at least 200ms"),
        ({"minFetchPeriod": "400"}, "a duration such as 400ms"),
        ({"shardsPerTask": "-1"}, "shardsPerTask is '-1'"),
        ({"maxShardsPerDescribe": "1e3"}, "maxShardsPerDescribe is '1e3'"),
        ({"endpoint": "127.0.0.1:4566"}, "an address begins with https:// or http://"),
        ({"roleArn": "kinesis-reader"}, "roleArn is 'kinesis-reader': it looks like arn:aws:iam"),
        ({"consumerMode": "efo"}, "enhanced fan-out"),
        ({"failOnDataLoss": "no"}, "use true or false"),
        ({"awsAccessKey": "AKIATESTS"}, "awsAccessKey and awsSecretKey belong together"),
    ],
)
def test_what_is_wrong_is_said(given, words):
    with pytest.raises(KinesisError) as error:
        parsed(**given)
    assert words in str(error.value)


def test_secrets_are_not_shown():
    options = parsed(awsAccessKey="AKIATESTS", awsSecretKey="kept-between-us")
    assert "kept-between-us" not in repr(options)
    with pytest.raises(KinesisError) as error:
        parsed(awsSecretKey="kept-between-us")
    assert "kept-between-us" not in str(error.value)


def test_an_unknown_option_is_warned_about_with_what_is_close():
    (warning,) = warnings_about({"streamName": "posts", "maxRecordPerFetch": "5"})
    assert "no Kinesis option maxRecordPerFetch" in warning
    assert "did you mean maxRecordsPerFetch?" in warning
    (warning,) = warnings_about({"kafka.bootstrap.servers": "x"})
    assert "streamName" in warning
    (warning,) = warnings_about({"fetchBufferSize": "20gb"})
    assert "no effect here" in warning
    assert warnings_about(dict.fromkeys(OPTIONS, "x")) == []


def test_the_source_warns_when_it_is_made():
    with pytest.warns(UserWarning, match="did you mean initialPosition"):
        KinesisDataSource({"streamName": "posts", "region": "us-east-1", "initialPositon": "latest"})


def test_the_source_needs_nothing_but_boto3_and_pyspark():
    program = (
        "import sys, helpers.kinesis_source as source; "
        "print(*(name for name in sys.modules if name.startswith('helpers')), 'moto' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    modules = done.stdout.split()
    assert "False" in modules
    assert not [name for name in modules if name.startswith("helpers.") and "kinesis" not in name]
    assert not [name for name in modules if name.startswith("lab")]
