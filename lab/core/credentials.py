"""Random secrets of one lab, made at its first start and kept in a file that only the owner can read."""

import base64
import hashlib
import hmac
import json
import secrets
import string
from dataclasses import asdict, dataclass
from pathlib import Path

from lab.core.files import write_private
from lab.core.layout import LabError

_ACCESS_KEY_ALPHABET = string.ascii_uppercase + "234567"


@dataclass(frozen=True)
class Credentials:
    """The lab's secrets, in the forms AWS gives them.

    Attributes
    ----------
    access_key_id : str
        20 characters that begin with AKIA, as AWS's long-term keys do.
    secret_access_key : str
        40 characters; may hold ``/`` and ``+``.
    cluster_token : str
        Bearer token of the Spark cluster.
    supervisor_password : str
        Guards the supervisor's control port.
    """

    access_key_id: str
    secret_access_key: str
    cluster_token: str
    supervisor_password: str

    @property
    def inner_key(self) -> tuple[str, str]:
        """Access key id and secret for S3 itself, behind the door: for the lab's own parts, and in no notebook."""
        digest = hmac.new(self.supervisor_password.encode(), b"S3", hashlib.sha512).digest()
        return "LAB" + base64.b32encode(digest[:10]).decode(), base64.b64encode(digest[-30:]).decode()

    def __repr__(self) -> str:
        """Keep secrets out of logs and tracebacks."""
        return f"Credentials(access_key_id={self.access_key_id!r}, …)"


def new_credentials() -> Credentials:
    """Draw a fresh set."""
    return Credentials(
        access_key_id="AKIA" + "".join(secrets.choice(_ACCESS_KEY_ALPHABET) for _ in range(16)),
        secret_access_key=base64.b64encode(secrets.token_bytes(30)).decode(),
        cluster_token=secrets.token_hex(16),
        supervisor_password=secrets.token_hex(16),
    )


def load_or_create(file: Path) -> Credentials:
    """Read the lab's credentials; at the first start, make them.

    Raises
    ------
    LabError
        If the file is there but cannot be understood.
    """
    if not file.exists():
        credentials = new_credentials()
        write_private(file, json.dumps(asdict(credentials), indent=1))
        return credentials
    try:
        return Credentials(**json.loads(file.read_text()))
    except (ValueError, TypeError) as error:
        raise LabError(
            f"{file} is damaged. `python -m lab reset` makes a new lab; to keep the data, restore the file."
        ) from error
