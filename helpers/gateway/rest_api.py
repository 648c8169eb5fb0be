"""The REST API: its resources, the one that passes every request on to the REST proxy, and its deployment."""

import contextlib

from helpers.config import Workbook

PROXY_PATH = "{proxy+}"
"""Matches whatever path is left; the plus sign is what makes it greedy."""

STAGE = "prod"


def create_api(workbook: Workbook) -> str:
    """Create the REST API unless it is there.

    Returns
    -------
    str
        Its id.
    """
    client = workbook.client("apigateway")
    for page in client.get_paginator("get_rest_apis").paginate():
        for api in page["items"]:
            if api["name"] == workbook.api:
                return api["id"]
    made = client.create_rest_api(name=workbook.api, endpointConfiguration={"types": ["REGIONAL"]}, tags=workbook.tags)
    return made["id"]


def resources(workbook: Workbook, api: str) -> dict[str, str]:
    """List the API's resources: path → id."""
    pages = workbook.client("apigateway").get_paginator("get_resources").paginate(restApiId=api)
    return {resource["path"]: resource["id"] for page in pages for resource in page["items"]}


def create_proxy_resource(workbook: Workbook, api: str) -> str:
    """Create the resource ``/{proxy+}`` unless it is there.

    Returns
    -------
    str
        Its id.
    """
    return create_resource(workbook, api, f"/{PROXY_PATH}")


def create_resource(workbook: Workbook, api: str, path: str) -> str:
    """Create a resource, and those that it is below of, unless they are there.

    Parameters
    ----------
    workbook : Workbook
        Gives the region.
    api : str
        Id of the API.
    path : str
        For example ``/streams/{stream-name}/record``.

    Returns
    -------
    str
        Its id.
    """
    client, there = workbook.client("apigateway"), resources(workbook, api)
    parent, made = there["/"], ""
    for part in path.strip("/").split("/"):
        made = f"{made}/{part}"
        if made not in there:
            there[made] = client.create_resource(restApiId=api, parentId=parent, pathPart=part)["id"]
        parent = there[made]
    return parent


def forward(workbook: Workbook, api: str, resource: str, address: str) -> None:
    """Let the proxy resource pass any method on to a web server.

    Parameters
    ----------
    workbook : Workbook
        Gives the region.
    api, resource : str
        Ids.
    address : str
        ``http://host:port`` of the REST proxy.
    """
    client = workbook.client("apigateway")
    with contextlib.suppress(client.exceptions.ConflictException):  # it leads elsewhere from now on
        client.put_method(
            restApiId=api,
            resourceId=resource,
            httpMethod="ANY",
            authorizationType="NONE",
            requestParameters={"method.request.path.proxy": True},
        )
    client.put_integration(
        restApiId=api,
        resourceId=resource,
        httpMethod="ANY",
        type="HTTP_PROXY",
        integrationHttpMethod="ANY",
        uri=f"{address}/{{proxy}}",
        requestParameters={"integration.request.path.proxy": "method.request.path.proxy"},
    )


def deploy(workbook: Workbook, api: str, stage: str = STAGE) -> str:
    """Deploy the API as it is now to a stage.

    Returns
    -------
    str
        The stage's invoke URL.
    """
    workbook.client("apigateway").create_deployment(restApiId=api, stageName=stage)
    return invoke_url(workbook, api, stage)


def invoke_url(workbook: Workbook, api: str, stage: str = STAGE) -> str:
    """Tell where a stage is called."""
    return workbook.invoke_url.format(api=api, region=workbook.region, stage=stage)
