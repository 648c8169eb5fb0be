"""Labs that are as late and as strict as AWS, and what an administrator does there by hand."""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from labs import SPARE_PORTS

from lab.control import operations
from lab.core import processes
from lab.core.layout import Lab, read_ports


@contextlib.contextmanager
def strict_lab(home: Path, services: Sequence[str] = ()) -> Iterator[Lab]:
    """Start services, by default all, and see afterwards that nothing is left."""
    ports = read_ports({"LAB_PORT_OFFSET": str(SPARE_PORTS)})
    lab = Lab(home.resolve(), ports=ports, as_on_aws=True)
    try:
        operations.up(lab, services)
        yield lab
    finally:
        operations.down(lab)
    assert not processes.of_lab(lab.home)


def _rule(ec2: Any, workbook_id: str, port: int, source: str) -> dict[str, Any]:
    named = [{"Name": "group-name", "Values": [f"{workbook_id}-client"]}]
    group = ec2.describe_security_groups(Filters=named)["SecurityGroups"][0]["GroupId"]
    return {"GroupId": group, "IpProtocol": "tcp", "FromPort": port, "ToPort": port, "CidrIp": source}


def open_port(ec2: Any, workbook_id: str, port: int, source: str = "0.0.0.0/0") -> None:
    """Let connections in at a port of the client machine."""
    ec2.authorize_security_group_ingress(**_rule(ec2, workbook_id, port, source))


def close_port(ec2: Any, workbook_id: str, port: int, source: str) -> None:
    """Let no connections in any more."""
    ec2.revoke_security_group_ingress(**_rule(ec2, workbook_id, port, source))
