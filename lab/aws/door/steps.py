"""The steps of a request through the door; `chain` has their order.

Each may answer, which ends the way, or note in the `Handling` what it has found out and pass on by returning None. A
refusal that is raised is written in the words of the service that is called.
"""

import dataclasses
import json
import time
from datetime import UTC, datetime

from lab.aws.door import authorization, body, canonical_call, chunked_body, error_dialect, signature
from lab.aws.door.handling import Handling
from lab.aws.door.services import Services
from lab.aws.errors import AwsError
from lab.aws.protocol import Answer, Operation, refusal
from lab.aws.strict import rules
from lab.aws.strict.rule import Asked
from lab.core import browsers

INSTANCE_CREDENTIALS = "/instance-credentials"


async def check_host(services: Services, handling: Handling) -> Answer | None:
    """Refuse a request for another host: a page in a browser could reach the lab under a name of its own."""
    host = handling.call.headers.get("Host")
    if host in services.hosts:
        return None
    return _forbidden(f"This endpoint is {services.hosts[0]}, not {host!r}.")


async def check_browser(services: Services, handling: Handling) -> Answer | None:
    """Refuse what a page of another site asks for."""
    words = browsers.refusal(handling.call.method, handling.call.headers)
    return _forbidden(words) if words else None


async def check_target(services: Services, handling: Handling) -> Answer | None:
    """Refuse a request whose target is no path."""
    if handling.call.path.startswith("/"):
        return None
    return refusal(AwsError("InvalidURI", "The request's target must be a path.", 400))


async def give_instance_credentials(services: Services, handling: Handling) -> Answer | None:
    """Answer the client machine, which asks for its role's credentials with a token of its own."""
    if handling.call.path != INSTANCE_CREDENTIALS:
        return None
    found = await services.ec2.credentials(handling.call.headers.get("Authorization", ""))
    if found is None:
        return _forbidden("No running instance with a role that trusts ec2.amazonaws.com shows this token.")
    return Answer(200, {"Content-Type": "application/json"}, json.dumps(found).encode())


async def call_deployed_api(services: Services, handling: Handling) -> Answer | None:
    """Answer a call of a deployed API, which need not be signed."""
    if not services.data_plane.concerns(handling.call):
        return None
    try:
        await read_body(services, handling)
        return await services.data_plane.answer(handling.call)
    except AwsError as error:
        return refusal(error)


async def choose_dialect(services: Services, handling: Handling) -> None:
    """Find out in whose words to refuse, by what the request looks like."""
    handling.dialect = error_dialect.of(handling.call)


async def read_signature(services: Services, handling: Handling) -> None:
    """Read for which service, by which key and when the request was signed."""
    handling.signature = signature.read(handling.call)
    handling.service = handling.signature.service
    handling.dialect = error_dialect.of(handling.call, handling.service)


async def find_signer(services: Services, handling: Handling) -> None:
    """Find whose key it is."""
    handling.caller = signature.signer(handling.signature, services.endpoint.directory.keys)


async def read_body(services: Services, handling: Handling) -> None:
    """Read the body; nobody unknown makes the lab read one, but who calls a deployed API."""
    handling.call = dataclasses.replace(handling.call, body=await body.read(handling.request))


async def verify_signature(services: Services, handling: Handling) -> None:
    """Check that the signature is the request's, and of now."""
    signature.verify(handling.call, handling.signature, handling.caller, datetime.now(UTC))


async def put_chunks_together(services: Services, handling: Handling) -> None:
    """Check the chunks in which a client of S3 sends a body, and make them one."""
    if handling.service == "s3":
        handling.call = chunked_body.put_together(handling.call, handling.signature, handling.caller.secret)


async def make_canonical(services: Services, handling: Handling) -> None:
    """Put the request into the plainest form that says the same."""
    handling.call = canonical_call.plain(handling.call, handling.signature)


async def find_operation(services: Services, handling: Handling) -> None:
    """Find out what is asked for."""
    handling.operation = Operation(handling.service, handling.call)


async def authorize(services: Services, handling: Handling) -> None:
    """Check that the caller's policies allow it."""
    authorization.check(services.endpoint.directory, handling.caller, handling.call, handling.operation)


async def hold_rules(services: Services, handling: Handling) -> Answer | None:
    """Be late or refuse where AWS would, if the lab is to be as AWS is."""
    if not services.rules:
        return None
    return await services.endpoint.moto.run(rules.hold, services.rules, _asked(services, handling))


async def dispatch(services: Services, handling: Handling) -> Answer:
    """Let the service answer; where the lab is to be as AWS is, the rules hear of it."""
    answer = await services.answer(handling.call, handling.operation, handling.caller)
    return rules.retell(services.rules, _asked(services, handling), answer) if services.rules else answer


def _asked(services: Services, handling: Handling) -> Asked:
    by_service = handling.request is None
    return Asked(handling.operation, services.endpoint.directory, time.monotonic(), handling.caller, by_service)


def _forbidden(message: str) -> Answer:
    return refusal(AwsError("Forbidden", message, 403))
