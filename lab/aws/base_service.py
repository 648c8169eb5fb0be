"""What the services that are ours have in common: an operation is a method of its name."""

import re
from collections.abc import Mapping
from typing import Any, Protocol

from lab.aws.errors import AwsError
from lab.aws.members import Members, check
from lab.aws.protocol import Answer, Operation

_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class Answering(Protocol):
    """A service that is ours, whatever it does inside."""

    async def answer(self, operation: Operation) -> Answer:
        """Answer one call."""


class BaseService:
    """A service whose methods answer operations: ``CreateConnector`` is ``create_connector``.

    Attributes
    ----------
    title : str
        What it is called in messages.
    members : mapping of str to Members
        What each operation may say.
    parts : tuple of object
        What has the methods, if the service itself has them not.
    """

    title: str
    members: Mapping[str, Members]
    parts: tuple[object, ...] = ()

    async def answer(self, operation: Operation) -> Answer:
        """Answer one call.

        Raises
        ------
        AwsError
            If the service refuses, or has no such operation.
        """
        name = _WORD.sub("_", operation.name).lower()
        method = next((getattr(part, name) for part in (self, *self.parts) if hasattr(part, name)), None)
        if method is None:
            raise AwsError(
                "NotImplementedException", f"The lab's {self.title} does not answer {operation.name}; AWS does.", 501
            )
        check(self.title, operation.name, self.members.get(operation.name), operation.parameters())
        result: Mapping[str, Any] = await method(operation.parameters())
        return operation.answer(result)
