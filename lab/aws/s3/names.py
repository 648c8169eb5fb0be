"""Names of buckets and objects: those that AWS refuses, and those under which S3Proxy would take one for another."""

import re
from urllib.parse import unquote

from lab.aws.errors import AwsError

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")
_PREFIXES = ("xn--", "sthree-", "amzn-s3-demo-")
_SUFFIXES = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")


def check_new_bucket(name: str) -> None:
    """Refuse a name that no bucket can have (Amazon S3 User Guide, "General purpose bucket naming rules").

    Raises
    ------
    AwsError
        ``InvalidBucketName``, with the rules.
    """
    well_formed = _BUCKET.fullmatch(name) and ".." not in name and not _ADDRESS.fullmatch(name)
    if not well_formed or name.startswith(_PREFIXES) or name.endswith(_SUFFIXES):
        raise AwsError(
            "InvalidBucketName",
            f"The specified bucket is not valid: {name!r}. A name has 3 to 63 small letters, digits, dots and hyphens, "
            "begins and ends with a letter or digit, is no IP address, and has none of the prefixes and suffixes that "
            "S3 reserves.",
        )


def check_object(path: str) -> None:
    """Refuse names that S3Proxy, where an object is a file, would take for another's: policies are about names.

    Raises
    ------
    AwsError
        ``InvalidURI``, with the name.
    """
    folders = unquote(path.removeprefix("/")).split("/")
    if {".", ".."} & set(folders) or "" in folders[:-1] or re.search("[;#]", path):
        name = "/".join(folders)
        raise AwsError("InvalidURI", f"The lab's S3 keeps objects as files and takes no name like {name!r}.")
