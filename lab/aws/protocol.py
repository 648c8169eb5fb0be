"""AWS's wire forms: which operation a request asks for, what it says, and how answers and refusals are written.

All of it follows botocore's service models, by moto's parsers and serialisers.
"""

import json
import warnings
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import uuid4

from botocore.validate import ParamValidator
from moto.core.model import OperationModel, ServiceModel
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import ServiceOperationRouter
from moto.core.serialize import SerializationContext, get_serializer_class
from moto.core.utils import get_service_model
from multidict import CIMultiDict, CIMultiDictProxy
from werkzeug.exceptions import HTTPException

from lab.aws.errors import AwsError

MODELS = {
    "iam": "iam", "sts": "sts", "ec2": "ec2", "ssm": "ssm", "secretsmanager": "secretsmanager", "kinesis": "kinesis",
    "apigateway": "apigateway", "kafka": "kafka", "kafkaconnect": "kafkaconnect", "s3": "s3",
    "airflow": "mwaa", "logs": "logs",
}  # fmt: skip
"""Name under which a service is signed → botocore's name of its model."""

REGION = "us-east-1"
"""The lab is in one region."""


@dataclass(frozen=True)
class Call:
    """An HTTP request as it came over the wire.

    Attributes
    ----------
    method : str
        HTTP method.
    path : str
        Path, still percent-encoded.
    query : str
        Query string, still percent-encoded.
    headers : CIMultiDictProxy
        Headers, in any case.
    body : bytes
        All of the body.
    """

    method: str
    path: str
    query: str
    headers: "CIMultiDictProxy[str] | CIMultiDict[str]"
    body: bytes

    @property
    def url(self) -> str:
        """The address it was sent to."""
        return f"http://{self.headers.get('Host', '')}{self.path}" + (f"?{self.query}" if self.query else "")


@dataclass(frozen=True)
class Answer:
    """An HTTP answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes | AsyncIterator[bytes]


@cache
def model(service: str) -> ServiceModel:
    """Return the model of a service.

    Raises
    ------
    AwsError
        If the lab does not stand in for it.
    """
    if service not in MODELS:
        raise AwsError(
            "UnknownService",
            f"The lab does not stand in for the AWS service {service!r}; it has {', '.join(sorted(MODELS))}.",
            404,
        )
    return get_service_model(MODELS[service])


@cache
def _router(service: str) -> ServiceOperationRouter:
    return ServiceOperationRouter(model(service))


class Operation:
    """The operation of a service that a call asks for.

    Attributes
    ----------
    service : str
        Name under which the service is signed.
    call : Call
        The call, in its plainest form (`lab.aws.door.canonical_call`).
    name : str
        For example ``RunInstances``.
    """

    def __init__(self, service: str, call: Call):
        self.service = service
        self.call = call
        self._request = Request.from_primitives(call.method, call.url, call.headers, call.body)
        try:
            self.model, self._path_parameters = _router(service).match(self._request)
        except (HTTPException, NotImplementedError) as error:
            raise AwsError(
                "UnknownOperationException", f"{service} has no operation for {call.method} {call.path}.", 404
            ) from error
        self.name: str = self.model.name
        self._parameters: dict[str, Any] | None = None

    @property
    def reads_only(self) -> bool:
        """Whether it leaves everything as it was."""
        return self.name.startswith(("Describe", "Get", "Head", "List", "Search", "Simulate"))

    def parameters(self) -> dict[str, Any]:
        """Parse and check what the call says.

        Raises
        ------
        AwsError
            If something is missing or of the wrong kind.
        """
        if self._parameters is None:
            self._parameters = self._parsed()
        return self._parameters

    def _parsed(self) -> dict[str, Any]:
        request = self._request
        protocol = determine_request_protocol(self.model.service_model, request.content_type)
        try:
            parsed = PROTOCOL_PARSERS[protocol](self.model).parse(
                {
                    "method": request.method, "values": request.values, "headers": request.headers,
                    "body": request.data, "url_path": request.path, "url_params": self._path_parameters,
                }
            )  # fmt: skip
        except Exception as error:  # whatever a parser meets in a malformed body
            raise AwsError("SerializationException", f"The body of {self.name} cannot be read: {error}") from error
        found = {name: value for name, value in parsed.items() if value is not None}
        shape = self.model.input_shape
        report = ParamValidator().validate(found, shape) if shape else None
        if report and report.has_errors():
            code = "BadRequestException" if self.service in ("kafka", "kafkaconnect") else "ValidationException"
            raise AwsError(code, report.generate_report())
        if shape and "patchOperations" in shape.members:
            _check_patches(found.get("patchOperations", ()))
        return found

    def answer(self, result: Mapping[str, Any] | None) -> Answer:
        """Write a result as this operation's answer."""
        written = _serializer(self.model).serialize(result or {})
        return _answer(written, written["status_code"])


def _check_patches(patches: Sequence[Mapping[str, Any]]) -> None:
    """Refuse a change that does not say where or how, which the model takes, and one that copies."""
    for patch in patches:
        if not (patch.get("op") and patch.get("path")):
            raise AwsError("BadRequestException", f"A patch needs an op and a path: {patch!r:.200} lacks one.")
        if patch.get("from") or patch["op"] in ("copy", "move", "test"):
            text = f"The lab's API Gateway patches by add, replace and remove, not by {patch['op']!r} from elsewhere."
            raise AwsError("BadRequestException", f"{text} AWS may.")


def refusal(error: AwsError, service: str | None = None, operation: Operation | None = None) -> Answer:
    """Write a refusal in the form of the service; JSON where it is unknown."""
    if operation is None and service not in MODELS:
        body = json.dumps({"__type": error.code, "message": error.message}).encode()
        return Answer(error.status, {"Content-Type": "application/json", "x-amzn-ErrorType": error.code}, body)
    wanted = operation.model if operation else OperationModel({}, model(str(service)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # codes that every service may answer are in no model
        written = _serializer(wanted).serialize(error)
    return _answer(written, error.status)


def _serializer(operation: OperationModel) -> Any:
    service = operation.service_model
    return get_serializer_class(service.service_name, str(service.protocol))(
        operation, SerializationContext(str(uuid4()))
    )


def _answer(written: Mapping[str, Any], status: int) -> Answer:
    body = written["body"]
    headers = {"x-amzn-RequestId": str(uuid4()), **{name: str(value) for name, value in written["headers"].items()}}
    return Answer(status, headers, body.encode() if isinstance(body, str) else body)
