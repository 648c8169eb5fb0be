"""Put into a workspace of one's own what the notebooks find there: secret scope, volume, notebooks, helpers."""

import base64
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from helpers.account.check import SCOPE
from helpers.config import CHECKOUT, SetupError, Workbook

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

FOLDER = "/Shared/workbook"
"""Where notebook 08 looks for the notebooks of the DAG, in `jobs`."""

KEYS = ("access_key_id", "secret_access_key")
"""Names of the two secrets that notebooks 05 and 09 read."""

SETTINGS = (
    "WORKBOOK_TARGET", "WORKBOOK_ID", "AWS_REGION", "WORKBOOK_VOLUME", "WORKBOOK_BOOTSTRAP_SERVERS",
    "WORKBOOK_BROKERS_THROUGH_CLIENT", "WORKBOOK_CLUSTER", "WORKBOOK_AIRFLOW_SUBNETS",
)  # fmt: skip
"""What of the settings goes along: no address with a password in it, and no key."""


def make_scope(client: "WorkspaceClient", keys: tuple[str, str] | None = None) -> str:
    """Make the secret scope unless it is there, and keep a pair of AWS keys in it if one is given.

    Returns
    -------
    str
        "created" or "was there".
    """
    there = SCOPE in {scope.name for scope in client.secrets.list_scopes()}
    if not there:
        client.secrets.create_scope(SCOPE)
    for name, value in zip(KEYS, keys or (), strict=False):
        client.secrets.put_secret(SCOPE, name, string_value=value)
    return "was there" if there else "created"


def keys_of(profile: str) -> tuple[str, str]:
    """Read the keys of one of your AWS profiles.

    Raises
    ------
    SetupError
        If there is no such profile, or its keys end in some hours: a scope keeps them for longer.
    """
    import boto3  # late, as in `helpers.config`
    from botocore.exceptions import ProfileNotFound

    try:
        found = boto3.Session(profile_name=profile).get_credentials()
    except ProfileNotFound as error:
        raise SetupError(f"There is no AWS profile {profile!r}: `aws configure list-profiles` names yours.") from error
    if found is None or found.token:
        raise SetupError(
            f"The profile {profile!r} has no keys, or keys that end in some hours. Name one of an IAM user that may "
            "do no more than read the bucket and the streams."
        )
    return found.access_key, found.secret_key


def make_volume(client: "WorkspaceClient", workbook: Workbook, credential: str) -> str:
    """Make the external volume over the bucket, and the external location below it, unless they are there.

    Parameters
    ----------
    client : WorkspaceClient
        The workspace's.
    workbook : Workbook
        Gives volume and bucket.
    credential : str
        Name of the storage credential that may open the bucket.

    Returns
    -------
    str
        "created" or "was there".

    Raises
    ------
    SetupError
        If no credential is named.
    """
    from databricks.sdk.service.catalog import VolumeType

    catalog, schema, name = workbook.volume.split(".")
    there = client.volumes.list(catalog, schema)
    if name in {volume.name for volume in there}:
        return "was there"
    if not credential:
        raise SetupError(
            "WORKBOOK_STORAGE_CREDENTIAL names the storage credential that opens the bucket. Make one in Catalog "
            "Explorer, External data, Credentials, and put its name into .env."
        )
    address = f"s3://{workbook.bucket}"
    if address not in {location.url.rstrip("/") for location in client.external_locations.list()}:
        client.external_locations.create(workbook.bucket, address, credential)
    client.volumes.create(catalog, schema, name, VolumeType.EXTERNAL, storage_location=address)
    return "created"


def upload(client: "WorkspaceClient", settings: Mapping[str, str], folder: str = FOLDER) -> int:
    """Put notebooks, helpers, requirements and settings into the workspace, in place of what is there.

    The helpers stand beside the notebooks and beside those of the DAG: outside of Git folders a notebook imports from
    its own folder alone (Databricks documentation, Work with Python modules).

    Returns
    -------
    int
        Number of files.
    """
    from databricks.sdk.service.workspace import ImportFormat, Language

    files = dict(_files(settings))
    for parent in sorted({path.rpartition("/")[0] for path in files}):
        client.workspace.mkdirs(f"{folder}/{parent}".rstrip("/"))
    for path, content in files.items():
        kind, ending = _kind(path), Path(path).suffix
        client.workspace.import_(
            f"{folder}/{path.removesuffix(ending) if kind != 'AUTO' else path}",
            content=base64.b64encode(content).decode(), format=ImportFormat(kind), overwrite=True,
            language=Language.PYTHON if kind == "SOURCE" else None,
        )  # fmt: skip
    return len(files)


def _files(settings: Mapping[str, str]) -> Iterator[tuple[str, bytes]]:
    """List what goes into the workspace: path there, content."""
    for file in sorted((CHECKOUT / "notebooks").glob("[0-9]*.ipynb")):
        yield file.name, file.read_bytes()
    for file in sorted((CHECKOUT / "notebooks" / "jobs").glob("*.py")):
        yield f"jobs/{file.name}", file.read_bytes()
    for file in sorted((CHECKOUT / "helpers").rglob("*")):
        if file.is_file() and file.parent.name != "__pycache__":
            for place in ("", "jobs/"):
                yield f"{place}{file.relative_to(CHECKOUT).as_posix()}", file.read_bytes()
    yield "requirements.txt", (CHECKOUT / "requirements" / "cluster.txt").read_bytes()
    chosen = (f"{name}={settings[name]}\n" for name in SETTINGS if settings.get(name))
    yield ".env", "".join(chosen).encode()


def _kind(path: str) -> str:
    """Choose the form in which the Workspace API takes a file."""
    if path.endswith(".ipynb"):
        return "JUPYTER"
    return "SOURCE" if path.startswith("jobs/") and path.count("/") == 1 else "AUTO"
