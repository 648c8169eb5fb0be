"""`dbutils.secrets`: secrets that stay out of notebooks."""

import base64
from typing import NamedTuple

from helpers.databricks.laptop.dbutils.api import Api
from helpers.databricks.laptop.dbutils.partial import Partial
from helpers.databricks.laptop.dbutils.redaction import redact


class SecretScope(NamedTuple):
    """One entry of `secrets.listScopes`."""

    name: str


class SecretMetadata(NamedTuple):
    """One entry of `secrets.list`."""

    key: str


class Secrets(Partial):
    """`dbutils.secrets`: read secrets without writing them into a notebook."""

    called = "dbutils.secrets"

    def __init__(self, api: Api):
        self._api = api

    def get(self, scope: str, key: str) -> str:
        """Return a secret; the notebook's outputs show it as ``[REDACTED]``."""
        return self.getBytes(scope, key).decode()

    def getBytes(self, scope: str, key: str) -> bytes:
        """Return a secret as bytes."""
        value = base64.b64decode(self._api.get("/api/2.0/secrets/get", scope=scope, key=key)["value"])
        redact(value.decode(errors="replace"))
        return value

    def listScopes(self) -> list[SecretScope]:
        """List the scopes."""
        return [SecretScope(scope["name"]) for scope in self._api.get("/api/2.0/secrets/scopes/list")["scopes"]]

    def list(self, scope: str) -> list[SecretMetadata]:
        """List the keys of a scope."""
        found = self._api.get("/api/2.0/secrets/list", scope=scope)["secrets"]
        return [SecretMetadata(secret["key"]) for secret in found]
