"""Read ``kafka-rest.properties``, the file in which a learner tells the proxy its brokers and how to sign in."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from urllib.parse import urlsplit

import javaproperties

from lab.rest_proxy.errors import StartError
from lab.rest_proxy.login_module import LoginModule, parse_login_module

HOST = "127.0.0.1"
"""The only address the proxy ever listens on."""

SECURITY = {
    "security.protocol": "SASL_SSL",
    "sasl.mechanism": "AWS_MSK_IAM",
    "sasl.client.callback.handler.class": "software.amazon.msk.auth.iam.IAMClientCallbackHandler",
}
"""The value each of these must have, with ``client.`` before its name, to sign in with IAM."""

LOGIN = "sasl.jaas.config"
PREFIX = "client."

UNUSED = ("schema.registry.url", "zookeeper.connect", "host.name", "metric.reporters")
"""Known to Confluent's proxy and often in its file, without use here."""


@dataclass(frozen=True)
class Limits:
    """Times and sizes. Each is set by the property of the same name with dots for underscores.

    Attributes
    ----------
    consumer_instance_timeout_ms : int
        A consumer that nobody uses for so long is closed.
    consumer_request_timeout_ms : int
        The longest time that reading waits for records.
    consumer_request_max_bytes : int
        The most bytes of keys and values that one read returns.
    consumer_instances_max : int
        How many consumers may live at once.
    fetch_min_bytes : int
        Reading waits until it has so many bytes, or its time is up; -1 for as soon as there is a record.
    producer_buffer_memory : int
        The most bytes of requests that wait for the brokers at once.
    producer_delivery_timeout_ms : int
        How long a record may wait for the brokers' acknowledgement.
    request_max_bytes : int
        The largest body of a request.
    request_queue_capacity : int
        How many requests are served at once.
    idle_timeout_ms : int
        A connection on which no request is completed for so long is closed.
    connector_connection_limit : int
        How many connections are open at once.
    """

    consumer_instance_timeout_ms: int = 300_000
    consumer_request_timeout_ms: int = 1_000
    consumer_request_max_bytes: int = 4 << 20
    consumer_instances_max: int = 20
    fetch_min_bytes: int = -1
    producer_buffer_memory: int = 16 << 20
    producer_delivery_timeout_ms: int = 20_000
    request_max_bytes: int = 4 << 20
    request_queue_capacity: int = 128
    idle_timeout_ms: int = 30_000
    connector_connection_limit: int = 200


_LIMITS = {item.name.replace("_", "."): item.name for item in fields(Limits)}


@dataclass(frozen=True)
class Settings:
    """Everything the proxy is started with.

    Attributes
    ----------
    bootstrap_servers : str
        Addresses of the brokers, joined by commas.
    login : LoginModule
        Whose credentials to sign in with.
    region : str
        AWS region of the cluster.
    port : int
        Where to listen.
    id : str
        Becomes part of the names of consumers that are created without one.
    authority : str
        PEM file of the authority that signed the brokers' certificates; empty for the system's.
    limits : Limits
        Times and sizes.
    remarks : tuple of str
        What the reader of the log should know about the file.
    """

    bootstrap_servers: str
    login: LoginModule
    region: str
    port: int
    id: str = ""
    authority: str = ""
    limits: Limits = field(default_factory=Limits)
    remarks: tuple[str, ...] = ()


def load(file: Path, environment: Mapping[str, str]) -> Settings:
    """Read the properties file and the environment.

    Raises
    ------
    StartError
        If the file cannot be read, or holds something with which the proxy cannot work.
    """
    try:
        with file.open("rb") as stream:
            properties = javaproperties.load(stream)
    except OSError as error:
        raise StartError(f"{file} cannot be read: {error.strerror}. Name the file that holds the settings.") from error
    except javaproperties.InvalidUEscapeError as error:
        raise StartError(f"{file}: {error}. Write four hex digits after \\u, or \\\\u for the letters.") from error
    return read(properties, environment)


def read(properties: Mapping[str, str], environment: Mapping[str, str]) -> Settings:
    """Make settings of properties and environment.

    Raises
    ------
    StartError
        If a property is missing, or has a value with which the proxy cannot work.
    """
    properties = {name: value.strip() for name, value in properties.items()}  # so does Kafka
    servers = properties.get("bootstrap.servers", "")
    if not servers:
        raise StartError("bootstrap.servers is missing: give the cluster's bootstrap string for IAM.")
    _require_prefix(properties)
    for name, value in SECURITY.items():
        _require(properties, PREFIX + name, value)
    if PREFIX + LOGIN not in properties:
        raise StartError(
            f"{PREFIX}{LOGIN} is missing: add {PREFIX}{LOGIN} = software.amazon.msk.auth.iam.IAMLoginModule required;"
        )
    region = environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION", "")
    if not region:
        raise StartError("AWS_REGION is not set: export the region of the cluster, such as us-east-1.")
    port, said = _port(properties, environment)
    return Settings(
        bootstrap_servers=servers,
        login=parse_login_module(properties[PREFIX + LOGIN]),
        region=region,
        port=port,
        id=properties.get("id", ""),
        authority=_authority(environment),
        limits=_limits(properties),
        remarks=said + _unknown(properties),
    )


def _require_prefix(properties: Mapping[str, str]) -> None:
    """Refuse what Confluent's proxy would silently ignore: it would go on to talk plain text to a TLS listener."""
    bare = [name for name in (*SECURITY, LOGIN) if name in properties and PREFIX + name not in properties]
    if bare:
        raise StartError(
            f"{', '.join(bare)}: the proxy hands only properties that begin with {PREFIX!r} to its Kafka clients. "
            f"Without the prefix they are ignored, and the brokers are spoken to in plain text. "
            f"Write {', '.join(PREFIX + name for name in bare)}."
        )


def _require(properties: Mapping[str, str], name: str, value: str) -> None:
    given = properties.get(name)
    if given is None:
        raise StartError(f"{name} is missing: the brokers want TLS and IAM. Add {name} = {value}")
    if given != value:
        raise StartError(f"{name} is {given!r}: this proxy signs in with IAM over TLS. Write {name} = {value}")


def _port(properties: Mapping[str, str], environment: Mapping[str, str]) -> tuple[int, tuple[str, ...]]:
    default = f"http://{HOST}:{environment.get('LAB_REST_PORT') or 8082}"
    listener = properties.get("listeners", "") or default
    mistake = StartError(f"listeners is {listener!r}: give one address, such as http://{HOST}:8082")
    try:
        address = urlsplit(listener)
        port = address.port
    except ValueError:
        raise mistake from None
    if address.scheme != "http" or "," in listener or not address.hostname or not port or address.path.strip("/"):
        raise mistake
    if address.hostname == HOST:
        return port, ()
    return port, (f"listeners names {address.hostname}; the proxy listens on this machine alone: http://{HOST}:{port}",)


def _authority(environment: Mapping[str, str]) -> str:
    file = environment.get("KAFKA_REST_AUTHORITY", "")
    if file and not Path(file).is_file():
        raise StartError(f"KAFKA_REST_AUTHORITY is {file!r}, and there is no such file: name the PEM file to trust.")
    return file


def _limits(properties: Mapping[str, str]) -> Limits:
    given = {attribute: _number(name, properties[name]) for name, attribute in _LIMITS.items() if name in properties}
    return Limits(**given)


def _number(name: str, text: str) -> int:
    least = -1 if name == "fetch.min.bytes" else 1
    try:
        number = int(text)
    except ValueError:
        raise StartError(f"{name} is {text!r}: give a whole number.") from None
    if not least <= number < 2**31:
        raise StartError(f"{name} is {number}: give a number from {least} to {2**31 - 1}.")
    return number


def _unknown(properties: Mapping[str, str]) -> tuple[str, ...]:
    known = {"bootstrap.servers", "listeners", "id", PREFIX + LOGIN, *_LIMITS, *UNUSED}
    known |= {PREFIX + name for name in SECURITY}
    return tuple(f"The property {name!r} is not known here and has no effect." for name in properties.keys() - known)
