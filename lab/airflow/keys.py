"""Airflow's secrets, made at its first start: the login of its pages, and the keys that its parts share."""

import base64
import json
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from lab.core.files import write_private
from lab.core.layout import Lab, LabError

USER = "admin"
"""Who may log in."""


@dataclass(frozen=True)
class Keys:
    """Secrets of one Airflow.

    Attributes
    ----------
    password : str
        Of the user `USER`.
    fernet_key : str
        Encrypts connections and variables in the metadata.
    jwt_secret, secret_key : str
        Sign tokens and cookies.
    """

    password: str = field(repr=False)
    fernet_key: str = field(repr=False)
    jwt_secret: str = field(repr=False)
    secret_key: str = field(repr=False)


def login_file(lab: Lab) -> Path:
    """File with user and password, in the form in which Airflow reads it."""
    return lab.data("airflow") / "login.json"


def load_or_create(lab: Lab) -> Keys:
    """Read the secrets; at the first start, make them, readable by the owner alone.

    Raises
    ------
    LabError
        If a file is there but cannot be understood.
    """
    login, others = login_file(lab), lab.data("airflow") / "keys.json"
    if not login.exists():
        write_private(login, json.dumps({USER: secrets.token_urlsafe(16)}))
    if not others.exists():
        made = {
            "fernet_key": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "jwt_secret": secrets.token_urlsafe(32),
            "secret_key": secrets.token_urlsafe(32),
        }
        write_private(others, json.dumps(made))
    try:
        return Keys(password=json.loads(login.read_text())[USER], **json.loads(others.read_text()))
    except (ValueError, TypeError, KeyError) as error:
        raise LabError(
            f"{login} or {others.name} beside it is damaged. Delete both: Airflow then makes a new login, and the "
            "connections in it have to be made anew."
        ) from error
