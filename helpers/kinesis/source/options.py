"""The options of the source: Databricks' names, checked before anything is read."""

import difflib
import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

import boto3

from helpers.kinesis.source.errors import KinesisError
from helpers.kinesis.source.timestamps import parse_moment

OPTIONS = {
    "streamName": "names of the streams, joined by commas",
    "streamARN": "ARNs of the streams, joined by commas; instead of streamName",
    "region": "AWS region; by default the ARN's, then the environment's",
    "endpoint": "address of Kinesis; by default AWS_ENDPOINT_URL_KINESIS, AWS_ENDPOINT_URL, then AWS itself",
    "initialPosition": 'latest, trim_horizon or earliest, or {"at_timestamp": "…", "format": "…"}; by default latest',
    "awsAccessKey": "access key; without keys boto3's own chain is asked",
    "awsSecretKey": "its secret",
    "roleArn": "role to assume, with the keys above or the chain's",
    "roleExternalId": "external ID that the role asks for",
    "roleSessionName": "name of the role's session; by default spark-kinesis",
    "stsEndpoint": "address of STS; by default boto3's own",
    "maxRecordsPerFetch": "records a call of GetRecords, and rows a batch; by default 10000",
    "maxFetchRate": "MB a second and shard, at most 2.0; by default 1.0",
    "minFetchPeriod": "time between two calls on a shard, at least 200ms; by default 400ms",
    "shardsPerTask": "shards that one Spark task reads; by default 5",
    "maxShardsPerDescribe": "shards a call of ListShards; by default 100",
    "consumerMode": "polling",
    "failOnDataLoss": "false to go on with what is left when records were trimmed before they were read; as in Kafka's",
}
"""Every option, with what it means. Only `failOnDataLoss` is not one of Databricks' for Kinesis."""

WITHOUT_EFFECT = (
    "coalesceBinSize",
    "coalesceThresholdBlockSize",
    "consumerName",
    "consumerNamePrefix",
    "consumerRefreshInterval",
    "fetchBufferSize",
    "maxFetchDuration",
    "maxPartitions",
    "registeredConsumerId",
    "registeredConsumerIdType",
    "requireConsumerDeregistration",
    "serviceCredential",
    "shardFetchInterval",
)
"""Databricks' options that mean nothing here."""

LATEST, OLDEST = "latest", "trim_horizon"
_POSITIONS = {"latest": LATEST, "trim_horizon": OLDEST, "earliest": OLDEST}
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_ARN = re.compile(r"arn:[\w-]+:kinesis:(?P<region>[a-z0-9-]+):\d{12}:stream/(?P<name>[\w.-]+)")
_ROLE = re.compile(r"arn:[\w-]+:iam::\d{12}:role/[\w+=,.@/-]+")
_NAME = re.compile(r"[\w.-]{1,128}", re.ASCII)

Value = TypeVar("Value")


@dataclass(frozen=True)
class Stream:
    """A stream, by its name or by its ARN."""

    name: str
    arn: str | None = None

    @property
    def arguments(self) -> dict[str, str]:
        """Say which stream is meant, as Kinesis asks for it."""
        return {"StreamARN": self.arn} if self.arn else {"StreamName": self.name}


@dataclass(frozen=True)
class Role:
    """A role to assume."""

    arn: str
    session_name: str
    external_id: str | None


@dataclass(frozen=True)
class Options:
    """The options, checked. Secrets do not show in its text."""

    streams: tuple[Stream, ...]
    region: str
    endpoint: str | None
    initial_position: str | datetime
    access_key: str | None = field(repr=False)
    secret_key: str | None = field(repr=False)
    role: Role | None
    sts_endpoint: str | None
    max_records_per_fetch: int
    max_fetch_bytes_per_second: float
    min_fetch_seconds: float
    shards_per_task: int
    max_shards_per_describe: int
    fail_on_data_loss: bool


def parse(given: Mapping[str, str]) -> Options:
    """Check the options of a query.

    Parameters
    ----------
    given : mapping of str to str
        Options by name, in any mixture of upper and lower case.

    Raises
    ------
    KinesisError
        If one is missing or wrong; the text names it, its value and what would be right. A secret is never named.
    """
    options = _Given(given)
    if (mode := options.text("consumerMode", "polling").lower()) != "polling":
        raise _wrong("consumerMode", mode, "leave it out: polling is supported here, enhanced fan-out (efo) is not")
    streams = _streams(options.get("streamName"), options.get("streamARN"))
    keys = options.get("awsAccessKey"), options.get("awsSecretKey")
    if bool(keys[0]) != bool(keys[1]):
        raise KinesisError("awsAccessKey and awsSecretKey belong together: give both, or neither to use boto3's chain.")
    return Options(
        streams=streams,
        region=options.get("region") or _region(streams),
        endpoint=options.read("endpoint", _address, None),
        initial_position=options.read("initialPosition", _initial_position, LATEST),
        access_key=keys[0],
        secret_key=keys[1],
        role=_role(options),
        sts_endpoint=options.read("stsEndpoint", _address, None),
        max_records_per_fetch=options.read("maxRecordsPerFetch", _whole_number(1, 10_000), 10_000),
        max_fetch_bytes_per_second=options.read("maxFetchRate", _megabytes, 1_000_000.0),
        min_fetch_seconds=options.read("minFetchPeriod", _period, 0.4),
        shards_per_task=options.read("shardsPerTask", _whole_number(1, 10_000), 5),
        max_shards_per_describe=options.read("maxShardsPerDescribe", _whole_number(1, 10_000), 100),
        fail_on_data_loss=options.read("failOnDataLoss", _truth, True),
    )


def warnings_about(given: Mapping[str, str]) -> list[str]:
    """Say in words which of the options mean nothing, and which similar one may be meant."""
    known = {name.lower(): name for name in OPTIONS}
    without_effect = {name.lower() for name in WITHOUT_EFFECT}
    warnings = []
    for name in given:
        if name.lower() in without_effect:
            warnings.append(f"The Kinesis option {name} has no effect here: it steers how Databricks itself reads.")
        elif name.lower() not in known:
            close = difflib.get_close_matches(name.lower(), known, n=1)
            hint = f"did you mean {known[close[0]]}?" if close else f"there are {', '.join(OPTIONS)}."
            warnings.append(f"There is no Kinesis option {name}, it is ignored: {hint}")
    return warnings


class _Given:
    """The options as they were given, found by name whatever the case."""

    def __init__(self, given: Mapping[str, str]):
        self._given = {name.lower(): str(value).strip() for name, value in given.items()}

    def get(self, name: str) -> str | None:
        return self._given.get(name.lower()) or None

    def text(self, name: str, default: str) -> str:
        return self.get(name) or default

    def read(self, name: str, reader: Callable[[str], Value], default: Value) -> Value:
        text = self.get(name)
        if text is None:
            return default
        try:
            return reader(text)
        except ValueError as error:
            raise _wrong(name, text, str(error)) from None


def _wrong(name: str, value: str, remedy: str) -> KinesisError:
    return KinesisError(f"The Kinesis option {name} is {value!r}: {remedy.rstrip('.')}.")


def _streams(names: str | None, arns: str | None) -> tuple[Stream, ...]:
    if bool(names) == bool(arns):
        raise KinesisError("Say which stream to read: give either streamName or streamARN, such as streamName=posts.")
    if names:
        streams = [Stream(_checked(_NAME, "streamName", name)[0]) for name in _listed(names)]
    else:
        streams = [Stream(_checked(_ARN, "streamARN", arn)["name"], arn) for arn in _listed(arns or "")]
    if len({stream.name for stream in streams}) < len(streams):
        raise _wrong("streamName" if names else "streamARN", names or arns or "", "a stream is named twice")
    return tuple(streams)


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",")]


def _checked(pattern: re.Pattern, option: str, value: str) -> re.Match:
    match = pattern.fullmatch(value)
    if match is None:
        remedy = {
            "streamName": "a stream's name has 1 to 128 letters, digits, hyphens, underscores and dots",
            "streamARN": "it looks like arn:aws:kinesis:us-east-1:123456789012:stream/posts",
            "roleArn": "it looks like arn:aws:iam::123456789012:role/kinesis-reader",
        }[option]
        raise _wrong(option, value, remedy)
    return match


def _region(streams: tuple[Stream, ...]) -> str:
    for stream in streams:
        if stream.arn and (match := _ARN.fullmatch(stream.arn)):
            return match["region"]
    found = os.environ.get("AWS_REGION") or boto3.Session().region_name
    if not found:
        raise KinesisError("In which region is the stream? Give the option region, such as us-east-1, or AWS_REGION.")
    return found


def _role(options: _Given) -> Role | None:
    arn = options.get("roleArn")
    if arn is None:
        return None
    session_name = options.text("roleSessionName", "spark-kinesis")
    return Role(_checked(_ROLE, "roleArn", arn)[0], session_name, options.get("roleExternalId"))


def _initial_position(text: str) -> str | datetime:
    if text.lower() in _POSITIONS:
        return _POSITIONS[text.lower()]
    try:
        asked: Any = json.loads(text)
    except ValueError:
        asked = None
    if not isinstance(asked, dict) or "at_timestamp" not in asked:
        raise ValueError('use latest, trim_horizon, earliest, or {"at_timestamp": "2024-05-01T12:00:00Z"}')
    return parse_moment(str(asked["at_timestamp"]), asked.get("format"))


def _address(text: str) -> str:
    if not re.match(r"https?://[^/\s]", text):
        raise ValueError("an address begins with https:// or http://")
    return text


def _whole_number(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not re.fullmatch(r"\d{1,9}", text) or not low <= int(text) <= high:
            raise ValueError(f"use a whole number from {low} to {high}")
        return int(text)

    return read


def _megabytes(text: str) -> float:
    if not re.fullmatch(r"\d+(\.\d+)?", text) or not 0 < float(text) <= 2:
        raise ValueError("use megabytes a second, above 0 and up to 2.0, which is what a shard gives")
    return float(text) * 1_000_000


def _period(text: str) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h)", text.lower())
    seconds = float(match[1]) * _SECONDS[match[2]] if match else 0.0
    if seconds < 0.2:
        raise ValueError("use a duration such as 400ms or 1s, at least 200ms: a shard gives five answers a second")
    return seconds


def _truth(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError("use true or false")
    return text.lower() == "true"
