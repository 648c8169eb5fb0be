"""What all services of the AWS endpoint share: moto, the state on disk, who is known, and how a call is passed on.

What a call changes is on disk before its answer; one write serves all calls that wait for it. What cannot be written,
on a full disk, say, is taken back, and the call is refused.
"""

import asyncio
import contextlib
import errno
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lab.aws.errors import AwsError
from lab.aws.identity import principals
from lab.aws.identity.principals import Directory, Key
from lab.aws.moto_app import Moto
from lab.aws.protocol import Answer, Operation
from lab.aws.state import State
from lab.core import iam_file
from lab.core.files import write_all_private
from lab.core.runtime import Runtime

LOG = logging.getLogger("aws")

SAVE_SECONDS = 0.5
"""How often that is written which changes by itself, behind the answers."""

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


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
    views : list of callable
        Work out anew, on moto's thread, what somebody derives from moto's state; called when it was taken back.
    """

    def __init__(self, runtime: Runtime):
        self.runtime = runtime
        self.moto = Moto()
        self.state = State(runtime.lab.home / "aws")
        self.directory = Directory({}, {}, {}, {})
        self.views: list[Callable[[], None]] = [self.refresh]
        self._broker_knows = True
        self._waiting: list[tuple[int, asyncio.Future[None]]] = []
        self._writing = asyncio.Lock()

    async def pass_on(
        self,
        operation: Operation,
        first: Callable[[], None] | None = None,
        then: Callable[[Answer], None] | None = None,
    ) -> Answer:
        """Let moto answer, and put on disk what that changed.

        Parameters
        ----------
        operation : Operation
            What is asked for.
        first : callable, optional
            What moto does not see to before it answers; it may refuse. On moto's thread, with nothing in between.
        then : callable, optional
            What else a change brings about; on moto's thread.

        Raises
        ------
        AwsError
            If moto has no such operation, or what it changed could not be written.
        """
        answer, generation = await self.moto.run(self._answered, operation, first, then)
        if not operation.reads_only and answer.status < 400:
            await self.saved(generation)
        return answer

    def _answered(
        self, operation: Operation, first: Callable[[], None] | None, then: Callable[[Answer], None] | None
    ) -> tuple[Answer, int]:
        if first:
            first()
        try:
            answer = self.moto.answer(operation.call)
        except NotImplementedError as error:
            text = f"The lab's {operation.service} does not answer {operation.name}; AWS does."
            raise AwsError("NotImplemented", text, 501) from error
        if not operation.reads_only and answer.status < 400:
            self._changed(operation.service)
            if then:
                then(answer)
        return answer, self.state.generation

    def _changed(self, service: str) -> None:
        self.state.touch(service)
        if service in ("iam", "sts"):
            self.state.touch("sts")  # a role that is deleted takes its sessions along
            self.refresh()

    def refresh(self) -> None:
        """Take a new picture of IAM, of which the broker hears when it is written; on moto's thread."""
        self.directory = principals.read()
        self._broker_knows = False

    async def change(
        self, service: str, records: dict[str, dict[str, Any]], key: str, fields: Mapping[str, Any] | None
    ) -> None:
        """Change a record of a service that is ours, and put that on disk.

        Parameters
        ----------
        service : str
            Whose record it is.
        records : dict
            Where it is, a part of `state.own`.
        key : str
            Its name there.
        fields : mapping, optional
            What changes; without it the record is deleted.

        Raises
        ------
        AwsError
            If that could not be written; then the record is as it was.
        """
        before = dict(records[key]) if key in records else None
        await self.note(service, records, key, fields)
        try:
            await self.saved(self.state.generation)
        except AwsError:
            await self.moto.run(_put_back, records, key, before)
            self.state.touch(service)
            raise

    async def note(
        self, service: str, records: dict[str, dict[str, Any]], key: str, fields: Mapping[str, Any] | None
    ) -> None:
        """Change a record as `change` does, behind the answers: it is written soon, and tried again if it cannot be."""
        await self.moto.run(_put, records, key, fields)
        self.state.touch(service)

    async def saved(self, generation: int) -> None:
        """Return when on disk is what was changed in a generation of the state.

        Raises
        ------
        AwsError
            If it could not be written; it is taken back then.
        """
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((generation, done))
        async with self._writing:
            if not done.done():
                await self._write()
        done.result()

    async def keep(self, stop: asyncio.Event) -> None:
        """Write again and again what has changed behind the answers, and all of it when it is time to stop."""
        stopping = False
        while not stopping:
            stopping = stop.is_set()
            async with self._writing:
                await self._write()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), SAVE_SECONDS)

    async def _write(self) -> None:
        """Write what has changed, for all who wait for it."""
        waiting, self._waiting = self._waiting, []
        content: dict[Path, bytes] = {}
        failure: Exception | None = None
        current = self.state.generation
        try:
            content, current = await self.moto.run(self._gathered)
            await asyncio.to_thread(write_all_private, content)
            self.state.written(content)
        except Exception as error:  # whatever it is, nobody may wait for ever
            LOG.exception("The state could not be saved")
            failure = error
            await self.moto.run(self._not_written, content, bool(waiting))
        for generation, done in waiting:
            if failure or generation != current:
                done.set_exception(_refused(failure))
            else:
                done.set_result(None)

    def _gathered(self) -> tuple[dict[Path, bytes], int]:
        content = self.state.collect()
        if not self._broker_knows:
            content[self.runtime.lab.iam_file] = iam_file.encoded(for_broker(self.directory))
            self._broker_knows = True
        return content, self.state.generation

    def _not_written(self, content: Mapping[Path, bytes], somebody_waits: bool) -> None:
        self.state.touch_again(content)
        if somebody_waits:
            try:
                self.state.take_back()
                for view in self.views:
                    view()
            except Exception:
                LOG.exception("What could not be saved could not be taken back either")
        elif self.runtime.lab.iam_file in content:
            self._broker_knows = False


def _put(records: dict[str, dict[str, Any]], key: str, fields: Mapping[str, Any] | None) -> None:
    if fields is None:
        records.pop(key, None)
    else:
        records.setdefault(key, {}).update(fields)


def _put_back(records: dict[str, dict[str, Any]], key: str, before: dict[str, Any] | None) -> None:
    _put(records, key, None)
    if before is not None:
        records[key] = before


def _refused(failure: Exception | None) -> AwsError:
    number = failure.errno if isinstance(failure, OSError) else None
    full = failure is None or number in NO_ROOM
    why = "The disk is full" if full else f"The lab could not write to its disk ({failure})"
    text = f"{why}, so nothing of this call was done. Make room on the disk, then call again."
    return AwsError("InternalFailure", text, 500)


def for_broker(known: Directory) -> dict[str, dict]:
    """Write down whom the broker lets in, in the form of `lab.core.iam_file`."""
    return {
        "keys": {key.id: _for_broker(key) for key in known.keys.values()},
        "policies": {arn: list(documents) for arn, documents in known.policies.items()},
    }


def _for_broker(key: Key) -> dict[str, object]:
    expires = int(key.expires.timestamp()) if key.expires else None
    return {"secret": key.secret, "principal": key.owner, "token": key.token, "expires": expires}
