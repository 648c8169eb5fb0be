"""The EC2 side of the client machine: its key pair, its firewall, the instance itself."""

import os
from typing import Any

from botocore.exceptions import ClientError

from helpers.config import SetupError, Workbook

IMAGE_PARAMETER = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
"""Where Systems Manager keeps the id of the newest Amazon Linux image."""

INSTANCE_TYPE = "t3.small"


class Ec2Error(Exception):
    """Key pair or instance are not as they must be; the text says what to do."""


def create_key_pair(workbook: Workbook) -> str:
    """Create the key pair and keep its private half in a file that only you can read, unless both are there.

    Returns
    -------
    str
        "created" or "was there".

    Raises
    ------
    Ec2Error
        If EC2 has the key pair and the file is gone: AWS shows a private key once.
    """
    client, file = workbook.client("ec2"), workbook.key_file
    if _key_pair_exists(client, workbook):
        if file.exists():
            return "was there"
        raise Ec2Error(
            f"EC2 has the key pair {workbook.key_name}, but {file.name} is gone, and AWS shows a private key once. "
            "Delete the key pair (delete_key_pair) and the instance that trusts it, and create both again."
        )
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)  # of a key pair that EC2 does not have any more
    material = client.create_key_pair(KeyName=workbook.key_name, KeyFormat="pem")["KeyMaterial"]
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(material)
    return "created"


def _key_pair_exists(client: Any, workbook: Workbook) -> bool:
    try:
        client.describe_key_pairs(KeyNames=[workbook.key_name])
        return True
    except ClientError as error:
        if error.response["Error"]["Code"] != "InvalidKeyPair.NotFound":
            raise
        return False


def instance(workbook: Workbook) -> dict[str, Any] | None:
    """Describe the client machine's instance; None if there is none but terminated ones."""
    filters = [
        {"Name": "tag:Name", "Values": [workbook.instance_name]},
        {"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]},
    ]
    found = workbook.client("ec2").describe_instances(Filters=filters)["Reservations"]
    return found[0]["Instances"][0] if found else None


def launch(workbook: Workbook) -> str:
    """Launch the instance unless it is there, start it if it is stopped, and wait until it runs.

    Returns
    -------
    str
        Its id.
    """
    client = workbook.client("ec2")
    there = instance(workbook)
    if there is None:
        images = workbook.client("ssm")
        made = client.run_instances(
            ImageId=images.get_parameter(Name=IMAGE_PARAMETER)["Parameter"]["Value"],
            InstanceType=INSTANCE_TYPE,
            KeyName=workbook.key_name,
            IamInstanceProfile={"Name": workbook.access_role},
            SecurityGroupIds=[_security_group(client, workbook)],
            MinCount=1,
            MaxCount=1,
            TagSpecifications=[
                {"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": workbook.instance_name}]}
            ],
        )
        there = made["Instances"][0]
    elif there["State"]["Name"] in ("stopping", "stopped"):
        client.start_instances(InstanceIds=[there["InstanceId"]])
    client.get_waiter("instance_running").wait(InstanceIds=[there["InstanceId"]], WaiterConfig={"Delay": 2})
    return there["InstanceId"]


def _security_group(client: Any, workbook: Workbook) -> str:
    """Return the instance's firewall, which lets SSH in; create it if it is not there."""
    name = workbook.instance_name
    found = client.describe_security_groups(Filters=[{"Name": "group-name", "Values": [name]}])["SecurityGroups"]
    if found:
        return found[0]["GroupId"]
    if not workbook.ssh_from:
        raise SetupError("Say from where SSH may come in: WORKBOOK_SSH_FROM=<your own address>/32 in .env.")
    group = client.create_security_group(GroupName=name, Description="SSH to the workbook's client machine")["GroupId"]
    client.authorize_security_group_ingress(
        GroupId=group, IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp=workbook.ssh_from
    )
    return group


def host_fingerprint(workbook: Workbook) -> str:
    """Read the fingerprint of the machine's host key where AWS shows it, on the instance's console.

    Returns
    -------
    str
        ``SHA256:…`` of the ED25519 key.

    Raises
    ------
    Ec2Error
        If there is no instance, or its console does not show it (yet; AWS takes some minutes).
    """
    there = instance(workbook)
    if there is None:
        raise Ec2Error(f"There is no instance named {workbook.instance_name}.")
    text = workbook.client("ec2").get_console_output(InstanceId=there["InstanceId"]).get("Output", "")
    for line in text.splitlines():
        if "(ED25519)" in line:
            return next(word for word in line.split() if word.startswith("SHA256:"))
    raise Ec2Error("The instance's console does not show its host key yet. Wait a minute and try again.")


def terminate(workbook: Workbook) -> bool:
    """Terminate the instance and wait until it is gone, with its disk.

    Returns
    -------
    bool
        Whether there was one.
    """
    there = instance(workbook)
    if there is None:
        return False
    client = workbook.client("ec2")
    client.terminate_instances(InstanceIds=[there["InstanceId"]])
    client.get_waiter("instance_terminated").wait(InstanceIds=[there["InstanceId"]], WaiterConfig={"Delay": 2})
    return True
