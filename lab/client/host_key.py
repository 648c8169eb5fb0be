"""The key by which the client machine proves, before anybody signs in, that it is the same machine as before."""

from pathlib import Path

import asyncssh

from lab.core.files import write_private
from lab.core.layout import Lab


def _file(lab: Lab) -> Path:
    return lab.data("client") / "ssh_host_ed25519_key"


def load_or_create(lab: Lab) -> asyncssh.SSHKey:
    """Return the host key; at the first start, make it."""
    file = _file(lab)
    if not file.exists():
        key = asyncssh.generate_private_key("ssh-ed25519", comment="client machine")
        write_private(file, key.export_private_key().decode())
    return asyncssh.read_private_key(file)


def fingerprint(lab: Lab) -> str:
    """Return the host key's fingerprint, ``SHA256:…``, as ``ssh`` shows it."""
    return load_or_create(lab).get_fingerprint()


def console_output(lab: Lab) -> str:
    """Write what the machine shows on its console at its start, as Amazon Linux does: the host key's fingerprint."""
    return (
        "-----BEGIN SSH HOST KEY FINGERPRINTS-----\n"
        f"256 {fingerprint(lab)} root@client (ED25519)\n"
        "-----END SSH HOST KEY FINGERPRINTS-----\n"
    )
