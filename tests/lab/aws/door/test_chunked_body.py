"""Bodies in chunks, as S3's clients send them: put together if every chunk is as it was signed, else refused."""

import hashlib
import hmac
import zlib
from base64 import b64encode

import pytest
from signed import KEY, call, signed

from lab.aws.door import chunked_body, signature
from lab.aws.errors import AwsError

DATA = b"0123456789" * 1000
CRC = b64encode(zlib.crc32(DATA).to_bytes(4, "big")).decode()
EMPTY = hashlib.sha256(b"").hexdigest()
SCOPE = "20261124/us-east-1/s3/aws4_request"


def head(form, trailer=None, length=10_000):
    headers = {"X-Amz-Decoded-Content-Length": str(length), "Content-Encoding": "gzip,aws-chunked"}
    seen = signed("s3", call("PUT", "/b/k", b"", headers | ({"X-Amz-Trailer": trailer} if trailer else {})))
    seen.headers["X-Amz-Content-SHA256"] = form  # botocore's signer puts the digest of the body there
    return seen


def signer(last):
    """Sign chunk after chunk, as AWS documents it."""
    key = b"AWS4" + KEY.secret.encode()
    for part in SCOPE.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")

    def sign(kind, *digests):
        nonlocal last
        text = "\n".join([f"AWS4-HMAC-SHA256-{kind}", "20261124T120000Z", SCOPE, last, *digests])
        last = hmac.digest(key, text.encode(), "sha256").hex()
        return last

    return sign


def in_chunks(sign=None, trailer=None, size=4096):
    body = b""
    for chunk in [*(DATA[at : at + size] for at in range(0, len(DATA), size)), b""]:
        with_signature = sign and sign("PAYLOAD", EMPTY, hashlib.sha256(chunk).hexdigest())
        more = f";chunk-signature={with_signature}" if with_signature else ""
        body += f"{len(chunk):x}{more}\r\n".encode() + chunk + (b"\r\n" if chunk else b"")
    if trailer:
        line = f"x-amz-checksum-crc32:{trailer}"
        body += f"{line}\r\n".encode()
        if sign:
            digest = hashlib.sha256(f"{line}\n".encode()).hexdigest()
            body += f"x-amz-trailer-signature:{sign('TRAILER', digest)}\r\n".encode()
    return body + b"\r\n"


def put_together(seen, body):
    seen = type(seen)(seen.method, seen.path, seen.query, seen.headers, body)
    return chunked_body.put_together(seen, signature.read(seen), KEY.secret)


@pytest.fixture(params=["signed", "signed with trailer", "trailer alone"])
def sent(request):
    """A head, and its body in chunks."""
    form = {
        "signed": signature.SIGNED_CHUNKS, "signed with trailer": signature.SIGNED_CHUNKS_TRAILER,
        "trailer alone": signature.UNSIGNED_CHUNKS_TRAILER,
    }[request.param]  # fmt: skip
    trailer = None if request.param == "signed" else "x-amz-checksum-crc32"
    seen = head(form, trailer)
    sign = None if request.param == "trailer alone" else signer(signature.read(seen).value)
    return seen, in_chunks(sign, trailer and CRC)


def test_chunks_become_one_body(sent):
    found = put_together(*sent)
    assert found.body == DATA
    assert found.headers["Content-Encoding"] == "gzip"
    assert not {"X-Amz-Trailer", "X-Amz-Decoded-Content-Length"} & set(found.headers)
    if "X-Amz-Trailer" in sent[0].headers:
        assert found.headers["x-amz-checksum-crc32"] == CRC


@pytest.mark.parametrize("cut", [0, 1, 3, 100, 4200, -1000, -300])
def test_a_body_that_breaks_off_is_refused(sent, cut):
    seen, body = sent
    with pytest.raises(AwsError) as error:
        put_together(seen, body[:cut])
    assert error.value.code in ("IncompleteBody", "SignatureDoesNotMatch", "MalformedTrailerError")


def test_a_changed_chunk_is_refused_where_chunks_are_signed(sent):
    seen, body = sent
    changed = body.replace(b"0123456789012", b"9123456789012", 1)
    if seen.headers["X-Amz-Content-SHA256"] == signature.UNSIGNED_CHUNKS_TRAILER:
        assert put_together(seen, changed).headers["x-amz-checksum-crc32"] == CRC, "which S3Proxy compares"
    else:
        with pytest.raises(AwsError, match="signature"):
            put_together(seen, changed)


def test_another_length_than_stated_is_refused():
    with pytest.raises(AwsError, match="says 5, and 10000 bytes came"):
        put_together(head(signature.UNSIGNED_CHUNKS_TRAILER, "x-amz-checksum-crc32", 5), in_chunks(trailer=CRC))


def test_a_trailer_that_was_not_announced_is_refused():
    with pytest.raises(AwsError) as error:
        put_together(head(signature.UNSIGNED_CHUNKS_TRAILER), in_chunks(trailer=CRC))
    assert error.value.code == "MalformedTrailerError"
