"""The keys: the query's own, boto3's chain, or a role that is assumed, and assumed again before it expires."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnection

from helpers.kinesis.source.errors import KinesisError, Passing
from helpers.kinesis.source.options import Options, Role

# The source itself decides when to ask again: a client that sleeps would hold up all shards for one.
_CLIENT = Config(
    retries={"total_max_attempts": 1, "mode": "standard"}, connect_timeout=5, read_timeout=30, max_pool_connections=50
)
RENEW_WITH_LEFT = 1 / 6
"""A role's session is renewed when this part of its time is left: ten minutes of an hour."""


class Access:
    """Makes Kinesis clients that are allowed in.

    Parameters
    ----------
    options : Options
        Keys, role, region and addresses.
    """

    def __init__(self, options: Options):
        self._options = options
        self._lock = threading.Lock()
        self._client: Any = None
        self._renew_at: datetime | None = None

    def client(self) -> Any:
        """Return the client, a new one if the role's session is about to end."""
        with self._lock:
            due = self._renew_at is not None and datetime.now(UTC) >= self._renew_at
            if self._client is None or due:
                self._client = self._connect()
            return self._client

    def renew(self, refused: Any) -> bool:
        """Replace a client whose session Kinesis calls expired.

        Returns
        -------
        bool
            Whether there is a role to assume again; without one nothing can be renewed.
        """
        with self._lock:
            if self._options.role and self._client is refused:
                self._client = self._connect()
            return self._options.role is not None

    def _connect(self) -> Any:
        options = self._options
        session = boto3.Session(
            aws_access_key_id=options.access_key,
            aws_secret_access_key=options.secret_key,
            region_name=options.region,
        )
        if options.role:
            session = self._assume(options.role, session)
        return session.client("kinesis", endpoint_url=options.endpoint, config=_CLIENT)

    def _assume(self, role: Role, session: boto3.Session) -> boto3.Session:
        asked = {"RoleArn": role.arn, "RoleSessionName": role.session_name}
        if role.external_id:
            asked["ExternalId"] = role.external_id
        try:
            keys = session.client("sts", endpoint_url=self._options.sts_endpoint).assume_role(**asked)["Credentials"]
        except (HTTPClientError, NoConnection) as error:
            raise Passing(f"STS, which gives the role's keys, is out of reach: {error}") from error
        except (ClientError, BotoCoreError) as error:
            raise KinesisError(
                f"The role {role.arn} cannot be assumed: {error}. Its trust policy must name whoever owns the keys, "
                "and they must be allowed sts:AssumeRole; see the options roleArn, awsAccessKey and roleExternalId."
            ) from error
        lifetime: timedelta = keys["Expiration"] - datetime.now(UTC)
        self._renew_at = keys["Expiration"] - lifetime * RENEW_WITH_LEFT
        return boto3.Session(
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
            region_name=self._options.region,
        )
