"""The way through the door: the steps that a request takes, in their order."""

import logging
from collections.abc import Awaitable, Callable, Sequence

from botocore.exceptions import ClientError

from lab.aws.door import steps
from lab.aws.door.handling import Handling
from lab.aws.door.services import Services
from lab.aws.errors import AwsError
from lab.aws.protocol import Answer, refusal

LOG = logging.getLogger("aws")

Step = Callable[[Services, Handling], Awaitable[Answer | None]]

KNOWN_CALLER: tuple[Step, ...] = (
    steps.find_operation,
    steps.authorize,
    steps.hold_rules,
    steps.dispatch,
)
"""What is left to do once it is known who calls; API Gateway's own calls of a service begin here."""

REQUEST: tuple[Step, ...] = (
    steps.check_host,
    steps.check_browser,
    steps.check_target,
    steps.give_instance_credentials,
    steps.call_deployed_api,
    steps.choose_dialect,
    steps.read_signature,
    steps.find_signer,
    steps.read_body,
    steps.verify_signature,
    steps.put_chunks_together,
    steps.make_canonical,
    *KNOWN_CALLER,
)
"""Every request that comes over the wire; no step may move before one whose findings it uses."""


async def follow(way: Sequence[Step], services: Services, handling: Handling) -> Answer:
    """Take step after step until one answers; a refusal is an answer too."""
    try:
        for step in way:
            answer = await step(services, handling)
            if answer is not None:
                return answer
        raise LookupError(f"None of the steps answers {handling.call.method} {handling.call.path}.")
    except AwsError as error:
        return refusal(error, handling.dialect, handling.operation)
    except ClientError as error:
        told = error.response["Error"]
        return refusal(AwsError(told["Code"], told["Message"]), handling.dialect, handling.operation)
    except Exception:
        LOG.exception("%s %s failed", handling.call.method, handling.call.path)
        return refusal(failure(), handling.dialect, handling.operation)


def failure() -> AwsError:
    """Say that it is the lab that failed."""
    return AwsError("InternalFailure", "The lab failed; `python -m lab logs aws` tells why.", 500)
