"""The EC2 instance that runs: the file through which EC2 speaks to the client machine."""

import json
from dataclasses import asdict, dataclass, field

from lab.core.files import write_private
from lab.core.layout import Lab


@dataclass(frozen=True)
class Instance:
    """A running EC2 instance, as far as its machine must know it.

    Attributes
    ----------
    id : str
        ``i-`` and 17 hex digits; the machine's disk is kept under this name.
    public_key : str
        OpenSSH form of the key pair's public half: who holds the private half may come in.
    credentials_token : str
        With this the machine asks the AWS endpoint for the credentials of its role.
    lets_ssh_in : bool
        Whether its security groups let the learner in; only a lab that is as strict as AWS asks them.
    reaches_brokers : bool
        Whether the brokers' security groups let it in.
    """

    id: str
    public_key: str
    credentials_token: str = field(repr=False)
    lets_ssh_in: bool = True
    reaches_brokers: bool = True


def write(lab: Lab, instance: Instance | None) -> None:
    """Say which instance runs; None if none does. The client machine obeys within a second."""
    write_private(lab.instance_file, json.dumps(instance and asdict(instance)))


def read(lab: Lab) -> Instance | None:
    """Tell which instance runs."""
    if not lab.instance_file.exists():
        return None
    found = json.loads(lab.instance_file.read_text())
    return found and Instance(**found)
