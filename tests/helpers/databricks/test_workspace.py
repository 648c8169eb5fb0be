"""A workspace of one's own is made ready: the lab's, by Databricks' SDK; where that lacks something, a stand-in."""

import os
import uuid
from types import SimpleNamespace

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import DatabricksError
from databricks.sdk.service.catalog import VolumeType
from databricks.sdk.service.workspace import ObjectType
from own_account import workbook as account

from helpers.config import SetupError
from helpers.databricks import __main__ as command
from helpers.databricks import bucket, workspace

SETTINGS = {"WORKBOOK_TARGET": "aws", "WORKBOOK_ID": "abcdef012345", "WORKBOOK_DATABASE_URL": "mysql://me:secret@host"}


@pytest.fixture
def client(workbook):
    return WorkspaceClient(host=os.environ["DATABRICKS_HOST"], token=os.environ["DATABRICKS_TOKEN"])


def test_notebooks_and_helpers_are_put_into_a_workspace_and_a_second_time_replaced(client):
    folder = f"/Users/me@example.com/{uuid.uuid4().hex[:8]}"
    for _ in range(2):
        count = workspace.upload(client, SETTINGS, folder)
    entries = client.workspace.list(folder, recursive=True)
    found = {entry.path.removeprefix(f"{folder}/"): entry.object_type for entry in entries}
    assert len([kind for kind in found.values() if kind is not ObjectType.DIRECTORY]) == count
    assert found["05_databricks_mount"] is found["jobs/clean_day"] is ObjectType.NOTEBOOK
    assert found["helpers/cleaning.py"] is found["jobs/helpers/airflow/daily.py"] is ObjectType.FILE
    assert client.workspace.download(f"{folder}/.env").read() == b"WORKBOOK_TARGET=aws\nWORKBOOK_ID=abcdef012345\n"
    client.workspace.delete(folder, recursive=True)


def test_a_scope_that_is_there_is_kept_and_gets_the_keys_that_it_lacks(client, monkeypatch):
    assert workspace.make_scope(client) == "was there"
    monkeypatch.setattr(workspace, "SCOPE", f"scope-{uuid.uuid4().hex[:8]}")
    assert workspace.make_scope(client, ("AKIA", "a/b+c")) == "created"
    assert client.dbutils.secrets.get(workspace.SCOPE, "secret_access_key") == "a/b+c"
    client.secrets.delete_scope(workspace.SCOPE)


def test_the_lab_says_that_it_has_no_volumes(client):
    with pytest.raises(DatabricksError, match=r"the lab's workspace lacks it.*no Unity Catalog"):
        workspace.make_volume(client, account(volume="main.default.pins"), "credential")


class Catalog:
    """Unity Catalog, as far as a volume needs it."""

    def __init__(self, volumes=(), locations=()):
        self.made = []
        self.volumes = SimpleNamespace(
            list=lambda catalog, schema: [SimpleNamespace(name=name) for name in volumes],
            create=lambda *asked, **more: self.made.append((*asked, more)),
        )
        self.external_locations = SimpleNamespace(
            list=lambda: [SimpleNamespace(url=url) for url in locations], create=lambda *asked: self.made.append(asked)
        )


def test_a_volume_is_made_over_the_bucket_once():
    own, catalog = account(volume="main.default.pins"), Catalog()
    address = f"s3://{own.bucket}"
    volume = ("main", "default", "pins", VolumeType.EXTERNAL, {"storage_location": address})
    assert workspace.make_volume(catalog, own, "mine") == "created"
    assert catalog.made == [(own.bucket, address, "mine"), volume]
    known = Catalog(locations=[f"{address}/"])
    assert workspace.make_volume(known, own, "mine") == "created"
    assert known.made == [volume]
    there = Catalog(volumes=["pins"])
    assert workspace.make_volume(there, own, "") == "was there"
    assert there.made == []


def test_a_volume_without_a_credential_is_refused_before_anything_is_made():
    catalog = Catalog()
    with pytest.raises(SetupError, match="WORKBOOK_STORAGE_CREDENTIAL"):
        workspace.make_volume(catalog, account(volume="main.default.pins"), "")
    assert catalog.made == []


def test_keys_that_end_in_hours_are_not_kept_in_a_scope(tmp_path, monkeypatch):
    file = tmp_path / "credentials"
    file.write_text(
        "[user]\naws_access_key_id=A\naws_secret_access_key=B\n"
        "[sso]\naws_access_key_id=A\naws_secret_access_key=B\naws_session_token=C\n"
    )
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    assert workspace.keys_of("user") == ("A", "B")
    with pytest.raises(SetupError, match="keys that end in some hours"):
        workspace.keys_of("sso")
    with pytest.raises(SetupError, match="no AWS profile 'nobody'"):
        workspace.keys_of("nobody")


def test_the_command_makes_nothing_unless_it_is_told_to(monkeypatch, capsys):
    own = account(volume="main.default.pins")
    monkeypatch.setattr(command.Workbook, "load", classmethod(lambda kind: own))
    monkeypatch.setattr(command, "_prepare", None)
    assert command.main([]) == 1
    assert "the volume main.default.pins" in capsys.readouterr().out


# the bucket as a folder


class Files:
    def __init__(self, mounts=(), refusal=None):
        self.calls, self._mounts, self._refusal = [], mounts, refusal

    def mounts(self):
        return [SimpleNamespace(mountPoint=point) for point in self._mounts]

    def __getattr__(self, name):
        def call(*asked):
            self.calls.append((name, *asked))
            if self._refusal:
                raise self._refusal

        return call


def test_without_a_volume_the_bucket_is_mounted_anew():
    own, files = account(), Files(["/mnt/abcdef012345"])
    assert bucket.make_visible(own, SimpleNamespace(fs=files), "s3n://k:s@b") == "/mnt/abcdef012345"
    assert files.calls == [("unmount", "/mnt/abcdef012345"), ("mount", "s3n://k:s@b", "/mnt/abcdef012345")]


def test_with_a_volume_nothing_is_mounted():
    own, files = account(volume="main.default.pins"), Files()
    assert bucket.make_visible(own, SimpleNamespace(fs=files), "s3n://k:s@b") == "/Volumes/main/default/pins"
    assert files.calls == [("ls", "/Volumes/main/default/pins")]


def test_a_mount_that_is_refused_and_a_volume_that_is_not_there_are_told_the_way_out():
    with pytest.raises(RuntimeError, match="off") as refused:
        bucket.make_visible(account(), SimpleNamespace(fs=Files(refusal=RuntimeError("off"))), "s3n://k:s@b")
    assert "WORKBOOK_VOLUME" in refused.value.__notes__[0]
    fs = Files(refusal=RuntimeError("gone\nat java"))
    with pytest.raises(SetupError, match=r"cannot be listed: gone `python -m helpers\.databricks --yes`"):
        bucket.make_visible(account(volume="main.default.pins"), SimpleNamespace(fs=fs), "")


def test_a_workspace_that_is_not_known_is_one_sentence(monkeypatch, capsys):
    def unknown():
        raise ValueError("default auth: cannot configure default credentials.")

    own = account()
    monkeypatch.setattr(command.Workbook, "load", classmethod(lambda kind: own))
    monkeypatch.setattr("databricks.sdk.WorkspaceClient", unknown)
    assert command.main(["--yes"]) == 2
    assert capsys.readouterr().err == (
        "The workspace is not known: default auth: cannot configure default credentials. Put DATABRICKS_HOST and "
        "DATABRICKS_TOKEN into .env.\n"
    )
