"""What the worker behind MSK Connect says, in words; and which files are plugins."""

import zipfile

import pytest

from lab.aws.msk import connect_worker
from lab.aws.msk.connect_worker import ConnectFailed

TRACE = """org.apache.kafka.connect.errors.ConnectException: Exiting WorkerSinkTask due to unrecoverable exception.
\tat org.apache.kafka.connect.runtime.WorkerSinkTask.deliverMessages(WorkerSinkTask.java:634)
Caused by: org.apache.kafka.connect.errors.ConnectException: cannot write s3://b/k: the bucket does not exist.
\tat workbook.connect.s3.S3ObjectStore.call(S3ObjectStore.java:80)
Caused by: software.amazon.awssdk.services.s3.model.NoSuchBucketException: Service: S3
\t... 20 more
"""


def test_a_trace_is_told_by_its_reasons():
    reason = connect_worker.cause(TRACE)
    assert reason == "cannot write s3://b/k: the bucket does not exist. Because: Service: S3"


def zip_of(file, **entries):
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name.replace("__", "/") + ".jar", content)
    return file


def test_the_jars_of_a_zip_are_unpacked_wherever_in_it_they_are(tmp_path):
    archive = zip_of(tmp_path / "a.zip", lib__sink=b"1", other=b"2", up__up__evil=b"3")
    connect_worker.unpack(archive, tmp_path / "plugins" / "p")
    found = {file.name: file.read_bytes() for file in (tmp_path / "plugins" / "p").iterdir()}
    assert found == {"sink.jar": b"1", "other.jar": b"2", "evil.jar": b"3"}


def test_names_that_lead_out_of_the_folder_stay_in_it(tmp_path):
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w") as content:
        content.writestr("../../../outside.jar", b"x")
    connect_worker.unpack(archive, tmp_path / "plugins" / "p")
    assert [file.name for file in tmp_path.rglob("outside.jar")] == ["outside.jar"]
    assert (tmp_path / "plugins" / "p" / "outside.jar").exists()


def damaged(file):
    content = bytearray(zip_of(file, sink=b"x" * 100).read_bytes())
    at = content.rindex(b"PK\x01\x02")
    content[at : at + 4] = b"PK\x09\x09"
    file.write_bytes(content)
    return file


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda folder: zip_of(folder / "empty.zip"), "holds no jar file"),
        (lambda folder: damaged(folder / "damaged.zip"), "archive is damaged"),
        (lambda folder: folder / "text.zip", "not a zip archive"),
        (lambda folder: folder / "text.jar", "not a jar archive"),
    ],
)
def test_what_is_no_plugin_is_refused_in_words(tmp_path, make, words):
    for name in ("text.zip", "text.jar"):
        (tmp_path / name).write_text("no archive")
    with pytest.raises(ConnectFailed, match=words):
        connect_worker.check(make(tmp_path))


def test_a_zip_that_would_fill_the_disk_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(connect_worker, "LARGEST_PLUGIN", 2**20)
    with pytest.raises(ConnectFailed, match="unpacks to more than 1 MB"):
        connect_worker.check(zip_of(tmp_path / "bomb.zip", sink=b"0" * (2**20 + 1)))
