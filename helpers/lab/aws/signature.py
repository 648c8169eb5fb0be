"""Signature Version 4: whether a request was signed, lately and unchanged, with a secret that IAM knows.

The canonical form of a request is botocore's own. Source of the rules: AWS Identity and Access Management User Guide,
"AWS Signature Version 4 for API requests".
"""

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from helpers.lab.aws.directory import Key
from helpers.lab.aws.errors import AwsError
from helpers.lab.aws.protocol import Call

ALGORITHM = "AWS4-HMAC-SHA256"
TOLERANCE = timedelta(minutes=5)
"""How far the clock of a signed request may be off."""

LONGEST_PRESIGNED = timedelta(days=7)
UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"

_HEADER = re.compile(
    rf"{ALGORITHM} +Credential=(?P<credential>[^,\s]+), *SignedHeaders=(?P<headers>[^,\s]+), *"
    r"Signature=(?P<signature>\w+)"
)
_WRONG = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)
_UNKNOWN_KEY = {
    "ec2": ("AuthFailure", "AWS was not able to validate the provided access credentials", 401),
    "s3": ("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.", 403),
    "iam": ("InvalidClientTokenId", "The security token included in the request is invalid.", 403),
    "sts": ("InvalidClientTokenId", "The security token included in the request is invalid.", 403),
}
"""The words differ from service to service."""


@dataclass(frozen=True)
class Signature:
    """What a signed request says of its signature.

    Attributes
    ----------
    key_id : str
        Access key id.
    date, region, service : str
        The scope for which the signing key was made.
    headers : frozenset of str
        Names of the signed headers, in small letters.
    value : str
        The signature, in hex.
    at : str
        When it was signed, as ``20261124T120000Z``.
    token : str or None
        Session token that came along.
    lasts : timedelta or None
        How long a presigned URL is good for; None for a signature in the headers.
    """

    key_id: str
    date: str
    region: str
    service: str
    headers: frozenset[str]
    value: str
    at: str
    token: str | None
    lasts: timedelta | None


def read(call: Call) -> Signature:
    """Find the signature of a request, in its headers or in its URL.

    Raises
    ------
    AwsError
        If there is none, or it is malformed.
    """
    query = dict(parse_qsl(call.query, keep_blank_values=True))
    if "X-Amz-Signature" in query:
        parts = {
            "credential": query.get("X-Amz-Credential", ""),
            "headers": query.get("X-Amz-SignedHeaders", ""),
            "signature": query["X-Amz-Signature"],
        }
        at, token = query.get("X-Amz-Date", ""), query.get("X-Amz-Security-Token")
        lasts = _presigned_life(query.get("X-Amz-Expires", ""))
    else:
        authorization = call.headers.get("Authorization", "")
        if not authorization:
            raise AwsError("MissingAuthenticationToken", "Request is missing Authentication Token", 403)
        found = _HEADER.fullmatch(authorization.strip())
        if not found:
            raise AwsError("IncompleteSignature", f"Authorization header requires {ALGORITHM} with all its parts.", 403)
        parts = found.groupdict()
        at, token = call.headers.get("X-Amz-Date", ""), call.headers.get("X-Amz-Security-Token")
        lasts = None
    scope = parts["credential"].split("/")
    if len(scope) != 5 or scope[4] != "aws4_request" or not re.fullmatch(r"\d{8}T\d{6}Z", at):
        raise AwsError("IncompleteSignature", "Credential must have 5 parts, and X-Amz-Date the form …T…Z.", 403)
    headers = frozenset(parts["headers"].lower().split(";"))
    return Signature(scope[0], scope[1], scope[2], scope[3], headers, parts["signature"], at, token, lasts)


def _presigned_life(seconds: str) -> timedelta:
    if not seconds.isdecimal() or not 0 < int(seconds) <= LONGEST_PRESIGNED.total_seconds():
        raise AwsError("AuthorizationQueryParametersError", f"X-Amz-Expires={seconds!r} must be 1 to 604800 seconds.")
    return timedelta(seconds=int(seconds))


def verify(call: Call, signature: Signature, key: Key | None, now: datetime) -> Key:
    """Check a request against the key it claims to be signed with.

    Parameters
    ----------
    call : Call
        The request.
    signature : Signature
        What `read` found in it.
    key : Key or None
        What IAM knows of the access key id.
    now : datetime
        With a zone.

    Returns
    -------
    Key
        The key.

    Raises
    ------
    AwsError
        If the key is unknown or over, the clock is off, or the signature is not this request's.
    """
    if key is None:
        unknown = ("UnrecognizedClientException", "The security token included in the request is invalid.", 403)
        raise AwsError(*_UNKNOWN_KEY.get(signature.service, unknown))
    _check_clock(signature, now)
    if not hmac.compare_digest(_expected(call, signature, key.secret), signature.value):
        raise AwsError("SignatureDoesNotMatch", _WRONG, 403)
    if signature.token != key.token:
        unknown = ("UnrecognizedClientException", "The security token included in the request is invalid.", 403)
        raise AwsError(*_UNKNOWN_KEY.get(signature.service, unknown))
    if key.expires and now >= key.expires:
        code = "ExpiredTokenException" if signature.service not in _UNKNOWN_KEY else "ExpiredToken"
        raise AwsError(code, "The security token included in the request is expired", 403)
    return key


def _check_clock(signature: Signature, now: datetime) -> None:
    at = datetime.strptime(signature.at, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    end = at + (signature.lasts or TOLERANCE)
    fault = None
    if signature.date != signature.at[:8]:
        fault = "Date in Credential scope does not match YYYYMMDD from X-Amz-Date."
    elif at > now + TOLERANCE:
        fault = f"Signature not yet current: {_spoken(at)} is still later than {_spoken(now)}."
    elif now > end and signature.lasts:
        raise AwsError("AccessDenied", "Request has expired", 403)
    elif now > end:
        fault = f"Signature expired: {_spoken(end)} is now earlier than {_spoken(now)}."
    if fault:
        raise AwsError("SignatureDoesNotMatch", fault, 403)


def _spoken(moment: datetime) -> str:
    return moment.strftime("%Y%m%dT%H%M%SZ")


def _expected(call: Call, signature: Signature, secret: str) -> str:
    """Sign the request as its sender should have signed it."""
    if "host" not in signature.headers:
        raise AwsError("SignatureDoesNotMatch", "'Host' must be a 'SignedHeader' in the AWS Authorization.", 403)
    query = "&".join(pair for pair in call.query.split("&") if not pair.startswith("X-Amz-Signature="))
    request = AWSRequest(
        method=call.method,
        url=f"http://{call.headers.get('Host', '')}{call.path}" + (f"?{query}" if query else ""),
        headers={name: ",".join(call.headers.getall(name)) for name in signature.headers if name in call.headers},
    )
    request.context["timestamp"] = signature.at
    signer = _Recalculation(secret, signature, _payload_digest(call, signature))
    return signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)


class _Recalculation(SigV4Auth):
    """Botocore's signer, kept to the headers that were signed and the digest that was stated."""

    def __init__(self, secret: str, signature: Signature, digest: str):
        super().__init__(Credentials(signature.key_id, secret), signature.service, signature.region)
        self._digest = digest

    def headers_to_sign(self, request):
        return request.headers

    def payload(self, request):
        return self._digest

    def _normalize_url_path(self, path):
        return path if self._service_name == "s3" else super()._normalize_url_path(path)


def _payload_digest(call: Call, signature: Signature) -> str:
    """Tell the digest of the body that goes into the signature; a stated one must be the body's."""
    actual = hashlib.sha256(call.body).hexdigest()
    stated = call.headers.get("X-Amz-Content-SHA256", actual)
    if signature.service == "s3" and (signature.lasts or stated == UNSIGNED_PAYLOAD):
        return UNSIGNED_PAYLOAD
    if stated.startswith("STREAMING-"):
        raise AwsError("NotImplemented", f"The lab does not take bodies signed chunk by chunk ({stated}).", 501)
    if stated != actual:
        raise AwsError(
            "XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header does not match what was computed."
        )
    return stated
