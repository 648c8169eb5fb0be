"""The one object that knows names and addresses: resource names from the id, laptop or AWS from the settings."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[1]

LAPTOP_ID = "0a1b2c3d4e5f"
"""The course gives every learner 12 hex digits; these are the laptop's."""

INVOKE_URL = "https://{api}.execute-api.{region}.amazonaws.com/{stage}"
"""Where AWS serves a stage of a REST API."""

SINK_PLUGIN = "plugins/workbook-kafka-connect-s3.zip"
"""Where below ``.setup`` the S3 sink's zip is made."""

DATABASE_URL = f"sqlite+posts:///{CHECKOUT / '.setup' / 'posts.db'}?detect_types=1"
"""The posts database that set-up makes: the course's own can be read by nobody else."""

TAG = "workbook"
"""Key of the tag that everything of the pipeline carries; its value is the id."""

TABLES = ("pin", "geo", "user")
"""The three tables, in the order in which every posting carries them."""

_RETRIES = {"s3": {"total_max_attempts": 3}}
"""Service → where its client differs from boto3's own: a bucket that is out of reach is said sooner."""

TARGETS = ("laptop", "aws")
"""Where the pipeline can run."""

_ON_LAPTOP = "WORKBOOK_ON_LAPTOP"
"""Stands in the environment of a process that has read the lab's addresses; the value is the lab's folder."""

_OTHER_ACCOUNTS = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_ROLE_ARN")


class SetupError(Exception):
    """Settings are missing or wrong; the text names the setting and the remedy."""


def check_table(table: str) -> str:
    """Return the name of a table, or say which there are.

    Raises
    ------
    ValueError
        If there is no such table.
    """
    if table not in TABLES:
        raise ValueError(f"There is no table {table!r}; the tables are {', '.join(map(repr, TABLES))}.")
    return table


def clean_table(workbook_id: str, table: str) -> str:
    """Name the Delta table that keeps one cleaned table of a learner's batch."""
    return f"{workbook_id}_{check_table(table)}_clean"


@dataclass(frozen=True)
class Workbook:
    """Every name and address of the pipeline.

    Attributes
    ----------
    id : str
        12 hex digits; every resource name holds it.
    region : str
        AWS region.
    bootstrap_servers : str
        ``host:port`` of the Kafka brokers, joined by commas; empty to ask MSK.
    kafka_authority : str, optional
        PEM file: who signed the brokers' certificates. None: who signs for the public, as for MSK.
    sink_plugin : str
        File on this computer: the zip of the S3 sink that Kafka Connect loads.
    client_host : str
        Name or address of the client machine; empty to ask EC2.
    ssh_port : int
        Where its SSH server listens.
    ssh_from : str
        Addresses from which the client machine's firewall lets SSH in, as a CIDR block.
    key_folder : str
        Folder on this computer for the private key and the host keys seen.
    invoke_url : str
        Where a stage of a REST API is called: a pattern of ``{api}``, ``{region}`` and ``{stage}``.
    database_url : str
        SQLAlchemy URL of the posts database.
    cluster : str
        Name of the MSK cluster; empty for the one with the tag ``workbook=<id>``, or else the region's only one.
    brokers_through_client : bool
        Whether Kafka is reached by way of the client machine, as brokers in a private network are.
    airflow_subnets : tuple of str
        Where Airflow stands; empty for those with the tag ``workbook=<id>``, or else those of the default network.
    gateway_ranges : tuple of str
        From where API Gateway calls the REST proxy, as CIDR blocks; empty for those that AWS publishes.
    volume : str
        ``<catalog>.<schema>.<volume>``: the bucket in Unity Catalog; empty where it is mounted.
    """

    id: str
    region: str
    bootstrap_servers: str
    kafka_authority: str | None = field(repr=False)
    sink_plugin: str = field(repr=False)
    client_host: str
    ssh_port: int
    ssh_from: str
    key_folder: str = field(repr=False)
    invoke_url: str
    database_url: str = field(repr=False)
    cluster: str = ""
    brokers_through_client: bool = False
    airflow_subnets: tuple[str, ...] = ()
    gateway_ranges: tuple[str, ...] = ()
    volume: str = ""

    def __post_init__(self):
        if not re.fullmatch(r"[0-9a-f]{12}", self.id):
            raise SetupError(f"WORKBOOK_ID={self.id!r} must be 12 hex digits, as in {LAPTOP_ID}.")

    @classmethod
    def load(cls, environment: Mapping[str, str] | None = None, checkout: Path = CHECKOUT) -> "Workbook":
        """Read the settings and make them the environment of this process.

        ``.env`` in the checkout holds a learner's own choices (see ``.env.example``). Unless it says
        ``WORKBOOK_TARGET=aws``, the running lab's addresses and keys replace whatever AWS settings the shell has, so
        that nothing meant for the laptop can reach a real account. A process that has read them stays on the laptop:
        the keys that they replaced are gone from it.

        Parameters
        ----------
        environment : mapping, optional
            By default this process's own, which is then changed; tests pass another.
        checkout : Path
            Folder that holds ``.env`` and ``.lab``.

        Raises
        ------
        SetupError
            If the lab is not running, or a setting is missing or malformed.
        """
        target = os.environ if environment is None else dict(environment)
        own = {name: value for name, value in _read(checkout / ".env").items() if value}
        target.update({name: value for name, value in own.items() if name not in target})
        if _target(target) == "laptop":
            home = Path(target.get("LAB_HOME") or checkout / ".lab")
            for name in _OTHER_ACCOUNTS:
                target.pop(name, None)
            target.update(_lab_addresses(home) | {_ON_LAPTOP: str(home)})
        else:
            _prepare_account(target)
        import boto3  # late, as in `client`

        boto3.setup_default_session()  # forget the keys of a lab that is gone
        return cls(
            id=target.get("WORKBOOK_ID", LAPTOP_ID),
            region=_setting(target, "AWS_REGION"),
            bootstrap_servers=target.get("WORKBOOK_BOOTSTRAP_SERVERS", ""),
            kafka_authority=target.get("WORKBOOK_KAFKA_AUTHORITY") or None,
            cluster=target.get("WORKBOOK_CLUSTER", ""),
            brokers_through_client=_switch(target, "WORKBOOK_BROKERS_THROUGH_CLIENT"),
            sink_plugin=target.get("WORKBOOK_SINK_PLUGIN") or str(CHECKOUT / ".setup" / SINK_PLUGIN),
            client_host=target.get("WORKBOOK_CLIENT_HOST", ""),
            ssh_port=_port(target, "WORKBOOK_SSH_PORT", 22),
            ssh_from=target.get("WORKBOOK_SSH_FROM", ""),
            key_folder=target.get("WORKBOOK_KEY_FOLDER") or str(Path.home() / ".ssh"),
            invoke_url=target.get("WORKBOOK_INVOKE_URL") or INVOKE_URL,
            database_url=target.get("WORKBOOK_DATABASE_URL") or DATABASE_URL,
            airflow_subnets=_several(target, "WORKBOOK_AIRFLOW_SUBNETS"),
            gateway_ranges=_several(target, "WORKBOOK_GATEWAY_RANGES"),
            volume=_volume(target),
        )

    def client(self, service: str) -> Any:
        """Make a client of an AWS service, in the workbook's region.

        Credentials and endpoint are those that boto3 finds: on the laptop the running lab's, on AWS the account's.

        Parameters
        ----------
        service : str
            boto3's name of it, such as "kafka".
        """
        import boto3  # late: whoever needs a name from here, and no client, starts 0.1 s sooner
        from botocore.config import Config

        return boto3.client(service, region_name=self.region, config=Config(retries=_RETRIES.get(service)))

    @property
    def tags(self) -> dict[str, str]:
        """Tags of everything that the pipeline makes: by them it is found, and its cost is told."""
        return {TAG: self.id}

    @property
    def bucket(self) -> str:
        """Bucket that receives the topics."""
        return f"user-{self.id}-bucket"

    @property
    def key_name(self) -> str:
        """Key pair of the client machine."""
        return f"{self.id}-key-pair"

    @property
    def key_file(self) -> Path:
        """File of the key pair's private half."""
        return Path(self.key_folder) / f"{self.key_name}.pem"

    @property
    def instance_name(self) -> str:
        """Name tag of the client machine's instance."""
        return f"{self.id}-client"

    @property
    def stack(self) -> str:
        """CloudFormation stack of the template ``aws/workbook.yaml``."""
        return f"workbook-{self.id}"

    @property
    def public_subnet(self) -> str:
        """Name tag of the subnet that the client machine stands in, where the template made one."""
        return f"{self.id}-public"

    @property
    def private_subnets(self) -> tuple[str, str]:
        """Name tags of the subnets of brokers, connector and Airflow, where the template made them."""
        return f"{self.id}-private-1", f"{self.id}-private-2"

    @property
    def access_role(self) -> str:
        """Role of the client machine and the connector."""
        return f"{self.id}-ec2-access-role"

    @property
    def plugin(self) -> str:
        """Custom plugin of MSK Connect: the S3 sink."""
        return f"{self.id}-plugin"

    @property
    def worker_configuration(self) -> str:
        """Worker configuration of MSK Connect."""
        return f"{self.id}-worker"

    @property
    def connector(self) -> str:
        """Connector that carries the topics into the bucket."""
        return f"{self.id}-connector"

    @property
    def connector_logs(self) -> str:
        """Log group of the connector's workers."""
        return f"/workbook/{self.id}/connector"

    @property
    def api(self) -> str:
        """REST API in front of the REST proxy."""
        return f"{self.id}-api"

    @property
    def topics(self) -> tuple[str, ...]:
        """The three topics."""
        return tuple(self.topic(table) for table in TABLES)

    def topic(self, table: str) -> str:
        """Topic of one table."""
        return f"{self.id}.{check_table(table)}"

    def topic_path(self, table: str, folder: str = "topics") -> str:
        """Where Spark reads the objects of one topic.

        Parameters
        ----------
        table : str
            "pin", "geo" or "user".
        folder : str
            First part of the keys: the connector's ``topics.dir``.
        """
        return f"s3://{self.bucket}/{folder}/{self.topic(table)}/partition=0/"

    @property
    def bucket_folder(self) -> str:
        """Folder in which Spark and `dbutils` see the bucket: its volume if there is one, else where it is mounted."""
        return f"/Volumes/{self.volume.replace('.', '/')}" if self.volume else f"/mnt/{self.id}"

    @property
    def kinesis_role(self) -> str:
        """Role in which API Gateway calls Kinesis."""
        return f"{self.id}-kinesis-access-role"

    @property
    def streams(self) -> tuple[str, ...]:
        """The three Kinesis streams."""
        return tuple(self.stream(table) for table in TABLES)

    def stream(self, table: str) -> str:
        """Kinesis stream of one table."""
        return f"streaming-{self.id}-{check_table(table)}"

    def stream_table(self, table: str) -> str:
        """Delta table that one cleaned stream ends in."""
        return f"{self.id}_{check_table(table)}_table"

    def checkpoint(self, name: str) -> str:
        """Folder in which one streaming query keeps how far it has come."""
        return f"/tmp/{self.id}/_checkpoints/{name}"

    def clean_table(self, table: str) -> str:
        """Delta table that keeps one cleaned table of the batch."""
        return clean_table(self.id, table)

    @property
    def airflow(self) -> str:
        """Environment of MWAA."""
        return f"{self.id}-airflow-env"

    @property
    def airflow_role(self) -> str:
        """Role with which Airflow works."""
        return f"{self.id}-airflow-role"

    @property
    def dag(self) -> str:
        """The DAG."""
        return f"{self.id}_dag"


def on_laptop() -> bool:
    """Tell whether this process has read a lab's addresses."""
    return _ON_LAPTOP in os.environ


def where_to_look(on_the_laptop: str, on_an_account: str) -> str:
    """Choose the advice that helps where the pipeline runs."""
    return on_the_laptop if on_laptop() else on_an_account


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Write tags in the form that EC2, IAM and S3 take."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _lab_addresses(home: Path) -> dict[str, str]:
    file = home / "workbook.env"
    if not file.exists():
        raise SetupError(
            "The lab is not running. Start it in a terminal with `python -m lab up`, or with `make lab`, "
            "then run this cell again. For your own AWS account, set WORKBOOK_TARGET=aws in .env (see .env.example)."
        )
    return {name: value or "" for name, value in _read(file, interpolate=False).items()}


def _read(file: Path, interpolate: bool = True) -> dict[str, str | None]:
    from dotenv import dotenv_values  # late: Databricks' jobs need names from here, and have no such package

    return dotenv_values(file, interpolate=interpolate)


def _target(settings: Mapping[str, str]) -> str:
    target = settings.get("WORKBOOK_TARGET") or "laptop"
    if target not in TARGETS:
        raise SetupError(f"WORKBOOK_TARGET={target!r} is neither {' nor '.join(TARGETS)}. Correct the line in .env.")
    return target


def _prepare_account(settings: dict[str, str]) -> None:
    """Refuse what would meet the laptop or somebody else on a real account; name the region to every library.

    boto3 and kafka-python read ``AWS_DEFAULT_REGION``, Java's SDK reads ``AWS_REGION``.
    """
    if _ON_LAPTOP in settings:
        raise SetupError(
            "This kernel has been on the laptop, and still has the lab's addresses and keys. Restart the kernel, then "
            "run the cells from the top: with WORKBOOK_TARGET=aws they use your account."
        )
    if settings.get("WORKBOOK_ID", LAPTOP_ID) == LAPTOP_ID:
        raise SetupError(
            f"WORKBOOK_ID is missing, or the laptop's {LAPTOP_ID}: names of buckets are unique in the world, and that "
            "one may be taken. Draw 12 hex digits, `python -c 'import secrets; print(secrets.token_hex(6))'`, and put "
            "them into .env."
        )
    region = settings.get("AWS_REGION") or settings.get("AWS_DEFAULT_REGION")
    if region:
        settings.update(AWS_REGION=region, AWS_DEFAULT_REGION=region)


def _port(settings: Mapping[str, str], name: str, default: int) -> int:
    text = settings.get(name) or str(default)
    if not (text.isdecimal() and 0 < int(text) < 65536):
        raise SetupError(f"{name}={text!r} is no port: give a number from 1 to 65535 in .env, or leave the line out.")
    return int(text)


def _switch(settings: Mapping[str, str], name: str) -> bool:
    text = (settings.get(name) or "no").lower()
    if text not in ("yes", "no"):
        raise SetupError(f"{name}={text!r} is neither yes nor no. Correct the line in .env, or leave it out.")
    return text == "yes"


def _volume(settings: Mapping[str, str]) -> str:
    text = settings.get("WORKBOOK_VOLUME", "")
    if text and not re.fullmatch(r"\w[\w-]*(\.\w[\w-]*){2}", text):
        raise SetupError(f"WORKBOOK_VOLUME={text!r} must be <catalog>.<schema>.<volume>, or the line left out of .env.")
    return text


def _several(settings: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in settings.get(name, "").split(",") if part.strip())


def _setting(settings: Mapping[str, str], name: str) -> str:
    if not settings.get(name):
        raise SetupError(f"The setting {name} is missing. Put a line {name}=… into .env; .env.example explains it.")
    return settings[name]
