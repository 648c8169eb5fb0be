"""Where the lab keeps its files and which ports it uses: one object, read from the environment once."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dotenv import dotenv_values

from helpers.config import CHECKOUT, LAPTOP_ID

PORTS = {
    "supervisor": 9009,
    "aws": 4566,
    "s3": 9000,
    "kafka": 9098,
    "kafka_inner": 9094,
    "kafka_controller": 9093,
    "kafka_private": 9091,
    "connect": 8083,
    "client": 2222,
    "rest": 8082,
    "cluster": 15002,
    "spark_ui": 4040,
    "workspace": 8787,
    "airflow": 8080,
}
"""Default port of each listener. ``LAB_<NAME>_PORT`` moves one, ``LAB_PORT_OFFSET`` moves them all."""


class LabError(Exception):
    """Something the user can mend; the text says what and how."""


def _whole_number(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name, str(default))
    try:
        return int(text)
    except ValueError:
        raise LabError(f"{name}={text!r} is not a whole number. Unset it or give a number.") from None


def port_variable(name: str) -> str:
    """Name the environment variable that moves a port."""
    return f"LAB_{name.upper()}_PORT"


def read_ports(environment: Mapping[str, str]) -> dict[str, int]:
    """Work out every port from the environment.

    Raises
    ------
    LabError
        If a number is malformed or outside 1024–65535, or two listeners share a port.
    """
    offset = _whole_number(environment, "LAB_PORT_OFFSET", 0)
    ports = {name: _whole_number(environment, port_variable(name), port + offset) for name, port in PORTS.items()}
    for name, port in ports.items():
        if not 1024 <= port <= 65535:
            raise LabError(
                f"Port {port} for {name} is outside 1024–65535. Change {port_variable(name)} or LAB_PORT_OFFSET."
            )
        twin = next(other for other, number in ports.items() if number == port)
        if twin != name:
            raise LabError(f"{twin} and {name} both want port {port}. Move one with {port_variable(name)}.")
    return ports


@dataclass(frozen=True)
class Lab:
    """One lab: a folder for its state, a folder for what set-up built, and its ports.

    Attributes
    ----------
    home : Path
        State of the services: data, logs, credentials. ``LAB_HOME``, by default ``.lab`` in the checkout.
    build : Path
        What set-up made: jars, compiled plugin, posts database. Shared by all labs of a checkout.
    ports : dict of str to int
        Port of each listener.
    workbook_id : str
        Id of the learner, whose topics have names that begin with it. ``WORKBOOK_ID``, also from ``.env``.
    as_on_aws : bool
        Whether the AWS endpoint is as late and as strict as AWS is. ``LAB_AS_ON_AWS``.
    """

    home: Path
    build: Path = CHECKOUT / ".setup"
    ports: Mapping[str, int] = field(default_factory=lambda: read_ports({}))
    workbook_id: str = LAPTOP_ID
    as_on_aws: bool = False

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Lab":
        """Read ``LAB_HOME``, ``LAB_SETUP``, the port variables, ``WORKBOOK_ID`` and ``LAB_AS_ON_AWS``."""
        own = dotenv_values(CHECKOUT / ".env")
        return cls(
            home=Path(environment.get("LAB_HOME") or CHECKOUT / ".lab").resolve(),
            build=Path(environment.get("LAB_SETUP") or CHECKOUT / ".setup").resolve(),
            ports=read_ports(environment),
            workbook_id=environment.get("WORKBOOK_ID") or own.get("WORKBOOK_ID") or LAPTOP_ID,
            as_on_aws=environment.get("LAB_AS_ON_AWS") == "yes",
        )

    @property
    def config(self) -> Path:
        """Configuration files written for the services at every start."""
        return self.home / "config"

    @property
    def logs(self) -> Path:
        """One log file a service."""
        return self.home / "logs"

    @property
    def tls(self) -> Path:
        """The lab's certificate authority and certificates."""
        return self.home / "tls"

    @property
    def credentials_file(self) -> Path:
        """Random secrets made at the first start, readable by the owner alone."""
        return self.home / "credentials.json"

    @property
    def iam_file(self) -> Path:
        """Whom the broker knows and what each may do; see `lab.core.iam_file`."""
        return self.home / "aws" / "iam.json"

    @property
    def instance_file(self) -> Path:
        """The running EC2 instance, if there is one; see `lab.core.instance_file`."""
        return self.home / "aws" / "instance.json"

    @property
    def strict_file(self) -> Path:
        """Is there while a lab runs here that is as late and as strict as AWS."""
        return self.home / "as_on_aws"

    @property
    def ports_file(self) -> Path:
        """The ports of the lab that runs here, whatever the environment says by now."""
        return self.home / "ports.json"

    @property
    def workbook_env(self) -> Path:
        """The addresses and keys that the pipeline reads; see `helpers.config`."""
        return self.home / "workbook.env"

    @property
    def posts_database(self) -> Path:
        """The database from which the emulator draws its posts."""
        return self.build / "posts.db"

    def data(self, service: str) -> Path:
        """Folder of one service's own state."""
        return self.home / service
