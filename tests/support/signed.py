"""Requests signed by botocore, taken apart into what comes over the wire."""

from datetime import UTC, datetime, timedelta
from unittest import mock

from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from multidict import CIMultiDict

from lab.aws.door import signature
from lab.aws.door.signature import Signature
from lab.aws.identity.principals import Key
from lab.aws.protocol import Call

HOST = "127.0.0.1:4566"
NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
KEY = Key("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG", "arn:aws:iam::123456789012:user/a", "arn:…:user/a")


def call(method: str = "GET", target: str = "/", body: bytes = b"", headers: dict[str, str] | None = None) -> Call:
    path, _, query = target.partition("?")
    return Call(method, path, query, CIMultiDict({"Host": HOST} | (headers or {})), body)


def signed(
    service: str,
    unsigned: Call | None = None,
    key: Key = KEY,
    at: datetime = NOW,
    presigned: int | None = None,
    region: str = "us-east-1",
) -> Call:
    """Sign a call as a client of AWS does; `presigned` seconds: in its URL."""
    unsigned = unsigned or call()
    request = AWSRequest(unsigned.method, unsigned.url, dict(unsigned.headers), unsigned.body)
    credentials = Credentials(key.id, key.secret, key.token)
    kinds = {
        (False, False): auth.SigV4Auth, (True, False): auth.S3SigV4Auth,
        (False, True): auth.SigV4QueryAuth, (True, True): auth.S3SigV4QueryAuth,
    }  # fmt: skip
    more = {"expires": presigned} if presigned else {}
    signer = kinds[service == "s3", bool(presigned)](credentials, service, region, **more)
    with mock.patch.object(auth, "get_current_datetime", return_value=at.replace(tzinfo=None)):
        signer.add_auth(request)
    prepared = request.prepare()
    host = unsigned.headers["Host"]
    path, _, query = prepared.url.removeprefix(f"http://{host}").partition("?")
    headers = {"Host": host} | {
        name: value.decode() if isinstance(value, bytes) else value for name, value in prepared.headers.items()
    }
    headers.pop("Content-Length", None)
    return Call(unsigned.method, path, query, CIMultiDict(headers), unsigned.body)


def check(seen: Call, key: Key = KEY, now: datetime = NOW + timedelta(seconds=1)) -> Signature:
    """Do what the edge does with a signature."""
    found = signature.read(seen)
    signature.verify(seen, found, signature.signer(found, {key.id: key}), now)
    return found
