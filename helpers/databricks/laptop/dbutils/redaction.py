"""Secrets that a notebook has read are shown as ``[REDACTED]`` in all its outputs, as on Databricks.

As there, it is a guard against accidents: what is not the very value, its letters one by one for example, is shown.
"""

from collections.abc import Callable
from typing import Any

REDACTED = "[REDACTED]"

_OUTPUTS = ("stream", "display_data", "update_display_data", "execute_result", "error", "execute_reply")
"""Messages of a Jupyter kernel that show something."""

_SHOWN = ("text", "data", "evalue", "traceback")
"""What they show; the rest of a message is the protocol's own."""


def redact(value: str) -> None:
    """Keep a value out of what this notebook shows from now on; nothing happens outside of a notebook."""
    from IPython import get_ipython  # late: programs without a notebook use `dbutils` too

    kernel = getattr(get_ipython(), "kernel", None)
    if kernel is None or not value:
        return
    if not isinstance(kernel.session.serialize, _Redacting):
        kernel.session.serialize = _Redacting(kernel.session.serialize)
    kernel.session.serialize.values.add(value)


class _Redacting:
    """Writes a kernel's messages as before, but for the values of secrets."""

    def __init__(self, serialize: Callable[..., list[bytes]]):
        self._serialize = serialize
        self.values: set[str] = set()

    def __call__(self, message: dict[str, Any], ident: Any = None) -> list[bytes]:
        if message["header"]["msg_type"] in _OUTPUTS:
            shown = {name: self._redacted(part) for name, part in message["content"].items() if name in _SHOWN}
            message = message | {"content": message["content"] | shown}
        return self._serialize(message, ident)

    def _redacted(self, part: Any) -> Any:
        if isinstance(part, str):
            for value in sorted(self.values, key=len, reverse=True):  # one may be a part of another
                part = part.replace(value, REDACTED)
            return part
        if isinstance(part, dict):
            return {name: self._redacted(each) for name, each in part.items()}
        return [self._redacted(each) for each in part] if isinstance(part, list) else part
