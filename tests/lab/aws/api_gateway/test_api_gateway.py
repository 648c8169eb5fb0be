"""Deployed REST APIs: what is passed on, and what API Gateway answers by itself."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
import pytest
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from callers import refused
from crashes import crash

from helpers.gateway import rest_api

pytestmark = pytest.mark.lab


class Backend:
    """A web server that remembers what it was asked."""

    def __init__(self):
        self.asked = []
        backend = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                backend.asked.append((self.command, self.path, dict(self.headers), body))
                if self.path.startswith("/slow"):
                    time.sleep(3)
                content = json.dumps({"path": self.path, "bytes": len(body)}).encode()
                self.send_response(418 if self.path.startswith("/teapot") else 201)
                self.send_header("Content-Type", "application/vnd.test+json")
                self.send_header("X-Own", "kept")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = answer

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture(scope="module")
def backend():
    started = Backend()
    yield started
    started.server.shutdown()


@pytest.fixture
def client(workbook):
    return boto3.client("apigateway", region_name="us-east-1")


@pytest.fixture
def api(client):
    made = client.create_rest_api(name="test")["id"]
    yield made
    client.delete_rest_api(restApiId=made)


@pytest.fixture
def url(workbook, api, backend):
    rest_api.forward(workbook, api, rest_api.create_proxy_resource(workbook, api), backend.url)
    return rest_api.deploy(workbook, api)


def test_a_request_is_passed_on_as_it_is_and_so_is_the_answer(url, backend):
    reply = requests.post(
        f"{url}/topics/a.pin/x?b=2&a=1%2F2", data=b"\x00\xff", headers={"X-Mine": "m", "Accept": "a/b"}
    )
    method, path, headers, body = backend.asked[-1]
    assert (method, path, body) == ("POST", "/topics/a.pin/x?b=2&a=1%2F2", b"\x00\xff")
    assert (headers["X-Mine"], headers["Accept"]) == ("m", "a/b")
    assert headers["Host"] == backend.url.removeprefix("http://")
    assert (reply.status_code, reply.headers["X-Own"]) == (201, "kept")
    assert reply.headers["Content-Type"] == "application/vnd.test+json"
    assert reply.json() == {"path": path, "bytes": 2}
    assert "x-amzn-RequestId" in reply.headers


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_any_method_and_any_status_come_through(url, backend, method):
    reply = requests.request(method, f"{url}/teapot")
    assert (reply.status_code, backend.asked[-1][0]) == (418, method)


def test_what_is_not_deployed_is_refused_as_api_gateway_does(url, api):
    for address, status, message in (
        (url, 403, "Missing Authentication Token"),
        (url.replace("/prod/", "/test/") + "/a", 403, "Forbidden"),
        (url.replace(api, "aaaaaaaaaa") + "/a", 403, "Forbidden"),
    ):
        reply = requests.get(address)
        assert (reply.status_code, reply.json()["message"]) == (status, message)


def test_a_stage_serves_the_snapshot_until_it_is_deployed_again(workbook, client, api, url, backend):
    resource = rest_api.resources(workbook, api)["/{proxy+}"]
    rest_api.forward(workbook, api, resource, f"{backend.url}/second")
    assert requests.get(f"{url}/a").json()["path"] == "/a"
    rest_api.deploy(workbook, api)
    assert requests.get(f"{url}/a").json()["path"] == "/second/a"
    client.delete_resource(restApiId=api, resourceId=resource)
    assert requests.get(f"{url}/a").status_code == 201
    client.delete_stage(restApiId=api, stageName="prod")
    assert requests.get(f"{url}/a").json()["message"] == "Forbidden"


def test_stages_go_back_to_an_older_deployment(client, workbook, api, url, backend):
    first = client.get_stage(restApiId=api, stageName="prod")["deploymentId"]
    rest_api.forward(workbook, api, rest_api.resources(workbook, api)["/{proxy+}"], f"{backend.url}/second")
    rest_api.deploy(workbook, api)
    back = [{"op": "replace", "path": "/deploymentId", "value": first}]
    client.update_stage(restApiId=api, stageName="prod", patchOperations=back)
    assert requests.get(f"{url}/a").json()["path"] == "/a"


def test_nobody_behind_it_and_somebody_too_slow(workbook, client, api, url, backend):
    resource = rest_api.resources(workbook, api)["/{proxy+}"]
    client.put_integration(
        restApiId=api, resourceId=resource, httpMethod="ANY", type="HTTP_PROXY", integrationHttpMethod="ANY",
        uri=f"{backend.url}/slow", timeoutInMillis=500,
    )  # fmt: skip
    rest_api.deploy(workbook, api)
    reply = requests.get(f"{url}/slow")
    assert (reply.status_code, reply.json()["message"]) == (504, "Endpoint request timed out")
    rest_api.forward(workbook, api, resource, "http://127.0.0.1:1")
    rest_api.deploy(workbook, api)
    reply = requests.get(f"{url}/a")
    assert (reply.status_code, reply.json()["message"]) == (504, "Network error communicating with endpoint")


def test_a_body_over_the_quota_is_refused(url, backend):
    before = len(backend.asked)
    reply = requests.post(f"{url}/a", data=b"x" * (10 * 2**20 + 1))
    assert (reply.status_code, reply.json()["message"]) == (413, "Request Too Long")
    assert len(backend.asked) == before


def test_a_path_that_is_not_mapped_is_an_error_of_the_api(client, workbook, api, backend):
    resource = rest_api.create_proxy_resource(workbook, api)
    client.put_method(restApiId=api, resourceId=resource, httpMethod="ANY", authorizationType="NONE")
    client.put_integration(
        restApiId=api, resourceId=resource, httpMethod="ANY", type="HTTP_PROXY", integrationHttpMethod="ANY",
        uri=f"{backend.url}/{{proxy}}",
    )  # fmt: skip
    reply = requests.get(f"{rest_api.deploy(workbook, api)}/a")
    assert (reply.status_code, reply.json()["message"]) == (500, "Internal server error")


def test_a_part_of_the_path_that_the_method_does_not_name_cannot_be_mapped(client, workbook, api, backend):
    """AWS's words as quoted in https://github.com/aws/aws-cdk/issues/17318."""
    where = {"restApiId": api, "resourceId": rest_api.create_proxy_resource(workbook, api), "httpMethod": "ANY"}
    client.put_method(**where, authorizationType="NONE")
    mapped = {"integration.request.path.proxy": "method.request.path.proxy"}
    with refused("BadRequestException", "Invalid mapping expression parameter specified: method.request.path.proxy"):
        client.put_integration(
            **where, type="HTTP_PROXY", integrationHttpMethod="ANY", uri=f"{backend.url}/{{proxy}}",
            requestParameters=mapped,
        )  # fmt: skip


@pytest.mark.parametrize("validated", [True, False])
def test_a_required_parameter_is_asked_for_if_there_is_a_validator(client, workbook, api, backend, validated):
    resource = rest_api.create_proxy_resource(workbook, api)
    more = {}
    if validated:
        made = client.create_request_validator(restApiId=api, name="parameters", validateRequestParameters=True)
        more["requestValidatorId"] = made["id"]
    client.put_method(
        restApiId=api, resourceId=resource, httpMethod="ANY", authorizationType="NONE", **more,
        requestParameters={"method.request.querystring.page": True, "method.request.path.proxy": True},
    )  # fmt: skip
    client.put_integration(
        restApiId=api, resourceId=resource, httpMethod="ANY", type="HTTP_PROXY", integrationHttpMethod="GET",
        uri=f"{backend.url}/fixed/{{page}}",
        requestParameters={
            "integration.request.path.page": "method.request.querystring.page",
            "integration.request.header.x-stage": "context.stage",
            "integration.request.header.x-literal": "'yes'",
        },
    )  # fmt: skip
    url = rest_api.deploy(workbook, api)
    reply = requests.post(f"{url}/a", headers={"page": "1"})
    if validated:
        assert (reply.status_code, reply.json()["message"]) == (400, "Missing required request parameters: [page]")
    else:
        assert "required request parameters" not in reply.text
    requests.post(f"{url}/a?page=7")
    method, path, headers, _ = backend.asked[-1]
    assert (method, path.split("?")[0]) == ("GET", "/fixed/7")
    assert (headers["x-stage"], headers["x-literal"]) == ("prod", "yes")


def test_a_method_may_ask_for_a_signature(client, workbook, api, url, backend):
    resource = rest_api.resources(workbook, api)["/{proxy+}"]
    client.put_method(restApiId=api, resourceId=resource, httpMethod="GET", authorizationType="AWS_IAM")
    client.put_integration(
        restApiId=api, resourceId=resource, httpMethod="GET", type="HTTP_PROXY", integrationHttpMethod="GET",
        uri=f"{backend.url}/signed",
    )  # fmt: skip
    rest_api.deploy(workbook, api)
    reply = requests.get(f"{url}/a")
    assert (reply.status_code, "Token" in reply.json()["message"]) == (403, True)
    request = AWSRequest("GET", f"{url}/a", headers={"Host": url.split("/")[2]})
    SigV4Auth(boto3.Session().get_credentials(), "execute-api", "us-east-1").add_auth(request)
    assert requests.get(f"{url}/a", headers=dict(request.headers)).status_code == 201


def test_an_authorizer_of_another_kind_is_refused_when_it_is_set(client, workbook, api):
    resource = rest_api.create_proxy_resource(workbook, api)
    with pytest.raises(client.exceptions.BadRequestException, match="NONE and AWS_IAM, not 'CUSTOM'"):
        client.put_method(restApiId=api, resourceId=resource, httpMethod="GET", authorizationType="CUSTOM")


def test_an_api_outlives_a_crash(lab, url, backend):
    crash(lab, "aws")
    assert requests.get(f"{url}/a").status_code == 201


def test_a_method_that_is_there_is_a_conflict_and_stays_as_it_was(client, workbook, api, url):
    where = {"restApiId": api, "resourceId": rest_api.resources(workbook, api)["/{proxy+}"], "httpMethod": "ANY"}
    before = client.get_method(**where)
    with refused("ConflictException", "Method already exists for this resource"):
        client.put_method(**where, authorizationType="AWS_IAM")
    after = client.get_method(**where)
    assert (after["authorizationType"], after["methodIntegration"]) == ("NONE", before["methodIntegration"])
    with refused("NotFoundException", "Invalid Method identifier"):
        client.delete_method(**where | {"httpMethod": "PUT"})


def test_a_resource_takes_its_subtree_along_and_repeats_are_conflicts(client, workbook, api, url):
    rest_api.create_resource(workbook, api, "/a/b/c")
    there = rest_api.resources(workbook, api)
    with refused("ConflictException", "same parent already has this name: b"):
        client.create_resource(restApiId=api, parentId=there["/a"], pathPart="b")
    client.create_resource(restApiId=api, parentId=there["/a"], pathPart="{one}")
    with refused("BadRequestException", r"A sibling \(\{one\}\)"):
        client.create_resource(restApiId=api, parentId=there["/a"], pathPart="{two}")
    with refused("NotFoundException", "Invalid Resource identifier"):
        client.create_resource(restApiId=api, parentId="nobody", pathPart="x")
    with refused("BadRequestException", "root resource"):
        client.delete_resource(restApiId=api, resourceId=there["/"])
    client.delete_resource(restApiId=api, resourceId=there["/a"])
    assert rest_api.resources(workbook, api).keys() == {"/", "/{proxy+}"}
    assert rest_api.deploy(workbook, api) == url


def test_a_stage_keeps_its_variables_when_it_is_deployed_again(client, workbook, api, url):
    added = [{"op": "replace", "path": "/variables/kept", "value": "one"}]
    client.update_stage(restApiId=api, stageName="prod", patchOperations=added)
    first = client.get_stage(restApiId=api, stageName="prod")["deploymentId"]
    client.create_deployment(restApiId=api, stageName="prod", variables={"more": "two"})
    stage = client.get_stage(restApiId=api, stageName="prod")
    assert stage["variables"] == {"kept": "one", "more": "two"}
    assert stage["deploymentId"] != first
    client.delete_deployment(restApiId=api, deploymentId=first)
    with refused("BadRequestException", "Active stages pointing to this deployment"):
        client.delete_deployment(restApiId=api, deploymentId=stage["deploymentId"])
    with refused("ConflictException", "Stage already exists"):
        client.create_stage(restApiId=api, stageName="prod", deploymentId=stage["deploymentId"])
    for path, value in (("/deploymentId", "nobody"), ("/cacheClusterEnabled", "true")):
        with refused("BadRequestException"):
            patch = [{"op": "replace", "path": path, "value": value}]
            client.update_stage(restApiId=api, stageName="prod", patchOperations=patch)
    assert client.get_stage(restApiId=api, stageName="prod")["deploymentId"] == stage["deploymentId"]
    with refused("BadRequestException", "not '/binaryMediaTypes"):
        patch = [{"op": "add", "path": "/binaryMediaTypes/image~1png"}]
        client.update_rest_api(restApiId=api, patchOperations=patch)


def test_an_integration_is_patched_and_keeps_its_responses(client, workbook, api, url, backend):
    where = {"restApiId": api, "resourceId": rest_api.resources(workbook, api)["/{proxy+}"], "httpMethod": "ANY"}
    client.put_method_response(**where, statusCode="200")
    client.put_integration_response(**where, statusCode="200", selectionPattern="2..")
    moved = [{"op": "replace", "path": "/uri", "value": f"{backend.url}/moved/{{proxy}}"}]
    answer = client.update_integration(**where, patchOperations=moved)
    assert answer["uri"].endswith("/moved/{proxy}")
    there = client.get_integration(**where)
    assert there["integrationResponses"]["200"]["selectionPattern"] == "2.."
    assert there["requestParameters"] == {"integration.request.path.proxy": "method.request.path.proxy"}
    rest_api.deploy(workbook, api)
    assert requests.get(f"{url}/x").json()["path"] == "/moved/x"
    for patch in ({"op": "replace", "path": "/tlsConfig/x", "value": "true"}, {"op": "add", "path": "/uri"}):
        with refused("BadRequestException", "The lab patches"):
            client.update_integration(**where, patchOperations=[patch])
    with refused("NotFoundException", "Integration"):
        client.update_integration(**where | {"httpMethod": "GET"}, patchOperations=moved)


def test_a_method_that_wants_an_api_key_lets_in_those_of_its_usage_plans(client, workbook, api, url, backend):
    where = {"restApiId": api, "resourceId": rest_api.resources(workbook, api)["/{proxy+}"], "httpMethod": "ANY"}
    patch = [{"op": "replace", "path": "/apiKeyRequired", "value": "true"}]
    assert client.update_method(**where, patchOperations=patch)["apiKeyRequired"] is True
    rest_api.deploy(workbook, api)
    key = client.create_api_key(name="test", enabled=True)
    other = client.create_api_key(name="in no plan", enabled=True)
    plan = client.create_usage_plan(name="test", apiStages=[{"apiId": api, "stage": "prod"}])["id"]
    try:
        before = len(backend.asked)
        for headers in ({}, {"x-api-key": "wrong"}, {"x-api-key": key["value"]}, {"x-api-key": other["value"]}):
            reply = requests.get(f"{url}/a", headers=headers)
            assert (reply.status_code, reply.json()["message"]) == (403, "Forbidden")
        assert len(backend.asked) == before
        client.create_usage_plan_key(usagePlanId=plan, keyId=key["id"], keyType="API_KEY")
        assert requests.get(f"{url}/a", headers={"X-API-Key": key["value"]}).status_code == 201
        assert requests.get(f"{url}/a", headers={"x-api-key": other["value"]}).status_code == 403
        off = [{"op": "replace", "path": "/enabled", "value": "false"}]
        client.update_api_key(apiKey=key["id"], patchOperations=off)
        assert requests.get(f"{url}/a", headers={"x-api-key": key["value"]}).status_code == 403
    finally:
        client.delete_usage_plan(usagePlanId=plan)
        for one in (key, other):
            client.delete_api_key(apiKey=one["id"])


def test_what_would_be_ignored_is_refused_when_it_is_set(client, workbook, api):
    with refused("NotImplementedException", "does not know policy of CreateRestApi"):
        client.create_rest_api(name="closed", policy="{}")
    with refused("NotImplementedException", "no gateway responses of one's own"):
        client.put_gateway_response(restApiId=api, responseType="DEFAULT_4XX")
    where = {"restApiId": api, "resourceId": rest_api.create_proxy_resource(workbook, api), "httpMethod": "GET"}
    client.put_method(**where, authorizationType="NONE")
    http = {"type": "HTTP_PROXY", "integrationHttpMethod": "GET", "uri": "http://127.0.0.1:1"}
    with refused("NotImplementedException", "does not know tlsConfig of PutIntegration"):
        client.put_integration(**where, **http, tlsConfig={"insecureSkipVerification": True})
    with refused("BadRequestException", "The lab maps parameters of the path and headers"):
        mapped = {"integration.request.querystring.a": "'b'"}
        client.put_integration(**where, **http, requestParameters=mapped)


def test_limits_of_usage_plans_and_checks_of_bodies_are_refused(client, api):
    with refused("BadRequestException", "no throttle and no quota"):
        client.create_usage_plan(name="limited", throttle={"rateLimit": 1.0, "burstLimit": 1})
    with refused("BadRequestException", "not at bodies"):
        client.create_request_validator(restApiId=api, name="bodies", validateRequestBody=True)
    with refused("BadRequestException", "from the header x-api-key"):
        client.create_rest_api(name="authorizer", apiKeySource="AUTHORIZER")


def test_stage_variables_lead_to_the_server(client, workbook, api, backend):
    resource = rest_api.create_proxy_resource(workbook, api)
    rest_api.forward(workbook, api, resource, "http://${stageVariables.host}/${stageVariables.folder}")
    url = rest_api.deploy(workbook, api)
    assert requests.get(f"{url}/a").json()["message"] == "Internal server error"
    for name, value in (("host", backend.url.removeprefix("http://")), ("folder", "of-the-stage")):
        patch = [{"op": "replace", "path": f"/variables/{name}", "value": value}]
        client.update_stage(restApiId=api, stageName="prod", patchOperations=patch)
    assert requests.get(f"{url}/a").json()["path"] == "/of-the-stage/a"


def test_methods_resources_and_responses_are_patched(client, workbook, api, url):
    resource = rest_api.create_resource(workbook, api, "/one")
    where = {"restApiId": api, "resourceId": resource, "httpMethod": "GET"}
    client.put_method(**where, authorizationType="NONE")
    client.put_integration(**where, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
    client.put_method_response(**where, statusCode="200")
    client.put_integration_response(**where, statusCode="200")

    def patch(op, path, value=None):
        return [{"op": op, "path": path} | ({} if value is None else {"value": value})]

    named = "/responseParameters/method.response.header.X-Own"
    client.update_method_response(**where, statusCode="200", patchOperations=patch("add", named, "false"))
    made = client.update_integration_response(
        **where, statusCode="200",
        patchOperations=patch("add", "/responseTemplates/application~1json", "patched") + patch("add", named, "'x'"),
    )  # fmt: skip
    assert made["responseTemplates"] == {"application/json": "patched"}
    assert (
        client.update_resource(
            restApiId=api, resourceId=resource, patchOperations=patch("replace", "/pathPart", "two")
        )["path"]
        == "/two"
    )
    rest_api.deploy(workbook, api)
    reply = requests.get(f"{url}/two")
    assert (reply.status_code, reply.text, reply.headers["X-Own"]) == (200, "patched", "x")
    with refused("BadRequestException", "NONE and AWS_IAM"):
        client.update_method(**where, patchOperations=patch("replace", "/authorizationType", "CUSTOM"))
    with refused("BadRequestException", "Invalid Request Validator"):
        client.update_method(**where, patchOperations=patch("replace", "/requestValidatorId", "nobody"))
    with refused("BadRequestException", "The lab patches"):
        client.update_method(**where, patchOperations=patch("replace", "/authorizerId", "x"))
    with refused("BadRequestException", "#end"):
        bad = patch("replace", "/responseTemplates/application~1json", "#foreach($a in $b)")
        client.update_integration_response(**where, statusCode="200", patchOperations=bad)
    with refused("ConflictException", "already has this name"):
        client.update_resource(
            restApiId=api, resourceId=resource, patchOperations=patch("replace", "/pathPart", "{proxy+}")
        )
    with refused("NotFoundException"):
        client.update_method(**where | {"httpMethod": "PUT"}, patchOperations=[])
