"""A request in the plainest form that its service knows: what is authorised here is, word for word, what moto hears.

A request may say two things, one action in the URL and another in the body, say, and two programs may each believe
another. Moto looks for an action in the URL, in a form, in JSON that looks like a form, and in headers; it takes an
account from a header, and a region from the name of the client. None of that reaches it from here.
"""

import json
from collections import Counter
from operator import itemgetter
from urllib.parse import parse_qsl, urlencode

from multidict import CIMultiDict

from lab.aws.door.signature import Signature
from lab.aws.errors import AwsError
from lab.aws.protocol import Call, model

FORM = "application/x-www-form-urlencoded"

MOST_FIELDS = 5000
"""Of one form; the longest calls of the workbook have some dozens."""


def plain(call: Call, signature: Signature) -> Call:
    """Put a request into the plainest form that says the same.

    Parameters
    ----------
    call : Call
        As it came.
    signature : Signature
        Tells who calls which service.

    Raises
    ------
    AwsError
        If it says something twice, or cannot be read.
    """
    service = signature.service
    scope = f"{signature.key_id}/{signature.date}/{signature.region}/{service}/aws4_request"
    headers = CIMultiDict(
        {
            "Host": call.headers["Host"],
            "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=checked",
        }
    )
    match str(model(service).protocol):
        case "query" | "ec2":
            headers["Content-Type"] = f"{FORM}; charset=utf-8"
            return Call("POST", _root(call, service), "", headers, _form(call, service))
        case "json":
            _check_no_cbor(call, service)
            headers["Content-Type"] = "application/x-amz-json-1.1"
            headers["X-Amz-Target"] = call.headers.get("X-Amz-Target", "")
            return Call("POST", _root(call, service), "", headers, plain_json(call.body))
        case "rest-json":
            headers["Content-Type"] = "application/json"
            return Call(call.method, call.path, _query(call), headers, plain_json(call.body) if call.body else b"")
        case _:
            return call  # S3: it does not go to moto


def _check_no_cbor(call: Call, service: str) -> None:
    if "cbor" in call.headers.get("Content-Type", ""):
        raise AwsError(
            "SerializationException",
            f"The lab's {service} does not speak CBOR, the default of AWS's SDK for Java; AWS does. Set the "
            "environment variable AWS_CBOR_DISABLE=1 where your program runs (or, in Java, -Daws.cborEnabled=false for "
            "version 2, -Dcom.amazonaws.sdk.disableCbor=true for version 1), and it speaks JSON.",
        )


def _root(call: Call, service: str) -> str:
    if call.path != "/":  # moto has pages of its own at other paths
        raise AwsError("UnknownOperationException", f"{service} answers at /, not at {call.path}.", 404)
    return call.path


def _form(call: Call, service: str) -> bytes:
    if call.body and not call.headers.get("Content-Type", "").startswith(FORM):
        raise AwsError("MalformedQueryString", f"{service} takes a body as {FORM} only.")
    pairs = [*_unsigned(_pairs(call.query)), *_pairs(_text(call.body))]
    name, times = max(Counter(name for name, _ in pairs).items(), key=itemgetter(1), default=("", 1))
    if times > 1:
        raise AwsError("MalformedQueryString", f"The parameter {name!r} is given {times} times.")
    return urlencode(pairs).encode()


def _query(call: Call) -> str:
    pairs = _unsigned(_pairs(call.query))
    if any(name == "Action" for name, _ in pairs):
        raise AwsError("MalformedQueryString", "The parameter 'Action' means nothing here.")
    return urlencode(pairs)


def _unsigned(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in pairs if not name.startswith("X-Amz-")]


def _pairs(text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError as error:
        raise AwsError("MalformedQueryString", f"The parameters cannot be read: {error}.") from error


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise AwsError("MalformedQueryString", "The body is not text in UTF-8.") from error


def plain_json(body: bytes) -> bytes:
    """Put the JSON of a body into its plainest form.

    Raises
    ------
    AwsError
        If it is no JSON object.
    """
    try:
        content = json.loads(body)
        text = json.dumps(content)
    except (ValueError, RecursionError) as error:
        raise AwsError("SerializationException", f"The body is not valid JSON: {error}.") from error
    if not isinstance(content, dict):
        raise AwsError("SerializationException", "The body is not a JSON object.")
    return text.replace("&", r"\u0026").encode()  # moto would look for a form in it
