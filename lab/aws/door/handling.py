"""A request on its way through the door, and what the steps have found out about it."""

from dataclasses import dataclass

from aiohttp import web

from lab.aws.door.signature import Signature
from lab.aws.identity.principals import Key
from lab.aws.protocol import Call, Operation


@dataclass
class Handling:
    """What is known of a request so far; each step adds to it.

    Attributes
    ----------
    call : Call
        The request: at first without its body, in the end in its plainest form.
    request : aiohttp.web.Request or None
        Where the body is read from; None for a call that has it.
    dialect : str or None
        The service in whose words a refusal is written; None stands for plain JSON.
    signature : Signature or None
        What the request says of its signature.
    service : str
        Name under which the service that is called is signed.
    caller : Key or None
        Who calls.
    operation : Operation or None
        What is asked for.
    """

    call: Call
    request: web.Request | None = None
    dialect: str | None = None
    signature: Signature | None = None
    service: str = ""
    caller: Key | None = None
    operation: Operation | None = None
