"""Write down where the pipeline finds the running lab: one file of environment variables (`helpers.config`)."""

from urllib.parse import quote

from helpers.config import SINK_PLUGIN
from lab.core.files import write_private
from lab.core.layout import Lab
from lab.core.runtime import Runtime


def variables(runtime: Runtime) -> dict[str, str]:
    """Gather the addresses and keys: AWS's standard variables, and the workbook's own."""
    lab, credentials = runtime.lab, runtime.credentials
    token = quote(credentials.cluster_token)
    return {
        "AWS_ACCESS_KEY_ID": credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{lab.ports['aws']}",
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        # the same door, whose policies hold for every key; named, so that another in the shell does not count
        "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{lab.ports['aws']}",
        "WORKBOOK_BOOTSTRAP_SERVERS": f"127.0.0.1:{lab.ports['kafka']}",
        "WORKBOOK_KAFKA_AUTHORITY": str(lab.tls / "ca.pem"),
        "WORKBOOK_SINK_PLUGIN": str(lab.build / SINK_PLUGIN),
        "WORKBOOK_CLIENT_HOST": "127.0.0.1",
        "WORKBOOK_SSH_PORT": str(lab.ports["client"]),
        "WORKBOOK_SSH_FROM": "127.0.0.1/32",
        "WORKBOOK_GATEWAY_RANGES": "127.0.0.1/32",
        "WORKBOOK_KEY_FOLDER": str(lab.home / "keys"),
        "WORKBOOK_INVOKE_URL": f"http://127.0.0.1:{lab.ports['aws']}/restapis/{{api}}/{{stage}}/_user_request_",
        "WORKBOOK_DBFS_ROOT": str(lab.data("cluster") / "dbfs"),
        "WORKBOOK_DATABASE_URL": f"sqlite+posts:///{lab.posts_database}?detect_types=1",
        "DATABRICKS_HOST": f"http://127.0.0.1:{lab.ports['workspace']}",
        "DATABRICKS_TOKEN": credentials.cluster_token,
        # 127.0.0.1 with a token would make the client switch to TLS
        "SPARK_REMOTE": f"sc://localhost:{lab.ports['cluster']}/;token={token}",
    } | ({"WORKBOOK_BROKERS_THROUGH_CLIENT": "yes"} if lab.as_on_aws else {})


def notebook_environment(lab: Lab) -> dict[str, str]:
    """Environment in which a notebook finds one lab, whatever other lab there is."""
    return {
        "LAB_HOME": str(lab.home),
        "LAB_SETUP": str(lab.build),
        # so that the Java side's own output stays out of the notebook, as under nbval
        "PYTEST_CURRENT_TEST": "notebook",
    }


def write(runtime: Runtime) -> None:
    """Write the file, readable by the owner alone."""
    lines = (f"{name}='{value}'\n" for name, value in variables(runtime).items())
    write_private(runtime.lab.workbook_env, "".join(lines))


def remove(lab: Lab) -> None:
    """Take the addresses back when the lab stops."""
    lab.workbook_env.unlink(missing_ok=True)
