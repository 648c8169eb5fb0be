"""The words in which each service refuses a signature: the codes that clients look at differ from one to the next."""

from dataclasses import dataclass

from lab.aws.errors import AwsError

MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)


@dataclass(frozen=True)
class Words:
    """How one kind of service refuses.

    Attributes
    ----------
    unknown : tuple of str
        Code and message for an access key that nobody has.
    mismatch : str
        Code for a signature that is not the request's.
    late : str
        Code for a signature from another time.
    bad_token : tuple of str
        Code and message for a session token that does not belong to the key.
    over : tuple of str
        Code and message for a temporary key whose time is up.
    unknown_status : int
        HTTP status for an unknown key.
    """

    unknown: tuple[str, str]
    mismatch: str
    late: str
    bad_token: tuple[str, str]
    over: tuple[str, str]
    unknown_status: int = 403


_INVALID = "The security token included in the request is invalid."
_OVER = "The security token included in the request is expired"

_QUERY = Words(
    unknown=("InvalidClientTokenId", _INVALID), mismatch="SignatureDoesNotMatch", late="SignatureDoesNotMatch",
    bad_token=("InvalidClientTokenId", _INVALID), over=("ExpiredToken", _OVER),
)  # fmt: skip
_JSON = Words(
    unknown=("UnrecognizedClientException", _INVALID),
    mismatch="InvalidSignatureException", late="InvalidSignatureException",
    bad_token=("UnrecognizedClientException", _INVALID), over=("ExpiredTokenException", _OVER),
)  # fmt: skip
_EC2_UNKNOWN = ("AuthFailure", "AWS was not able to validate the provided access credentials")
_EC2 = Words(
    unknown=_EC2_UNKNOWN, mismatch="SignatureDoesNotMatch", late="RequestExpired", bad_token=_EC2_UNKNOWN,
    over=("RequestExpired", "Request has expired."), unknown_status=401,
)  # fmt: skip
_S3 = Words(
    unknown=("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records."),
    mismatch="SignatureDoesNotMatch", late="RequestTimeTooSkewed",
    bad_token=("InvalidToken", "The provided token is malformed or otherwise invalid."),
    over=("ExpiredToken", "The provided token has expired."),
)  # fmt: skip

_BY_SERVICE = {"iam": _QUERY, "sts": _QUERY, "ec2": _EC2, "s3": _S3}


def _of(service: str) -> Words:
    return _BY_SERVICE.get(service, _JSON)


def unknown_key(service: str) -> AwsError:
    """Refuse an access key that nobody has."""
    words = _of(service)
    return AwsError(*words.unknown, words.unknown_status)


def mismatch(service: str, why: str = MISMATCH) -> AwsError:
    """Refuse a signature that is not the request's."""
    return AwsError(_of(service).mismatch, why, 403)


def wrong_time(service: str, why: str) -> AwsError:
    """Refuse a signature that is too old, or from the future."""
    return AwsError(_of(service).late, why, 403)


def wrong_token(service: str) -> AwsError:
    """Refuse a session token that does not belong to the key."""
    return AwsError(*_of(service).bad_token, 403)


def key_is_over(service: str) -> AwsError:
    """Refuse a temporary key whose time is up."""
    return AwsError(*_of(service).over, 403)
