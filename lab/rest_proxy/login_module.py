"""Read the line with which aws-msk-iam-auth is told whose credentials to use."""

import re
from dataclasses import dataclass

from lab.rest_proxy.errors import StartError

MODULE = "software.amazon.msk.auth.iam.IAMLoginModule"

_LINE = re.compile(r'\s*(?P<module>[\w.$]+)\s+(?P<flag>\w+)(?P<options>(?:\s+\w+\s*=\s*(?:"[^"]*"|[^\s";]+))*)\s*;\s*')
_OPTION = re.compile(r'(\w+)\s*=\s*(?:"([^"]*)"|([^\s";]+))')
_ARN = re.compile(r"arn:aws[\w-]*:iam::\d{12}:role/\S+")


@dataclass(frozen=True)
class LoginModule:
    """Whose credentials to sign in with.

    Attributes
    ----------
    role_arn : str
        Role to assume; empty for the credentials of the machine itself.
    session_name : str
        What the assumed session is called.
    sts_region : str
        Region whose STS to ask; empty for the cluster's.
    """

    role_arn: str = ""
    session_name: str = "kafka-rest"
    sts_region: str = ""


_ATTRIBUTES = {"awsRoleArn": "role_arn", "awsRoleSessionName": "session_name", "awsStsRegion": "sts_region"}


def parse_login_module(line: str) -> LoginModule:
    """Read a value of ``sasl.jaas.config``.

    Raises
    ------
    StartError
        If it is not a line that names the IAM login module, or holds an option that is not supported.
    """
    form = f'{MODULE} required awsRoleArn="arn:aws:iam::123456789012:role/my-role";'
    found = _LINE.fullmatch(line)
    if not found or found["flag"] != "required":
        raise StartError(
            f"client.sasl.jaas.config cannot be read: {_shown(line)}. Mind the quotation marks, which must be "
            f"straight, and the semicolon at the end. Its form is {form}"
        )
    if found["module"] != MODULE:
        raise StartError(f"client.sasl.jaas.config names {found['module']}: the module for IAM is {MODULE}.")
    options = {name: quoted or plain for name, quoted, plain in _OPTION.findall(found["options"])}
    if unknown := sorted(options.keys() - _ATTRIBUTES.keys()):
        raise StartError(
            f"client.sasl.jaas.config has the option {unknown[0]}, which this proxy does not have: "
            f"use {', '.join(_ATTRIBUTES)}."
        )
    role = options.get("awsRoleArn")
    if role is not None and not _ARN.fullmatch(role):
        raise StartError(f"awsRoleArn is {role!r}: give the ARN of a role, arn:aws:iam::<account>:role/<name>.")
    return LoginModule(**{_ATTRIBUTES[name]: value for name, value in options.items()})


def _shown(line: str) -> str:
    """Show a line without what may be a secret: options of the real module can hold access keys."""
    return repr(re.sub(r"(?i)((?:secret|token)\w*\s*=\s*)\S+", r"\1…", line))
