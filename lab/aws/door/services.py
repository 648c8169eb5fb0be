"""The services behind the door: which of them answers which operation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lab.aws.api_gateway.data_plane import DataPlane
from lab.aws.api_gateway.deployments import Deployments
from lab.aws.base_service import Answering
from lab.aws.ec2 import Ec2
from lab.aws.endpoint import Endpoint
from lab.aws.identity import iam, sts
from lab.aws.identity.principals import Key
from lab.aws.protocol import Answer, Call, Operation
from lab.aws.s3.front import S3Front
from lab.aws.strict.rule import Rule


@dataclass(frozen=True)
class Services:
    """All that can be reached behind the door.

    Attributes
    ----------
    endpoint : Endpoint
        The account; moto answers for the services that have no part of their own here.
    ec2, deployments, data_plane, s3 : object
        EC2, the deployed APIs of API Gateway, what answers calls of those, and S3.
    own : mapping of str to Answering
        Services that are ours, by the name under which they are signed.
    rules : sequence of Rule
        Where the lab is as late and as strict as AWS; none, unless it is asked to be.
    """

    endpoint: Endpoint
    ec2: Ec2
    deployments: Deployments
    data_plane: DataPlane
    s3: S3Front
    own: Mapping[str, Answering]
    rules: Sequence[Rule] = ()

    @property
    def hosts(self) -> tuple[str, ...]:
        """The names under which the endpoint is known."""
        port = self.endpoint.runtime.lab.ports["aws"]
        return f"127.0.0.1:{port}", f"localhost:{port}"

    async def answer(self, call: Call, operation: Operation, caller: Key) -> Answer:
        """Let the service that an operation belongs to answer it."""
        if operation.service in self.own:
            return await self.own[operation.service].answer(operation)
        match operation.service:
            case "iam":
                return await iam.answer(self.endpoint, operation)
            case "sts":
                return await sts.answer(self.endpoint, operation, caller)
            case "ec2":
                return await self.ec2.answer(operation)
            case "apigateway" if operation.name == "TestInvokeMethod":
                return await self.data_plane.test(operation)
            case "apigateway":
                return await self.deployments.answer(operation)
            case "s3":
                return await self.s3.answer(call, operation)
            case _:
                return await self.endpoint.pass_on(operation)
