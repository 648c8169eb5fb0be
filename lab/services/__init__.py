"""The services of the lab, one module each; `ALL` lists them in the order in which they are shown."""

from lab.core.runtime import Runtime
from lab.services.airflow import Airflow, AirflowApi, AirflowDags, AirflowTriggerer
from lab.services.aws import Aws
from lab.services.base import Service
from lab.services.client import Client
from lab.services.cluster import Cluster
from lab.services.connect import Connect
from lab.services.kafka import Kafka
from lab.services.s3 import S3

ALL: tuple[Service, ...] = (
    S3(), Kafka(), Aws(), Connect(), Client(), Cluster(), AirflowApi(), AirflowDags(), AirflowTriggerer(), Airflow(),
)  # fmt: skip

__all__ = ["ALL", "Runtime", "Service"]
