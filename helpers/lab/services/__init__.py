"""The services of the lab, one module each; `ALL` lists them in the order in which they are shown."""

from helpers.lab.services.airflow import Airflow, AirflowApi, AirflowDags, AirflowTriggerer
from helpers.lab.services.aws import Aws
from helpers.lab.services.base import Runtime, Service
from helpers.lab.services.client import Client
from helpers.lab.services.cluster import Cluster
from helpers.lab.services.connect import Connect
from helpers.lab.services.kafka import Kafka
from helpers.lab.services.s3 import S3

ALL: tuple[Service, ...] = (
    S3(), Kafka(), Aws(), Connect(), Client(), Cluster(), AirflowApi(), AirflowDags(), AirflowTriggerer(), Airflow(),
)  # fmt: skip

__all__ = ["ALL", "Runtime", "Service"]
