"""The EC2 side of the client machine: its key pair, its firewall, the instance itself."""

import os
from typing import Any

from botocore.exceptions import ClientError

from helpers import iam
from helpers.client_machine import furnishing
from helpers.config import TAG, SetupError, Workbook, tag_list
from helpers.waiting import WaitedInVain, wait_until

IMAGE_PARAMETER = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
"""Where Systems Manager keeps the id of the newest Amazon Linux image."""

INSTANCE_TYPE = "t3.small"

CONSOLE_SECONDS = 600
"""How long a new instance's console may take to show its host key; minutes are common."""


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
            "Call ec2_client.delete_key_pair(workbook) and ec2_client.terminate(workbook), and create both again."
        )
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)  # of a key pair that EC2 does not have any more
    made = client.create_key_pair(
        KeyName=workbook.key_name, KeyFormat="pem", TagSpecifications=_tags("key-pair", workbook)
    )
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(made["KeyMaterial"])
    return "created"


def delete_key_pair(workbook: Workbook) -> None:
    """Delete the key pair on both sides, as far as it is there; machines that trust it let nobody else in."""
    workbook.client("ec2").delete_key_pair(KeyName=workbook.key_name)
    workbook.key_file.unlink(missing_ok=True)


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
        asked = launch_request(workbook)
        there = iam.when_known(lambda: client.run_instances(**asked))["Instances"][0]
    elif there["State"]["Name"] in ("stopping", "stopped"):
        client.start_instances(InstanceIds=[there["InstanceId"]])
    client.get_waiter("instance_running").wait(InstanceIds=[there["InstanceId"]], WaiterConfig={"Delay": 2})
    return there["InstanceId"]


def launch_request(workbook: Workbook) -> dict[str, Any]:
    """Write down everything that EC2 wants to know of the client machine."""
    images = workbook.client("ssm")
    return {
        "ImageId": images.get_parameter(Name=IMAGE_PARAMETER)["Parameter"]["Value"],
        "InstanceType": INSTANCE_TYPE,
        "KeyName": workbook.key_name,
        "IamInstanceProfile": {"Name": workbook.access_role},
        **_place(workbook),
        "UserData": furnishing.script(workbook),
        "MinCount": 1,
        "MaxCount": 1,
        "TagSpecifications": _tags("instance", workbook) + _tags("volume", workbook),
    }


def _tags(kind: str, workbook: Workbook) -> list[dict[str, Any]]:
    """Name what is being made, and mark it as the workbook's."""
    return [{"ResourceType": kind, "Tags": tag_list({"Name": workbook.instance_name} | workbook.tags)}]


def _place(workbook: Workbook) -> dict[str, Any]:
    """Choose the network: that which the template made, told by the tags of its public subnet; else the default one."""
    client = workbook.client("ec2")
    wanted = [
        {"Name": f"tag:{TAG}", "Values": [workbook.id]}, {"Name": "tag:Name", "Values": [workbook.public_subnet]}
    ]  # fmt: skip
    found = client.describe_subnets(Filters=wanted)["Subnets"]
    network = found[0]["VpcId"] if found else None
    subnet = {"SubnetId": found[0]["SubnetId"]} if found else {}
    return {"SecurityGroupIds": [_security_group(client, workbook, network)], **subnet}


def _security_group(client: Any, workbook: Workbook, network: str | None) -> str:
    """Return the instance's firewall, which lets SSH in; create it if it is not there."""
    name = workbook.instance_name
    wanted = [{"Name": "group-name", "Values": [name]}]
    wanted += [{"Name": "vpc-id", "Values": [network]}] if network else []
    found = client.describe_security_groups(Filters=wanted)["SecurityGroups"]
    if found:
        return found[0]["GroupId"]
    if not workbook.ssh_from:
        raise SetupError("Say from where SSH may come in: WORKBOOK_SSH_FROM=<your own address>/32 in .env.")
    group = client.create_security_group(
        GroupName=name,
        Description="SSH to the client machine of the workbook",  # EC2 takes no apostrophe
        TagSpecifications=_tags("security-group", workbook),
        **({"VpcId": network} if network else {}),
    )["GroupId"]
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
        If there is no instance, or its console does not show it in ten minutes; AWS takes some.
    """
    there = instance(workbook)
    if there is None:
        raise Ec2Error(f"There is no instance named {workbook.instance_name}.")
    client = workbook.client("ec2")

    def shown() -> str | None:
        # the newest output at once, and not minutes after the start: instances on Nitro, as t3 is, give it
        text = client.get_console_output(InstanceId=there["InstanceId"], Latest=True).get("Output", "")
        line = next((line for line in text.splitlines() if "(ED25519)" in line), "")
        return next((word for word in line.split() if word.startswith("SHA256:")), None)

    try:
        return wait_until(shown, CONSOLE_SECONDS, "the instance's console to show its host key", every=5)
    except WaitedInVain as error:
        raise Ec2Error(f"{error} Restart the instance, or look at its console in EC2.") from None


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
