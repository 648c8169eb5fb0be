"""What a mount's source says: which bucket and folder, with which keys."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from lab.workspace import addresses
from lab.workspace.errors import WorkspaceError

_S3 = re.compile(
    r"s3[an]?://((?P<key>[^:@/]+):(?P<secret>[^@/]+)@)?(?P<bucket>[a-z0-9][a-z0-9.-]+)(?P<folder>/[^?#]*)?"
)
_KEYS = {"access.key": "key", "awsAccessKeyId": "key", "secret.key": "secret", "awsSecretAccessKey": "secret"}
_SETTING = re.compile(r"(spark\.hadoop\.)?fs\.s3[an]?\.(bucket\.[^.]+\.)?(?P<name>.+)")


@dataclass(frozen=True)
class MountSource:
    """Where a mount leads.

    Attributes
    ----------
    bucket, folder : str
        The bucket, and the folder in it, which begins with a slash.
    key, secret : str or None
        Keys for it; None for the cluster's own.
    """

    bucket: str
    folder: str
    key: str | None = field(default=None, repr=False)
    secret: str | None = field(default=None, repr=False)

    @property
    def target(self) -> str:
        """The address that Hadoop reads."""
        return f"s3a://{self.bucket}{self.folder}"

    @property
    def shown(self) -> str:
        """The source as `mounts()` shows it: without keys."""
        return self.target.rstrip("/")


def parse(source: str, settings: Mapping[str, str]) -> MountSource:
    """Read a source as `dbutils.fs.mount` takes it.

    Parameters
    ----------
    source : str
        ``s3n://KEY:SECRET@bucket/folder``, keys optional and the secret URL-quoted; ``s3a`` and ``s3`` are the same.
    settings : mapping of str to str
        ``extra_configs``: may hold the keys instead.

    Raises
    ------
    WorkspaceError
        If it is no bucket, or a secret was not quoted.
    """
    found = _S3.fullmatch(source)
    if not found:
        raise WorkspaceError("INVALID_PARAMETER_VALUE", _why_not(source))
    keys = {"key": found["key"] and unquote(found["key"]), "secret": found["secret"] and unquote(found["secret"])}
    for name, value in settings.items():
        setting = _SETTING.fullmatch(name)
        if setting is None or setting["name"] not in _KEYS:
            raise WorkspaceError(
                "INVALID_PARAMETER_VALUE",
                f"extra_configs: the workspace of the lab knows keys only, fs.s3a.access.key and fs.s3a.secret.key, "
                f"not {name!r}.",
            )
        keys[_KEYS[setting["name"]]] = value
    return MountSource(found["bucket"], addresses.normal(found["folder"] or "/"), **keys)


def _why_not(source: str) -> str:
    scheme, _, rest = source.partition("://")
    if not scheme.startswith("s3") or not rest:
        return f"java.lang.IllegalArgumentException: Unsupported source {_without_keys(source)!r}: use s3a://bucket."
    if rest.count("@") == 1 and "/" in rest.split("@")[0]:
        return (
            "java.net.URISyntaxException: the secret holds a slash, which ends the name of a host. Quote it first: "
            'urllib.parse.quote(SECRET_KEY, "").'
        )
    return f"java.lang.IllegalArgumentException: {_without_keys(source)!r} does not name a bucket: use s3a://bucket."


def _without_keys(source: str) -> str:
    return re.sub(r"//.*@", "//…@", source)
