"""EC2: the lab has one client machine, so one instance at a time; its machine hears which one it is."""

import asyncio
import base64
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.ec2.models import ec2_backends
from moto.iam.models import iam_backends
from yarl import URL

from lab.aws.endpoint import Endpoint
from lab.aws.errors import AwsError
from lab.aws.identity import policies, sts
from lab.aws.protocol import Answer, Operation
from lab.aws.strict import network
from lab.core import instance_file
from lab.core.iam_file import ACCOUNT
from lab.core.instance_file import Instance

GONE = ("terminated", "shutting-down")

SESSION_SECONDS = 6 * 3600
"""Life of an instance role's credentials, as on EC2."""

RENEW_BEFORE = timedelta(minutes=15)
"""EC2 has new ones ready at least five minutes before the old ones end."""


SSH_PORT, REST_PROXY_PORT = 22, 8082
"""Ports of the client machine as on AWS, whatever the lab's are."""

LEARNER_ADDRESS = "127.0.0.1/32"
"""From where a learner comes: what ``WORKBOOK_SSH_FROM`` says in the lab."""

GATEWAY_ADDRESS = "127.0.0.1/32"
"""From where API Gateway comes: what ``WORKBOOK_GATEWAY_RANGES`` says in the lab."""


class Ec2:
    """The rules around moto's EC2.

    Parameters
    ----------
    endpoint : Endpoint
        The account.
    console : callable
        Gives what the machine wrote at its start, its host key's fingerprint included.
    delete_disk : callable
        Deletes the disk of an instance that was terminated.
    """

    def __init__(self, endpoint: Endpoint, console: Callable[[], str], delete_disk: Callable[[str], None]):
        self._endpoint = endpoint
        self._console = console
        self._delete_disk = delete_disk
        self._sessions: dict[str, Any] = {}
        self._one_at_a_time = asyncio.Lock()

    @property
    def _tokens(self) -> dict[str, str]:
        return self._endpoint.state.own["ec2"]

    async def answer(self, operation: Operation) -> Answer:
        """Answer a call to EC2.

        Raises
        ------
        AwsError
            If a second instance is asked for, or one that is not there.
        """
        if operation.name == "GetConsoleOutput":
            return operation.answer(await self._console_output(operation.parameters()["InstanceId"]))
        if operation.reads_only:
            return await self._endpoint.pass_on(operation)
        async with self._one_at_a_time:
            if operation.name == "CreateKeyPair" and operation.parameters().get("KeyFormat", "pem") != "pem":
                raise AwsError("InvalidParameterValue", "The lab makes key pairs as PEM, not as ppk; AWS makes both.")
            if operation.name == "RunInstances":
                await self._endpoint.moto.run(self._check_launch, operation.parameters())
            answer = await self._endpoint.pass_on(operation)
            await self._endpoint.moto.run(self.tell_machine)
            return answer

    def _check_launch(self, parameters: dict[str, Any]) -> None:
        if there := [one.id for one in _instances() if one._state.name not in GONE]:
            raise AwsError(
                "InstanceLimitExceeded",
                f"The lab has one client machine, and {there[0]} is it. Use it, or terminate it first.",
            )
        if parameters.get("MaxCount", 1) != 1:
            raise AwsError("InstanceLimitExceeded", "The lab has one client machine: ask for MaxCount=1.")

    def tell_machine(self) -> None:
        """Say which instance runs, and delete the disks of those that are gone; on moto's thread."""
        lab = self._endpoint.runtime.lab
        for one in _instances():
            if one._state.name in GONE and self._tokens.pop(one.id, None):
                self._endpoint.state.touch("ec2-machine")
                self._sessions.pop(one.id, None)
                self._delete_disk(one.id)
        running = next((one for one in _instances() if one._state.name == "running"), None)
        found = running and self._described(running)
        if not lab.instance_file.exists() or instance_file.read(lab) != found:
            instance_file.write(lab, found)

    def _described(self, one: Any) -> Instance:
        if one.id not in self._tokens:
            self._tokens[one.id] = secrets.token_urlsafe(24)
            self._endpoint.state.touch("ec2-machine")
        pair = ec2_backends[ACCOUNT][one.region_name].key_pairs.get(one.key_name)
        key = pair.public_key if pair else ""
        lets_ssh_in = self._lets_in(one, SSH_PORT, LEARNER_ADDRESS)
        return Instance(one.id, key, self._tokens[one.id], lets_ssh_in, self._reaches_brokers(one))

    def _reaches_brokers(self, one: Any) -> bool:
        groups = self._endpoint.state.own["account"].get("brokers", {}).get("SecurityGroups", ())
        if not self._endpoint.runtime.lab.as_on_aws:
            return True
        wearing = [group.id for group in one.security_groups]
        return network.group_lets_in(groups, network.KAFKA_PORT, f"{one.private_ip}/32", wearing)

    def _lets_in(self, one: Any, port: int, source: str) -> bool:
        if not self._endpoint.runtime.lab.as_on_aws:
            return True
        return network.group_lets_in([group.id for group in one.security_groups], port, source)

    async def lets_gateway_in(self, url: URL) -> bool:
        """Tell whether the client machine's security groups let API Gateway in; true of whatever else it calls."""
        lab = self._endpoint.runtime.lab
        if url.port != lab.ports["rest"] or not lab.as_on_aws:
            return True
        return await self._endpoint.moto.run(self._is_open_to_gateway)

    def _is_open_to_gateway(self) -> bool:
        running = [one for one in _instances() if one._state.name == "running"]
        # a learner opens the port of AWS, or asks the proxy's own file for it, where the lab's stands
        ports = {REST_PROXY_PORT, self._endpoint.runtime.lab.ports["rest"]}
        return any(self._lets_in(one, port, GATEWAY_ADDRESS) for one in running for port in ports)

    async def _console_output(self, instance_id: str) -> dict[str, Any]:
        known = await self._endpoint.moto.run(_instances)
        if instance_id not in [one.id for one in known]:
            raise AwsError("InvalidInstanceID.NotFound", f"The instance ID '{instance_id}' does not exist")
        text = base64.b64encode(self._console().encode()).decode()
        return {"InstanceId": instance_id, "Timestamp": datetime.now(UTC), "Output": text}

    async def credentials(self, token: str) -> dict[str, str] | None:
        """Give an instance the credentials of its role, in the form of a container's credentials endpoint.

        Parameters
        ----------
        token : str
            What the instance shows.

        Returns
        -------
        dict of str to str, or None
            None if no running instance with a role has this token.
        """
        found, generation = await self._endpoint.moto.run(
            lambda: (self._credentials(token), self._endpoint.state.generation)
        )
        await self._endpoint.saved(generation)  # the broker hears of a new key before its owner does
        return found

    def _credentials(self, token: str) -> dict[str, str] | None:
        shown = token.encode(errors="replace")
        for one in _instances():
            known = self._tokens.get(one.id)
            if known and secrets.compare_digest(known.encode(), shown) and one._state.name == "running":
                role = _role(one)
                return self._session(one.id, role) if role else None
        return None

    def _session(self, instance_id: str, role: Any) -> dict[str, str] | None:
        document = self._endpoint.directory.trust.get(role.arn)
        if not document or not policies.trusts_service(document, "ec2.amazonaws.com"):
            return None
        session = self._sessions.get(instance_id)
        alive = session and session.role_arn == role.arn and session.access_key_id in self._endpoint.directory.keys
        if not alive or session.expiration - datetime.now(UTC) < RENEW_BEFORE:
            session = sts.session_for_service(role.arn, instance_id, SESSION_SECONDS)
            self._sessions[instance_id] = session
            self._endpoint.state.touch("sts")
            self._endpoint.refresh()
        return {
            "AccessKeyId": session.access_key_id,
            "SecretAccessKey": session.secret_access_key,
            "Token": session.session_token,
            "Expiration": session.expiration.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "RoleArn": role.arn,
        }


def _instances() -> list[Any]:
    reservations = [held for region in ec2_backends[ACCOUNT].values() for held in region.reservations.values()]
    return [one for held in reservations for one in held.instances]


def _role(one: Any) -> Any:
    """Return the role of an instance, as IAM has it now; None if it has none."""
    association = ec2_backends[ACCOUNT][one.region_name].iam_instance_profile_associations.get(one.id)
    if association is None:
        return None
    arn = association.iam_instance_profile.arn
    profiles = iam_backends[ACCOUNT]["aws"].instance_profiles.values()
    return next((profile.roles[0] for profile in profiles if profile.arn == arn and profile.roles), None)
