"""Bodies that a client of S3 sends in signed or plain chunks: each checked, and put together to the object they are.

Sources: Amazon S3 API Reference, "Signature calculations for the authorization header: transferring a payload in
multiple chunks" and "Including trailing headers".
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import replace

from multidict import CIMultiDict

from lab.aws.door import signature_words as words
from lab.aws.door.signature import SIGNED_CHUNKS_TRAILER, STREAMING, UNSIGNED_CHUNKS_TRAILER, Signature, moment_text
from lab.aws.errors import AwsError
from lab.aws.protocol import Call

_CHUNK = re.compile(rb"([0-9a-fA-F]{1,8})(?:;chunk-signature=([0-9a-f]{64}))?\r\n")
_OF_CHUNKS = ("X-Amz-Trailer", "X-Amz-Decoded-Content-Length")
_EMPTY = hashlib.sha256(b"").hexdigest()


def put_together(call: Call, signature: Signature, secret: str) -> Call:
    """Put the chunks of a body together; a checksum that follows them becomes the header that it stands for.

    Parameters
    ----------
    call : Call
        Its own signature has been verified.
    signature : Signature
        The request's, with which that of the first chunk begins.
    secret : str
        The secret of its key.

    Raises
    ------
    AwsError
        If a chunk is not as it was signed, or something is missing.
    """
    form = call.headers.get("X-Amz-Content-SHA256", "")
    if form not in STREAMING:
        return call
    chain = None if form == UNSIGNED_CHUNKS_TRAILER else _Chain(signature, secret)
    pieces, end = _chunks(call.body, chain)
    trailers = _trailers(call.body[end:], chain if form == SIGNED_CHUNKS_TRAILER else None)
    body = b"".join(pieces)
    stated = call.headers.get("X-Amz-Decoded-Content-Length", "")
    if stated != str(len(body)):
        raise _broken(f"x-amz-decoded-content-length says {stated or 'nothing'}, and {len(body)} bytes came")
    announced = {name.strip().lower() for name in call.headers.get("X-Amz-Trailer", "").split(",") if name.strip()}
    if announced != trailers.keys():
        raise AwsError("MalformedTrailerError", f"x-amz-trailer announces {announced}, and {set(trailers)} came.")
    return replace(call, body=body, headers=_without_chunks(call.headers, trailers))


class _Chain:
    """Every chunk's signature covers the one before it."""

    def __init__(self, signature: Signature, secret: str):
        key = f"AWS4{secret}".encode()
        for part in (signature.date, signature.region, signature.service, "aws4_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        self._key, self._last, self._service = key, signature.value, signature.service
        scope = f"{signature.date}/{signature.region}/{signature.service}/aws4_request"
        self._head = f"{moment_text(signature.at)}\n{scope}"

    def check_chunk(self, data: bytes, stated: bytes | None) -> None:
        self._check("PAYLOAD", [_EMPTY, hashlib.sha256(data).hexdigest()], stated)

    def check_trailers(self, lines: bytes, stated: bytes | None) -> None:
        self._check("TRAILER", [hashlib.sha256(lines).hexdigest()], stated)

    def _check(self, kind: str, digests: list[str], stated: bytes | None) -> None:
        text = "\n".join([f"AWS4-HMAC-SHA256-{kind}", self._head, self._last, *digests])
        expected = hmac.digest(self._key, text.encode(), "sha256").hex()
        if not hmac.compare_digest(expected.encode(), stated or b""):
            raise words.mismatch(self._service)
        self._last = expected


def _chunks(body: bytes, chain: _Chain | None) -> tuple[list[bytes], int]:
    """Return what the chunks hold, and where the last, which is empty, ends."""
    pieces, position = [], 0
    while True:
        found = _CHUNK.match(body, position)
        if not found:
            raise _broken(f"no chunk begins at byte {position}")
        begin, size = found.end(), int(found[1], 16)
        data, position = body[begin : begin + size], begin + size
        if len(data) < size or (size and body[position : position + 2] != b"\r\n"):
            raise _broken(f"the chunk at byte {begin} does not have the {size} bytes that it states")
        if chain:
            chain.check_chunk(data, found[2])
        if not size:
            return pieces, begin
        pieces.append(data)
        position += 2


def _trailers(rest: bytes, chain: _Chain | None) -> dict[str, str]:
    """Read the headers behind the last chunk."""
    lines = [line for line in rest.replace(b"\r\n", b"\n").split(b"\n") if line]
    try:
        pairs = [
            (name.strip().lower(), value.strip()) for name, _, value in (line.decode().partition(":") for line in lines)
        ]
    except UnicodeDecodeError as error:
        raise _broken("its trailing headers are not text in UTF-8") from error
    trailers = dict(pairs)
    stated = trailers.pop("x-amz-trailer-signature", "")
    if chain:
        signed = "".join(f"{name}:{value}\n" for name, value in trailers.items())
        chain.check_trailers(signed.encode(), stated.encode())
    return trailers


def _without_chunks(headers: Mapping[str, str], trailers: Mapping[str, str]) -> CIMultiDict[str]:
    result = CIMultiDict(headers)
    for name in _OF_CHUNKS:
        result.pop(name, None)
    encodings = [one.strip() for one in result.pop("Content-Encoding", "").split(",")]
    if kept := ", ".join(one for one in encodings if one and one != "aws-chunked"):
        result["Content-Encoding"] = kept
    result.update(trailers)
    return result


def _broken(what: str) -> AwsError:
    return AwsError("IncompleteBody", f"The body is not in chunks as aws-chunked has them: {what}.")
