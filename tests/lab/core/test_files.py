import stat

import pytest

from lab.core import files
from lab.core.credentials import load_or_create, new_credentials
from lab.core.layout import LabError


def test_private_files_are_the_owners_alone_and_replaced_whole(tmp_path):
    file = tmp_path / "secret"
    files.write_private(file, "one")
    files.write_private(file, "two")
    assert file.read_text() == "two"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_a_private_folder_is_the_owners_alone_also_when_it_was_there(tmp_path):
    for folder in (tmp_path / "new" / "lab", tmp_path / "old"):
        (tmp_path / "old").mkdir(mode=0o755, exist_ok=True)
        files.make_private_folder(folder)
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_files_are_replaced_together_or_not_at_all(tmp_path):
    first, second = tmp_path / "first", tmp_path / "folder" / "second"
    files.write_all_private({first: b"one", second: b"two"})
    blocked = tmp_path / "a file" / "third"
    blocked.parent.write_text("in the way")
    with pytest.raises(OSError, match="a file"):
        files.write_all_private({first: b"new", second: b"new", blocked: b"new"})
    assert (first.read_bytes(), second.read_bytes()) == (b"one", b"two")
    assert sorted(tmp_path.iterdir()) == sorted([first, second.parent, blocked.parent]), "nothing unfinished is left"


def test_properties_survive_javas_reading():
    assert files.properties({"path": "C:\\läb ü😀"}) == "path=C:\\\\l\\u00e4b \\u00fc\\ud83d\\ude00\n"


def test_a_template_with_a_value_missing_is_refused():
    with pytest.raises(KeyError, match="data"):
        files.render_properties("s3proxy.properties", s3=1, access_key_id="a", secret_access_key="b")


def test_credentials_are_made_once_and_never_shown(tmp_path):
    file = tmp_path / "credentials.json"
    made = load_or_create(file)
    assert load_or_create(file) == made
    assert made != new_credentials()
    assert made.access_key_id.startswith("AKIA")
    assert len(made.access_key_id) == 20
    assert len(made.secret_access_key) == 40
    assert made.secret_access_key not in repr(made)


def test_damaged_credentials_are_said_not_replaced(tmp_path):
    file = tmp_path / "credentials.json"
    file.write_text('{"access_key_id": ')
    with pytest.raises(LabError, match=r"damaged.*reset"):
        load_or_create(file)
    assert file.read_text() == '{"access_key_id": '
