"""The REST API in front of Kinesis: each method is an action of Kinesis, and a template writes the action's request.

The templates are Velocity. ``$input.params('stream-name')`` is a part of the path, ``$input.path('$.x')`` a part of the
body, ``$input.json('$.x')`` the same as JSON text.
"""

import contextlib
from dataclasses import dataclass
from typing import Any

from helpers.config import Workbook
from helpers.gateway import rest_api

LIST_STREAMS = "{}"
"""ListStreams needs no argument, but a body that is JSON; whatever the client sends is left aside."""

NAME_STREAM = """{"StreamName": "$input.params('stream-name')"}"""
"""DescribeStream and DeleteStream need the stream's name, which the client writes into the path."""

CREATE_STREAM = """{
  "StreamName": "$input.params('stream-name')",
  "ShardCount": #if($input.path('$.ShardCount') == '') 1 #else $input.path('$.ShardCount') #end
}"""
"""CreateStream needs a number of shards too: the body's ``ShardCount``, or one where the body is silent."""

PUT_RECORD = """{
  "StreamName": "$input.params('stream-name')",
  "Data": "$util.base64Encode($input.json('$.Data'))",
  "PartitionKey": "$input.path('$.PartitionKey')"
}"""
"""PutRecord takes bytes as base64. The template encodes, so a client sends ``Data`` as plain JSON: who encodes it as
well finds it encoded twice in the stream. A missing partition key becomes "", which Kinesis refuses.
"""

PUT_RECORDS = """{
  "StreamName": "$input.params('stream-name')",
  "Records": [
    #foreach($record in $input.path('$.records'))
    {
      "Data": "$util.base64Encode($input.json("$.records[$foreach.index].data"))",
      "PartitionKey": "$record.partition-key"
    }#if($foreach.hasNext),#end
    #end
  ]
}"""
"""PutRecords does the same for every record of a list; a comma follows each but the last."""

CONTENT_TYPE = "'application/x-amz-json-1.1'"
"""What Kinesis speaks. The single quotes belong to it: they tell API Gateway that this is text, not an expression."""

RESPONSES = {"200": "", "400": r"4\d{2}", "500": r"5\d{2}"}
"""Status for the client → pattern of Kinesis's statuses that lead to it; the one without a pattern is for all others.
Without the last two, every error of Kinesis would reach the client as a success.
"""


@dataclass(frozen=True)
class Proxied:
    """One method of the API.

    Attributes
    ----------
    path, http_method : str
        What the client calls.
    action : str
        Kinesis's action that answers.
    template : str
        Writes the action's request.
    """

    path: str
    http_method: str
    action: str
    template: str


METHODS = (
    Proxied("/streams", "GET", "ListStreams", LIST_STREAMS),
    Proxied("/streams/{stream-name}", "GET", "DescribeStream", NAME_STREAM),
    Proxied("/streams/{stream-name}", "POST", "CreateStream", CREATE_STREAM),
    Proxied("/streams/{stream-name}", "DELETE", "DeleteStream", NAME_STREAM),
    Proxied("/streams/{stream-name}/record", "PUT", "PutRecord", PUT_RECORD),
    Proxied("/streams/{stream-name}/records", "PUT", "PutRecords", PUT_RECORDS),
)


def create(workbook: Workbook, api: str, role: str) -> None:
    """Give an API all the methods, whatever it had of them before; `rest_api.deploy` puts them to use.

    Parameters
    ----------
    workbook : Workbook
        Gives the region.
    api : str
        Id of the API.
    role : str
        ARN of the role in which API Gateway calls Kinesis.
    """
    for proxied in METHODS:
        put_method(workbook, api, proxied, role)


def put_method(workbook: Workbook, api: str, proxied: Proxied, role: str) -> None:
    """Give an API one method; one that it had under this name is replaced.

    Parameters
    ----------
    workbook : Workbook
        Gives the region.
    api : str
        Id of the API.
    proxied : Proxied
        The method.
    role : str
        ARN of the role in which API Gateway calls Kinesis.
    """
    where = connect(workbook, api, proxied, role)
    _put_responses(workbook.client("apigateway"), where)


def connect(workbook: Workbook, api: str, proxied: Proxied, role: str) -> dict[str, str]:
    """Give an API one method that calls Kinesis, and that has no answer for the client yet.

    Parameters
    ----------
    workbook : Workbook
        Gives the region.
    api : str
        Id of the API.
    proxied : Proxied
        The method; one that was there under its name is replaced.
    role : str
        ARN of the role in which API Gateway calls Kinesis.

    Returns
    -------
    dict of str to str
        By what API Gateway's further calls name the method.
    """
    client = workbook.client("apigateway")
    resource = rest_api.create_resource(workbook, api, proxied.path)
    where = {"restApiId": api, "resourceId": resource, "httpMethod": proxied.http_method}
    with contextlib.suppress(client.exceptions.NotFoundException):
        client.delete_method(**where)
    named = {"method.request.path.stream-name": True} if "{stream-name}" in proxied.path else {}
    client.put_method(**where, authorizationType="NONE", requestParameters=named)
    client.put_integration(
        **where,
        type="AWS",
        integrationHttpMethod="POST",  # Kinesis takes every action by POST
        uri=f"arn:aws:apigateway:{workbook.region}:kinesis:action/{proxied.action}",
        credentials=role,
        requestParameters={"integration.request.header.Content-Type": CONTENT_TYPE},
        requestTemplates={"application/json": proxied.template},
        passthroughBehavior="WHEN_NO_TEMPLATES",  # a body of another type is refused, not passed on as it is
    )
    return where


def _put_responses(client: Any, where: dict[str, str]) -> None:
    for status, pattern in RESPONSES.items():
        client.put_method_response(**where, statusCode=status)
        client.put_integration_response(**where, statusCode=status, selectionPattern=pattern)
