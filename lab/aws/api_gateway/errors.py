"""What API Gateway itself answers when a request does not reach an integration, or cannot be mapped."""

import json

from lab.aws.protocol import Answer


class GatewayRefusal(Exception):
    """API Gateway answers by itself.

    Attributes
    ----------
    status : int
        HTTP status.
    message : str
        API Gateway's words.
    kind : str, optional
        The error type that the header names.
    """

    def __init__(self, status: int, message: str, kind: str | None = None):
        super().__init__(message)
        self.status, self.message, self.kind = status, message, kind


def misconfigured() -> GatewayRefusal:
    """Refuse because the API is not set up well; what is wrong is in the log, not in the answer."""
    return GatewayRefusal(500, "Internal server error", "InternalServerErrorException")


def gateway_error(status: int, message: str, request_id: str, kind: str | None = None) -> Answer:
    """Write a gateway response.

    Parameters
    ----------
    status : int
        HTTP status.
    message : str
        API Gateway's words.
    request_id : str
        Id of the request.
    kind : str, optional
        The error type that the header names.
    """
    headers = {"Content-Type": "application/json", "x-amzn-RequestId": request_id}
    if kind:
        headers["x-amzn-ErrorType"] = kind
    return Answer(status, headers, json.dumps({"message": message}).encode())
