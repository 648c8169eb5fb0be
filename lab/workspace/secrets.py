"""Secret scopes: named secrets that notebooks read without showing them."""

import base64
import json
from pathlib import Path

from lab.core.files import write_private
from lab.workspace.errors import WorkspaceError


class Secrets:
    """The secrets of the workspace, in a file that the owner alone can read."""

    def __init__(self, file: Path):
        self._file = file
        self._scopes: dict[str, dict[str, str]] = json.loads(file.read_text()) if file.exists() else {}

    def put(self, scope: str, key: str, value: str) -> None:
        """Keep a secret; the scope is made if it is not there."""
        self._scopes.setdefault(scope, {})[key] = value
        write_private(self._file, json.dumps(self._scopes))

    def get(self, scope: str, key: str) -> str:
        """Return a secret in base64, as the REST API does.

        Raises
        ------
        WorkspaceError
            If there is no such secret.
        """
        value = self._scopes.get(scope, {}).get(key)
        if value is None:
            raise WorkspaceError(
                "RESOURCE_DOES_NOT_EXIST", f"Secret does not exist with scope: {scope} and key: {key}", 404
            )
        return base64.b64encode(value.encode()).decode()

    def scopes(self) -> list[str]:
        """List the scopes."""
        return sorted(self._scopes)

    def keys(self, scope: str) -> list[str]:
        """List the keys of a scope."""
        if scope not in self._scopes:
            raise WorkspaceError("RESOURCE_DOES_NOT_EXIST", f"Secret scope does not exist: {scope}", 404)
        return sorted(self._scopes[scope])
