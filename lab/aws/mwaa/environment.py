"""MWAA: one environment, which leads to the real Airflow of the lab."""

import asyncio
import shutil
from collections.abc import Coroutine, Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from helpers.airflow import versions
from lab.airflow import configuration, keys
from lab.airflow.web import AirflowDown, AirflowWeb
from lab.aws.base_service import BaseService
from lab.aws.endpoint import LOG, Endpoint
from lab.aws.errors import AwsError
from lab.aws.identity import policies
from lab.aws.mwaa.dag_folder import DagFolder
from lab.aws.mwaa.members import MWAA
from lab.control import operations
from lab.core import iam_file
from lab.core.runtime import Runtime
from lab.services import airflow, s3

PRINCIPALS = ("airflow.amazonaws.com", "airflow-env.amazonaws.com")
"""Who must be allowed to assume an environment's execution role."""

SYNC_SECONDS = 1
"""How often the bucket is looked at; MWAA takes half a minute."""

UNDER_WAY = ("CREATING", "UPDATING", "DELETING")

KEPT = (
    "ExecutionRoleArn", "SourceBucketArn", "DagS3Path", "NetworkConfiguration", "EnvironmentClass", "MaxWorkers",
    "MinWorkers", "Schedulers", "Tags", "WebserverAccessMode", "LoggingConfiguration", "MaxWebservers", "MinWebservers",
    "RequirementsS3Path",
)  # fmt: skip
"""What a request says of an environment that is shown again; of these the lab honours the first three."""

REFUSED = ("PluginsS3Path", "StartupScriptS3Path", "RequirementsS3ObjectVersion")
"""What would change the software of an environment; the lab's has what the workbook needs."""

CHANGEABLE = ("ExecutionRoleArn", "SourceBucketArn", "DagS3Path")

Parameters = Mapping[str, Any]


class Mwaa(BaseService):
    """Amazon MWAA in front of one Airflow, which runs while there is an environment."""

    title = "MWAA"
    members = MWAA

    def __init__(self, endpoint: Endpoint, web: AirflowWeb):
        self._endpoint = endpoint
        self._lab = endpoint.runtime.lab
        self._web = web
        self._folder = DagFolder(configuration.dags_folder(self._lab))
        self._tasks: set[asyncio.Task[None]] = set()
        self._environments: dict[str, dict[str, Any]] = endpoint.state.own["airflow"].setdefault("environments", {})

    def resume(self) -> None:
        """Start Airflow again if there is an environment, and go on with what was cut short."""
        for name, environment in self._environments.items():
            self._start(self._delete(name) if environment["Status"] == "DELETING" else self._create(name))
        self._start(self._follow())

    async def create_environment(self, parameters: Parameters) -> dict[str, Any]:
        """Answer CreateEnvironment; Airflow is started behind the answer."""
        name = parameters["Name"]
        if name in self._environments:
            raise _invalid(f"Environment {name} already exists.")
        if self._environments:
            raise _invalid(f"The lab runs one environment, and there is {next(iter(self._environments))} already.")
        if unwanted := next((option for option in REFUSED if option in parameters), None):
            raise _invalid(f"In the lab an environment has no {unwanted}: it holds the Databricks provider already.")
        version = parameters.get("AirflowVersion", versions.airflow())
        if version != versions.airflow():
            raise _invalid(f"The lab has Airflow {versions.airflow()}, not {version}.")
        await self._check(parameters)
        kept = {option: parameters[option] for option in KEPT if option in parameters}
        arn = _arn(name)
        made = {
            "Name": name, "Arn": arn, "Status": "CREATING", "CreatedAt": datetime.now(UTC), "AirflowVersion": version,
            "WebserverUrl": self._web.host, "EnvironmentClass": "mw1.small", "WebserverAccessMode": "PUBLIC_ONLY",
        }  # fmt: skip
        await self._change(name, **made | kept)
        self._start(self._create(name))
        return {"Arn": arn}

    async def get_environment(self, parameters: Parameters) -> dict[str, Any]:
        """Answer GetEnvironment."""
        return {"Environment": self._get(parameters)}

    async def list_environments(self, parameters: Parameters) -> dict[str, Any]:
        """Answer ListEnvironments."""
        return {"Environments": sorted(self._environments)}

    async def update_environment(self, parameters: Parameters) -> dict[str, Any]:
        """Answer UpdateEnvironment: bucket, folder and role can change."""
        environment = self._get(parameters)
        self._check_idle(environment)
        other = sorted(parameters.keys() - {"Name", *CHANGEABLE})
        if other:
            raise _invalid(f"In the lab {', '.join(CHANGEABLE)} can be updated, not {other[0]}.")
        changed = {option: parameters[option] for option in CHANGEABLE if option in parameters}
        await self._check({**environment, **changed})
        update = {"Status": "SUCCESS", "CreatedAt": datetime.now(UTC)}
        await self._change(parameters["Name"], LastUpdate=update, **changed)
        return {"Arn": environment["Arn"]}

    async def delete_environment(self, parameters: Parameters) -> dict[str, Any]:
        """Answer DeleteEnvironment; Airflow is stopped behind the answer, its metadata go with the environment."""
        self._check_idle(self._get(parameters))
        await self._change(parameters["Name"], Status="DELETING")
        self._start(self._delete(parameters["Name"]))
        return {}

    async def create_cli_token(self, parameters: Parameters) -> dict[str, Any]:
        """Refuse CreateCliToken: its tokens open ``/aws_mwaa/cli``, which is MWAA's own and no part of Airflow.

        Raises
        ------
        AwsError
            Always, with what to use in its place.
        """
        self._get(parameters)
        raise _invalid(
            "The lab's MWAA has no /aws_mwaa/cli for which this token would be; AWS's has. Call Airflow's REST API "
            "by InvokeRestApi, as in path /dags/<dag>/dagRuns."
        )

    async def create_web_login_token(self, parameters: Parameters) -> dict[str, Any]:
        """Answer CreateWebLoginToken: a token that Airflow's own web server takes."""
        self._get_available(parameters)
        return {
            "WebToken": await self._token(""), "WebServerHostname": self._web.host, "IamIdentity": iam_file.LEARNER,
            "AirflowIdentity": keys.USER,
        }  # fmt: skip

    async def invoke_rest_api(self, parameters: Parameters) -> dict[str, Any]:
        """Answer InvokeRestApi: what Airflow says, its refusals as exceptions."""
        self._get_available(parameters)
        path = parameters["Path"]
        if not path.startswith("/") or "//" in path or ".." in path.split("/"):
            raise _invalid(f"Path {path!r} must begin with one / and lead nowhere else, as in /dags.")
        try:
            reply = await self._web.call(
                parameters["Method"], path, parameters.get("QueryParameters") or {}, parameters.get("Body")
            )
        except AirflowDown as error:
            raise AwsError("InternalServerException", str(error), 500) from error
        answer = {"RestApiStatusCode": reply.status, "RestApiResponse": reply.body}
        if reply.status >= 400:
            raise RestApiError(answer)
        return answer

    # behind the answers

    async def _create(self, name: str) -> None:
        self._endpoint.state.touch("airflow")
        try:
            await asyncio.to_thread(operations.start, self._endpoint.runtime, [airflow.NAME])
        except Exception as error:  # whatever it is, an environment that is CREATING for ever would be worse
            LOG.error("MWAA could not start Airflow", exc_info=error)
            failed = {"ErrorCode": "INCORRECT_CONFIGURATION", "ErrorMessage": str(error)[:1000]}
            update = {"Status": "FAILED", "CreatedAt": datetime.now(UTC), "Error": failed}
            await self._note(name, Status="CREATE_FAILED", LastUpdate=update)
            return
        await self._note(name, Status="AVAILABLE")

    async def _delete(self, name: str) -> None:
        await asyncio.to_thread(operations.stop, self._endpoint.runtime, airflow.PARTS)
        shutil.rmtree(self._lab.data("airflow"), ignore_errors=True)
        await self._endpoint.note("airflow", self._environments, name, None)

    async def _follow(self) -> None:
        """Keep the DAG folder in step for as long as this process lives."""
        client = s3.client(self._endpoint.runtime)
        while True:
            for environment in list(self._environments.values()):
                if environment["Status"] == "AVAILABLE":
                    bucket = environment["SourceBucketArn"].rpartition(":")[2]
                    prefix = f"{environment['DagS3Path'].strip('/')}/"
                    try:
                        await asyncio.to_thread(self._folder.follow, client, bucket, prefix)
                    except (BotoCoreError, ClientError, OSError) as error:
                        LOG.warning("s3://%s/%s cannot be read: %s", bucket, prefix, error)
            await asyncio.sleep(SYNC_SECONDS)

    # what the above share

    async def _check(self, wanted: Parameters) -> None:
        """Refuse what MWAA would refuse: a bucket, a folder or a role that does not serve.

        Raises
        ------
        AwsError
            ``ValidationException``.
        """
        bucket, role = wanted["SourceBucketArn"].rpartition(":")[2], wanted["ExecutionRoleArn"]
        if wanted["DagS3Path"].startswith(("/", "s3:")) or ".." in wanted["DagS3Path"].split("/"):
            raise _invalid(f"DagS3Path {wanted['DagS3Path']!r} must be a folder of the bucket, such as dags.")
        try:
            await asyncio.to_thread(s3.client(self._endpoint.runtime).head_bucket, Bucket=bucket)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            raise _invalid(f"Unable to read the source bucket {bucket}: {code}.") from error
        known = self._endpoint.directory
        if role not in known.trust:
            raise _invalid(f"The execution role {role} does not exist.")
        for principal in PRINCIPALS:
            if not policies.trusts_service(known.trust[role], principal, _arn(wanted["Name"])):
                raise _invalid(f"MWAA cannot assume {role}: its trust policy must name {principal}.")
        if wanted.get("RequirementsS3Path"):
            await asyncio.to_thread(_check_requirements, self._endpoint.runtime, bucket, wanted["RequirementsS3Path"])
        documents = known.policies.get(role, ())
        for action, arn in _needs(bucket, wanted["DagS3Path"]):
            if not policies.allows(documents, action, arn):
                raise _invalid(f"The execution role {role} does not allow {action} on {arn}.")

    async def _token(self, kind: str) -> str:
        try:
            return await self._web.token(kind)
        except AirflowDown as error:
            raise AwsError("InternalServerException", str(error), 500) from error

    def _get(self, parameters: Parameters) -> dict[str, Any]:
        name = parameters["Name"]
        if name not in self._environments:
            raise AwsError("ResourceNotFoundException", f"Environment {name} not found.", 404)
        return self._environments[name]

    def _get_available(self, parameters: Parameters) -> dict[str, Any]:
        environment = self._get(parameters)
        if environment["Status"] != "AVAILABLE":
            name, status = environment["Name"], environment["Status"]
            raise AwsError("ResourceNotFoundException", f"Environment {name} is {status}, not AVAILABLE.", 404)
        return environment

    def _check_idle(self, environment: Parameters) -> None:
        if environment["Status"] in UNDER_WAY:
            raise _invalid(f"Environment {environment['Name']} is {environment['Status']}: wait for that to end.")

    async def _change(self, name: str, **fields: Any) -> None:
        """Change a record; it is on disk then."""
        await self._endpoint.change("airflow", self._environments, name, fields)

    async def _note(self, name: str, **fields: Any) -> None:
        """Change a record behind the answers; it is on disk soon."""
        await self._endpoint.note("airflow", self._environments, name, fields)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)  # asyncio alone would forget it
        task.add_done_callback(self._tasks.discard)


class RestApiError(AwsError):
    """Airflow's own refusal, in MWAA's words: a member holds what Airflow said."""

    def __init__(self, answer: Mapping[str, Any]):
        status = answer["RestApiStatusCode"]
        code = "RestApiServerException" if status >= 500 else "RestApiClientException"
        super().__init__(code, f"Airflow answered {status}: {answer['RestApiResponse']}", 400)
        self.RestApiStatusCode = status
        self.RestApiResponse = answer["RestApiResponse"]


def _check_requirements(runtime: Runtime, bucket: str, key: str) -> None:
    """Refuse packages that the lab's Airflow does not have: it installs none, and has one version of each.

    Raises
    ------
    AwsError
        ``ValidationException``.
    """
    try:
        text = s3.client(runtime).get_object(Bucket=bucket, Key=key)["Body"].read().decode()
    except ClientError as error:
        raise _invalid(f"Unable to read s3://{bucket}/{key}: {error.response['Error']['Code']}.") from error
    there = {name for package, version in versions.packages().items() for name in (package, f"{package}=={version}")}
    if missing := [line for line in text.splitlines() if line.strip() and line.strip() not in there]:
        raise _invalid(
            f"The lab's Airflow has what the workbook needs, and installs nothing: s3://{bucket}/{key} asks for "
            f"{missing[0].strip()!r}. Take the line out; a package is taken if it is there, without a version or in "
            "the one that requirements/airflow.txt names."
        )


def _arn(name: str) -> str:
    return f"arn:aws:airflow:us-east-1:{iam_file.ACCOUNT}:environment/{name}"


def _needs(bucket: str, folder: str) -> list[tuple[str, str]]:
    """List what an execution role must allow: action and resource."""
    arn = f"arn:aws:s3:::{bucket}"
    return [("s3:ListBucket", arn), ("s3:GetObject", f"{arn}/{folder.strip('/')}/any.py")]


def _invalid(message: str) -> AwsError:
    return AwsError("ValidationException", message)
