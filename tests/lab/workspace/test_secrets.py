"""Secret scopes in their file."""

import base64
import json

import pytest

from lab.workspace.errors import WorkspaceError
from lab.workspace.secrets import LARGEST, Secrets


@pytest.fixture
def file(tmp_path):
    return tmp_path / "secrets.json"


def test_secrets_are_on_disk_at_once_for_the_owner_alone(file):
    secrets = Secrets(file)
    secrets.create_scope("mine")
    secrets.put("mine", "key", b"\xffvalue")
    assert base64.b64decode(Secrets(file).get("mine", "key")) == b"\xffvalue"
    assert file.stat().st_mode & 0o077 == 0
    secrets.delete("mine", "key")
    assert Secrets(file).keys("mine") == {}
    secrets.delete_scope("mine")
    assert Secrets(file).scopes() == []


def test_a_file_of_an_earlier_lab_is_read(file):
    file.write_text(json.dumps({"aws": {"key": "välue"}}))
    assert base64.b64decode(Secrets(file).get("aws", "key")).decode() == "välue"
    Secrets(file).put("aws", "other", b"x")
    assert list(Secrets(file).keys("aws")) == ["key", "other"]


def test_what_cannot_be_is_refused_and_changes_nothing(file):
    secrets = Secrets(file)
    secrets.create_scope("mine")
    for attempt, words in (
        (lambda: secrets.create_scope("mine"), "Scope mine already exists!"),
        (lambda: secrets.create_scope("a b"), "letters, digits"),
        (lambda: secrets.create_scope(""), "letters, digits"),
        (lambda: secrets.put("mine", "x" * 129, b""), "letters, digits"),
        (lambda: secrets.put("mine", "k", b"x" * (LARGEST + 1)), "at most"),
        (lambda: secrets.put("other", "k", b""), "Secret scope does not exist: other"),
        (lambda: secrets.delete("mine", "k"), "Secret does not exist"),
        (lambda: secrets.delete_scope("other"), "Secret scope does not exist: other"),
    ):
        with pytest.raises(WorkspaceError, match=words) as refused:
            attempt()
        assert "xxxxx" * 20 not in refused.value.message
    assert (Secrets(file).scopes(), Secrets(file).keys("mine")) == (["mine"], {})


def test_what_cannot_be_written_has_not_happened(file, monkeypatch):
    secrets = Secrets(file)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("lab.workspace.secrets.write_private", full)
    with pytest.raises(OSError, match="No space"):
        secrets.create_scope("mine")
    assert secrets.scopes() == []
