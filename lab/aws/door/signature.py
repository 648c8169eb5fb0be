"""Signature Version 4: whether a request was signed, lately and unchanged, with a secret that IAM knows.

The canonical form of a request is botocore's own. Source of the rules: AWS Identity and Access Management User Guide,
"AWS Signature Version 4 for API requests".
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from lab.aws.door import signature_words as words
from lab.aws.errors import AwsError
from lab.aws.identity.principals import Key
from lab.aws.protocol import REGION, Call

ALGORITHM = "AWS4-HMAC-SHA256"
TOLERANCE = timedelta(minutes=5)
"""How far the clock of a signed request may be off."""

LONGEST_PRESIGNED = timedelta(days=7)
UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"
SIGNED_CHUNKS = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
SIGNED_CHUNKS_TRAILER = f"{SIGNED_CHUNKS}-TRAILER"
UNSIGNED_CHUNKS_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
STREAMING = (SIGNED_CHUNKS, SIGNED_CHUNKS_TRAILER, UNSIGNED_CHUNKS_TRAILER)
"""What stands in place of the body's digest where S3's clients send it in chunks."""

_HEADER = re.compile(
    rf"{ALGORITHM} +Credential=(?P<credential>[^,\s]+), *SignedHeaders=(?P<headers>[^,\s]+), *"
    r"Signature=(?P<signature>[0-9a-f]{64})"
)
_MOMENT = "%Y%m%dT%H%M%SZ"


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
    at : datetime
        When it was signed.
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
    at: datetime
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
    authorization = call.headers.get("Authorization", "").strip()
    if "AWSAccessKeyId" in query or authorization.startswith("AWS "):
        raise AwsError(
            "InvalidRequest",
            "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256: in boto3, "
            'Config(signature_version="s3v4").',
        )
    if "X-Amz-Signature" in query:
        if authorization:
            raise AwsError("InvalidArgument", "Only one auth mechanism allowed: in the URL or in the headers.")
        parts = {
            "credential": query.get("X-Amz-Credential", ""),
            "headers": query.get("X-Amz-SignedHeaders", ""),
            "signature": query["X-Amz-Signature"],
        }
        at, token = query.get("X-Amz-Date", ""), query.get("X-Amz-Security-Token")
        lasts = _presigned_life(query.get("X-Amz-Expires", ""))
    else:
        if not authorization:
            raise AwsError("MissingAuthenticationToken", "Request is missing Authentication Token", 403)
        found = _HEADER.fullmatch(authorization)
        if not found:
            raise AwsError("IncompleteSignature", f"Authorization header requires {ALGORITHM} with all its parts.", 403)
        parts = found.groupdict()
        at, token = call.headers.get("X-Amz-Date", ""), call.headers.get("X-Amz-Security-Token")
        lasts = None
    scope = parts["credential"].split("/")
    if len(scope) != 5 or scope[4] != "aws4_request":
        raise AwsError("IncompleteSignature", "Credential must be <key>/<date>/<region>/<service>/aws4_request.", 403)
    headers = frozenset(parts["headers"].lower().split(";"))
    return Signature(scope[0], scope[1], scope[2], scope[3], headers, parts["signature"], _moment(at), token, lasts)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.strptime(text, _MOMENT).replace(tzinfo=UTC)
    except ValueError:
        moment = None
    if moment is None or moment_text(moment) != text:  # strptime takes shorter forms as well
        raise AwsError("IncompleteSignature", f"X-Amz-Date must have the form 20261124T120000Z, not {text!r}.", 403)
    return moment


def _presigned_life(seconds: str) -> timedelta:
    if not re.fullmatch(r"[0-9]{1,6}", seconds) or not 0 < int(seconds) <= LONGEST_PRESIGNED.total_seconds():
        raise AwsError("AuthorizationQueryParametersError", f"X-Amz-Expires={seconds!r} must be 1 to 604800 seconds.")
    return timedelta(seconds=int(seconds))


def signer(signature: Signature, keys: Mapping[str, Key]) -> Key:
    """Find the key that a request says it is signed with.

    Raises
    ------
    AwsError
        If nobody has it.
    """
    if signature.key_id not in keys:
        raise words.unknown_key(signature.service)
    return keys[signature.key_id]


def verify(call: Call, signature: Signature, key: Key, now: datetime) -> None:
    """Check a request against the key it claims to be signed with.

    Parameters
    ----------
    call : Call
        The request.
    signature : Signature
        What `read` found in it.
    key : Key
        What IAM knows of the access key id.
    now : datetime
        With a zone.

    Raises
    ------
    AwsError
        If the key is over, the clock is off, or the signature is not this request's.
    """
    service = signature.service
    _check_clock(signature, now)
    if signature.region != REGION:
        why = f"Credential should be scoped to a valid region, not {signature.region!r}: the lab is in {REGION}."
        raise words.mismatch(service, why)
    _check_headers(call, signature)
    try:
        expected = _expected(call, signature, key.secret)
    except UnicodeEncodeError as error:  # bytes that are no text, in the request line or a header
        raise words.mismatch(service, "What is signed must be text in UTF-8.") from error
    if not hmac.compare_digest(expected.encode(), signature.value.encode()):
        raise words.mismatch(service)
    if signature.token != key.token:
        raise words.wrong_token(service)
    if key.expires and now >= key.expires:
        raise words.key_is_over(service)


def _check_clock(signature: Signature, now: datetime) -> None:
    at, service = signature.at, signature.service
    if signature.date != moment_text(at)[:8]:
        raise words.mismatch(service, "Date in Credential scope does not match YYYYMMDD from X-Amz-Date.")
    if at > now + TOLERANCE:
        ours = moment_text(now)
        late = f"Signature not yet current: {moment_text(at)} is still later than {ours}. Is your clock right?"
        raise words.wrong_time(service, late)
    end = at + (signature.lasts or TOLERANCE)
    if now > end and signature.lasts:
        raise AwsError("AccessDenied", "Request has expired", 403)
    if now > end:
        late = f"Signature expired: {moment_text(end)} is now earlier than {moment_text(now)}. Is your clock right?"
        raise words.wrong_time(service, late)


def _check_headers(call: Call, signature: Signature) -> None:
    """Refuse headers with a meaning that somebody may have added on the way."""
    if "host" not in signature.headers:
        raise words.mismatch(signature.service, "'Host' must be a 'SignedHeader' in the AWS Authorization.")
    own = {"x-amz-date", "x-amz-security-token", "x-amz-content-sha256"}  # checked by themselves
    added = {name.lower() for name in call.headers if name.lower().startswith("x-amz-")} - signature.headers - own
    if added:
        code = "AccessDenied" if signature.service == "s3" else "SignatureDoesNotMatch"
        names = ", ".join(sorted(added))
        raise AwsError(code, f"There were headers present in the request which were not signed: {names}.", 403)


def moment_text(moment: datetime) -> str:
    """Write a moment as X-Amz-Date has it."""
    return moment.strftime(_MOMENT)


def _expected(call: Call, signature: Signature, secret: str) -> str:
    """Sign the request as its sender should have signed it."""
    query = "&".join(pair for pair in call.query.split("&") if not pair.startswith("X-Amz-Signature="))
    headers = {name: ",".join(call.headers.getall(name)) for name in signature.headers if name in call.headers}
    "".join(headers.values()).encode()  # botocore would stumble over what is no text
    request = AWSRequest(
        method=call.method,
        url=f"http://{call.headers.get('Host', '')}{call.path}" + (f"?{query}" if query else ""),
        headers=headers,
    )
    request.context["timestamp"] = moment_text(signature.at)
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
    if signature.service == "s3" and stated in STREAMING:
        return stated  # `chunked_body` checks chunk by chunk
    if stated.startswith("STREAMING-"):
        raise AwsError("NotImplemented", f"The lab does not take bodies in chunks of this form ({stated}).", 501)
    if stated != actual:
        raise AwsError(
            "XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header does not match what was computed."
        )
    return stated
