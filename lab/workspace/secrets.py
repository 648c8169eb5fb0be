"""Secret scopes: named secrets that notebooks read without showing them."""

import base64
import json
import re
import threading
import time
from pathlib import Path
from typing import Any

from lab.core.files import write_private
from lab.workspace.errors import WorkspaceError

LARGEST = 128 * 1024
"""Bytes of a secret (Secrets API: "The maximum allowed secret value size is 128 KB")."""

_NAME = re.compile(r"[\w.@-]{1,128}", re.ASCII)


class Secrets:
    """The secrets of the workspace, in a file that the owner alone can read."""

    def __init__(self, file: Path):
        self._file = file
        self._lock = threading.Lock()
        kept = json.loads(file.read_text()) if file.exists() else {}
        self._scopes: dict[str, dict[str, Any]] = {
            scope: {key: _entry(value) for key, value in found.items()} for scope, found in kept.items()
        }

    def create_scope(self, scope: str) -> None:
        """Make an empty scope.

        Raises
        ------
        WorkspaceError
            If there is one of that name, or nothing can have that name.
        """
        _check_name("Scope name", scope)
        with self._lock:
            if scope in self._scopes:
                raise WorkspaceError("RESOURCE_ALREADY_EXISTS", f"Scope {scope} already exists!")
            self._save(self._scopes | {scope: {}})

    def delete_scope(self, scope: str) -> None:
        """Delete a scope and the secrets in it."""
        with self._lock:
            self._scope(scope)
            self._save({name: found for name, found in self._scopes.items() if name != scope})

    def put(self, scope: str, key: str, value: bytes) -> None:
        """Keep a secret in a scope that is there; one that has the key is replaced."""
        _check_name("Secret key", key)
        if len(value) > LARGEST:
            words = f"A secret has at most {LARGEST} bytes, and this one has {len(value)}."
            raise WorkspaceError("RESOURCE_LIMIT_EXCEEDED", words)
        with self._lock:
            entry = {"value": base64.b64encode(value).decode(), "updated": time.time_ns() // 1_000_000}
            self._save(self._scopes | {scope: self._scope(scope) | {key: entry}})

    def delete(self, scope: str, key: str) -> None:
        """Delete a secret."""
        with self._lock:
            self._secret(scope, key)
            kept = {name: entry for name, entry in self._scopes[scope].items() if name != key}
            self._save(self._scopes | {scope: kept})

    def get(self, scope: str, key: str) -> str:
        """Return a secret in base64, as the REST API does.

        Raises
        ------
        WorkspaceError
            If there is no such secret.
        """
        return self._secret(scope, key)["value"]

    def scopes(self) -> list[str]:
        """List the scopes."""
        return sorted(self._scopes)

    def keys(self, scope: str) -> dict[str, int]:
        """List the keys of a scope, each with the time of its last change in milliseconds since the epoch."""
        return {key: entry["updated"] for key, entry in sorted(self._scope(scope).items())}

    def _scope(self, scope: str) -> dict[str, Any]:
        if scope not in self._scopes:
            raise WorkspaceError("RESOURCE_DOES_NOT_EXIST", f"Secret scope does not exist: {scope}", 404)
        return self._scopes[scope]

    def _secret(self, scope: str, key: str) -> dict[str, Any]:
        if key not in self._scopes.get(scope, {}):
            words = f"Secret does not exist with scope: {scope} and key: {key}"
            raise WorkspaceError("RESOURCE_DOES_NOT_EXIST", words, 404)
        return self._scopes[scope][key]

    def _save(self, scopes: dict[str, dict[str, Any]]) -> None:
        write_private(self._file, json.dumps(scopes))  # first: what could not be written has not happened
        self._scopes = scopes


def _entry(kept: Any) -> dict[str, Any]:
    """Read a secret; in a lab from before secrets could be made it stands there alone, as text."""
    return kept if isinstance(kept, dict) else {"value": base64.b64encode(kept.encode()).decode(), "updated": 0}


def _check_name(what: str, name: str) -> None:
    if not _NAME.fullmatch(name):
        words = f"{what} {name!r:.80} is not allowed: up to 128 letters, digits, and - _ . @, as on Databricks."
        raise WorkspaceError("INVALID_PARAMETER_VALUE", words)
