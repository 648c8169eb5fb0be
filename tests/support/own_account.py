"""An AWS account of one's own, by moto in this process; what moto lacks is answered by a script."""

import contextlib
import dataclasses
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.loaders import create_loader
from botocore.session import get_session
from botocore.stub import Stubber
from moto import mock_aws

from helpers.config import Workbook

ID = "abcdef012345"
BROKERS = "b-1.own.kafka.eu-west-1.amazonaws.com:9098"


MODELS = create_loader()
"""Botocore's descriptions of the services, read once for all tests: EC2's takes a quarter of a second."""


@contextlib.contextmanager
def own_account(region: str = "eu-west-1") -> Iterator[Workbook]:
    """Give the workbook of an empty account, whatever lab or account the shell knows."""
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ:
            if name.startswith(("AWS_", "WORKBOOK_", "DATABRICKS_", "SPARK_REMOTE")):
                patch.delenv(name)
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        patch.setenv("AWS_DEFAULT_REGION", region)
        with mock_aws():
            yield workbook(region)
    boto3.setup_default_session()


def workbook(region: str = "eu-west-1", **changed: Any) -> Workbook:
    """Make a workbook as `.env` would for an account."""
    settings = {
        "WORKBOOK_TARGET": "aws", "WORKBOOK_ID": ID, "AWS_REGION": region, "WORKBOOK_BOOTSTRAP_SERVERS": BROKERS,
        "WORKBOOK_SSH_FROM": "203.0.113.7/32",
    }  # fmt: skip
    loaded = dataclasses.replace(Workbook.load(settings, Path("nowhere")), **changed)
    session = get_session()
    session.register_component("data_loader", MODELS)
    boto3.setup_default_session(botocore_session=session)
    return loaded


class Scripted:
    """Replaces clients of some services by ones that give the answers of a script, and check what they are asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch):
        self._clients: dict[str, Any] = {}
        self._stubs: dict[str, Stubber] = {}
        own = Workbook.client
        monkeypatch.setattr(Workbook, "client", lambda book, name: self._clients.get(name) or own(book, name))

    def answers(self, service: str, operation: str, answer: dict[str, Any], asked: dict[str, Any] | None = None):
        """Let the next call of a service be this one, with this answer; botocore's model holds for both."""
        self._stub(service).add_response(operation, answer, asked)

    def refuses(self, service: str, operation: str, code: str, message: str = "", status: int = 400):
        """Let the next call of a service be this one, and be refused."""
        self._stub(service).add_client_error(operation, code, message, status)

    def done(self) -> None:
        """See that the whole script was played."""
        for stub in self._stubs.values():
            stub.assert_no_pending_responses()

    def _stub(self, service: str) -> Stubber:
        if service not in self._stubs:
            client = boto3.client(service, region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b",
                                  config=Config(retries={"total_max_attempts": 1}))  # fmt: skip
            self._clients[service], self._stubs[service] = client, Stubber(client)
            self._stubs[service].activate()
        return self._stubs[service]
