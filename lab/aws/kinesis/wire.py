"""The bodies of the Kinesis API: JSON in which data is base64 text."""

import base64
import binascii
import json
from typing import Any

from lab.aws.kinesis.errors import Refusal
from lab.aws.kinesis.service import Kinesis

CONTENT_TYPE = "application/x-amz-json-1.1"


def answer(kinesis: Kinesis, target: str, body: bytes) -> tuple[int, bytes]:
    """Answer one request.

    Parameters
    ----------
    kinesis : Kinesis
        The streams.
    target : str
        The header ``X-Amz-Target``: ``Kinesis_20131202.`` and the operation.
    body : bytes
        The request's body.

    Returns
    -------
    tuple of int and bytes
        HTTP status and body.
    """
    try:
        done = kinesis.answer(target.rpartition(".")[2], _decoded(_parsed(body)))
    except Refusal as refusal:
        return refused(refusal)
    except KeyError as missing:
        text = f"1 validation error detected: Value null at '{missing.args[0]}' failed to satisfy constraint: Member "
        return 400, json.dumps({"__type": "ValidationException", "message": f"{text}must not be null"}).encode()
    return 200, json.dumps(_encoded(done)).encode() if done else b""


def refused(refusal: Refusal) -> tuple[int, bytes]:
    """Write a refusal: HTTP status and body."""
    return refusal.status, json.dumps({"__type": refusal.code, "message": refusal.message}).encode()


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        request = json.loads(body or b"{}")
    except ValueError:
        request = None
    if not isinstance(request, dict):
        raise Refusal("SerializationException", "The request is not a JSON object.")
    return request


def _decoded(request: dict[str, Any]) -> dict[str, Any]:
    """Turn `Data` of the request and of its records into bytes."""
    decoded = dict(request)
    if "Data" in decoded:
        try:
            decoded["Data"] = base64.b64decode(decoded["Data"], validate=True)
        except (binascii.Error, TypeError, ValueError):
            raise Refusal("SerializationException", "Data can not be converted to a Blob: it is not base64.") from None
    if isinstance(decoded.get("Records"), list):
        decoded["Records"] = [_decoded(record) for record in decoded["Records"]]
    return decoded


def _encoded(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, dict):
        return {key: _encoded(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_encoded(inner) for inner in value]
    return value
