"""Content types, and the two forms in which keys and values travel: as JSON, or as base64 of any bytes."""

import base64
import binascii
import json
from collections.abc import Iterator

from lab.rest_proxy.errors import Problem

V2 = "application/vnd.kafka.v2+json"
PLAIN = (V2, "application/vnd.kafka+json", "application/json")
"""Content types that say nothing about the form of keys and values."""

EMBEDDED = {f"application/vnd.kafka.{form}.v2+json": form for form in ("json", "binary")}
"""Content types that do."""

SCHEMAS = tuple(f"application/vnd.kafka.{form}.v2+json" for form in ("avro", "jsonschema", "protobuf"))
"""Content types that need a Schema Registry."""


def content_type(form: str) -> str:
    """Give the content type of a form, "json" or "binary"."""
    return f"application/vnd.kafka.{form}.v2+json"


def form_of_request(header: str | None) -> str:
    """Tell the form of keys and values in a request to produce, from its Content-Type.

    Raises
    ------
    Problem
        415 if it is not one of the proxy's types, 422 if it needs a Schema Registry.
    """
    kind = _kind(header)
    if kind in SCHEMAS:
        raise Problem(422, f"{kind} needs a Schema Registry, and there is none: use {content_type('json')}.")
    if kind in EMBEDDED:
        return EMBEDDED[kind]
    if kind in PLAIN or kind == "application/octet-stream":
        return "binary"
    raise unsupported(header)


def check_request(header: str | None) -> None:
    """Refuse a request with a body whose Content-Type is not one of the proxy's.

    Raises
    ------
    Problem
        415.
    """
    if _kind(header) not in (*PLAIN, *EMBEDDED, *SCHEMAS):
        raise unsupported(header)


def unsupported(header: str | None) -> Problem:
    """Say which content types a request may have."""
    given = f"not {header[:100]!r}" if header else "and the request has none"
    return Problem(
        415, f"HTTP 415 Unsupported Media Type. The Content-Type must be {content_type('json')} or {V2}, {given}."
    )


def _kind(header: str | None) -> str:
    return (header or "").partition(";")[0].strip().lower()


def accepted(header: str | None) -> Iterator[str]:
    """List the types of an Accept header, the most wanted first; without a header, ``*/*``."""
    wishes = []
    for part in (header or "*/*").split(","):
        kind, _, parameters = part.partition(";")
        weight = 1.0
        for parameter in parameters.split(";"):
            name, _, value = parameter.partition("=")
            if name.strip().lower() == "q":
                weight = _weight(value)
        if weight > 0:
            wishes.append((-weight, kind.strip().lower()))
    return (kind for _, kind in sorted(wishes, key=lambda wish: wish[0]))


def _weight(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 0.0


def type_of_answer(header: str | None) -> str:
    """Choose the content type of an answer that holds no keys or values.

    Raises
    ------
    Problem
        406 if the client wants none that the proxy has.
    """
    for kind in accepted(header):
        if kind in ("*/*", "application/*", *EMBEDDED, *SCHEMAS):
            return V2
        if kind in PLAIN:
            return kind
    raise not_acceptable(header)


def type_of_records(header: str | None, form: str) -> str:
    """Choose the content type of an answer that holds records in a consumer's form.

    Raises
    ------
    Problem
        40601 if the client wants another form, 406 if it wants something else altogether.
    """
    kinds = tuple(accepted(header))
    own = content_type(form)
    if any(kind in (own, "*/*", "application/*", *PLAIN) for kind in kinds):
        return own
    if any(kind in (*EMBEDDED, *SCHEMAS) for kind in kinds):
        raise Problem(
            40601,
            "The requested embedded data format does not match the deserializer for this consumer instance: "
            f"it was created with the format {form!r}, so ask with Accept: {own}.",
        )
    raise not_acceptable(header)


def not_acceptable(header: str | None) -> Problem:
    """Say which content types an answer can have."""
    return Problem(406, f"HTTP 406 Not Acceptable. The proxy answers with {V2}, which {header!r:.100} leaves out.")


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


_decode = json.JSONDecoder(parse_constant=_refuse_constant).decode
_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


def parse(text: bytes) -> object:
    """Read strict JSON.

    Raises
    ------
    ValueError
        If it is not JSON, or nested so deeply that nobody can have meant it.
    """
    try:
        return _decode(text.decode(json.detect_encoding(text)))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def render(value: object) -> bytes:
    """Write JSON without blanks, in UTF-8.

    Raises
    ------
    ValueError
        If the value holds half of a surrogate pair, or a number that JSON cannot write.
    """
    return _encode(value).encode()


def to_bytes(value: object, form: str) -> bytes | None:
    """Turn a key or a value of a request into what is stored; null stays nothing.

    Raises
    ------
    ValueError
        If it does not fit the form.
    """
    if value is None:
        return None
    if form == "json":
        return render(value)
    if not isinstance(value, str):
        raise ValueError(
            f"in the binary format it must be base64 in quotation marks; for JSON use {content_type('json')}"
        )
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error as error:
        raise ValueError(f"it is not base64 ({error}); for JSON use {content_type('json')}") from None


def from_bytes(stored: bytes | None, form: str) -> object:
    """Turn a stored key or value into what a client gets.

    Raises
    ------
    ValueError
        If it is not JSON, and the form is "json".
    """
    if stored is None:
        return None
    return parse(stored) if form == "json" else base64.b64encode(stored).decode()
