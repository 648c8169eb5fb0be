"""What API Gateway itself answers when a request does not reach an integration."""

import json

from helpers.lab.aws.protocol import Answer


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
