"""Kinesis at the edge: the account's streams, on disk, with the limits that AWS's shards have."""

from lab.aws.errors import AwsError
from lab.aws.kinesis import wire
from lab.aws.kinesis.group_commit import GroupCommit
from lab.aws.kinesis.limits import Limits
from lab.aws.kinesis.service import Kinesis
from lab.aws.kinesis.store import Store
from lab.aws.protocol import REGION, Answer, Operation
from lab.core.iam_file import ACCOUNT
from lab.core.layout import Lab, LabError


class KinesisFront:
    """The account's streams.

    Raises
    ------
    LabError
        If what an earlier process left cannot be read.
    """

    def __init__(self, lab: Lab):
        folder = lab.home / "aws"
        older = folder / "kinesis.state"
        if older.exists():
            raise LabError(f"{older} was written by an older version. `python -m lab reset` makes a new lab.")
        self._store = Store(folder / "kinesis.db")
        self._kinesis = Kinesis(self._store, account=ACCOUNT, region=REGION, limits=Limits())
        self._commits = GroupCommit(self._kinesis)

    def close(self) -> None:
        """Answer what has come, and close the database."""
        self._commits.close()
        self._store.close()

    async def answer(self, operation: Operation) -> Answer:
        """Answer one call, when what it changed is on disk.

        Raises
        ------
        AwsError
            If the model has no such operation.
        """
        if operation.name not in self._kinesis.operations:
            raise AwsError(
                "NotImplementedException", f"The lab's Kinesis does not answer {operation.name}; AWS does.", 501
            )
        status, body = await self._commits.answer(operation.name, operation.call.body)
        return Answer(status, {"Content-Type": wire.CONTENT_TYPE}, body)
