"""What all services of the AWS endpoint share: moto, the state on disk, who is known, and how a call is passed on."""

import asyncio
import contextlib
import logging

from lab.aws.errors import AwsError
from lab.aws.identity import principals
from lab.aws.identity.principals import Directory, Key
from lab.aws.moto_app import Moto
from lab.aws.protocol import Answer, Operation
from lab.aws.state import State
from lab.core import iam_file
from lab.services.base import Runtime

LOG = logging.getLogger("aws")

SAVE_SECONDS = 0.5
"""How often changes are written: a crash loses at most what came since."""


class Endpoint:
    """The account behind the endpoint.

    Attributes
    ----------
    runtime : Runtime
        The lab.
    moto : Moto
        Keeps most services.
    state : State
        On disk.
    directory : Directory
        Whom IAM knows now.
    """

    def __init__(self, runtime: Runtime):
        self.runtime = runtime
        self.moto = Moto()
        self.state = State(runtime.lab.home / "aws")
        self.directory = Directory({}, {}, {}, {})
        self._broker_knows = True

    async def pass_on(self, operation: Operation) -> Answer:
        """Let moto answer, and note what that changed.

        Raises
        ------
        AwsError
            If moto has no such operation.
        """
        try:
            answer = await self.moto.run(self.moto.answer, operation.call)
        except NotImplementedError as error:
            text = f"The lab's {operation.service} does not answer {operation.name}; AWS does."
            raise AwsError("NotImplemented", text, 501) from error
        if not operation.reads_only and answer.status < 400:
            await self.changed(operation.service)
        return answer

    async def changed(self, service: str) -> None:
        """Note that a service has changed; what IAM says is in force before the caller hears of it."""
        self.state.touch(service)
        if service in ("iam", "sts"):
            self.state.touch("sts")  # a role that is deleted takes its sessions along
            await self.moto.run(self.refresh)

    def refresh(self) -> None:
        """Take a new picture of IAM and tell the broker; on moto's thread."""
        self.directory = principals.read()
        self._broker_knows = False
        iam_file.write(self.runtime.lab, for_broker(self.directory))
        self._broker_knows = True

    async def keep(self, stop: asyncio.Event) -> None:
        """Save changes again and again, and all of them when it is time to stop."""
        while not stop.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), SAVE_SECONDS)
            await self._save()

    async def _save(self) -> None:
        """Save what has changed; what cannot be saved now, on a full disk, say, is tried again the next time."""
        try:
            if not self._broker_knows:
                await self.moto.run(self.refresh)
            await asyncio.to_thread(self.state.write, await self.moto.run(self.state.collect))
        except Exception:
            LOG.exception("The state could not be saved")


def for_broker(known: Directory) -> dict[str, dict]:
    """Write down whom the broker lets in, in the form of `lab.core.iam_file`."""
    return {
        "keys": {key.id: _for_broker(key) for key in known.keys.values()},
        "policies": {arn: list(documents) for arn, documents in known.policies.items()},
    }


def _for_broker(key: Key) -> dict[str, object]:
    expires = int(key.expires.timestamp()) if key.expires else None
    return {"secret": key.secret, "principal": key.owner, "token": key.token, "expires": expires}
