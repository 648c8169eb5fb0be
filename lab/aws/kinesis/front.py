"""Kinesis at the edge: the model's streams, kept on disk, with the limits that AWS's shards have."""

from lab.aws.endpoint import Endpoint
from lab.aws.errors import AwsError
from lab.aws.kinesis import wire
from lab.aws.kinesis.limits import Limits
from lab.aws.kinesis.service import Kinesis
from lab.aws.protocol import REGION, Answer, Operation
from lab.core.iam_file import ACCOUNT


class KinesisFront:
    """The account's streams."""

    def __init__(self, endpoint: Endpoint):
        self._endpoint = endpoint
        self._kinesis = Kinesis(account=ACCOUNT, region=REGION, limits=Limits())
        endpoint.state.keep("kinesis", self._kinesis)

    async def answer(self, operation: Operation) -> Answer:
        """Answer one call; where the state is collected from, so that nothing changes meanwhile.

        Raises
        ------
        AwsError
            If the model has no such operation.
        """
        if operation.name not in self._kinesis.operations:
            raise AwsError(
                "NotImplementedException", f"The lab's Kinesis does not answer {operation.name}; AWS does.", 501
            )
        status, body = await self._endpoint.moto.run(
            wire.answer, self._kinesis, operation.name, operation.call.body
        )  # fmt: skip
        if not operation.reads_only and status < 400:
            self._endpoint.state.touch("kinesis")
        return Answer(status, {"Content-Type": wire.CONTENT_TYPE}, body)
