import socket

from labs import SPARE_PORTS

from lab.control import disk, doctor, operations
from lab.control.supervision import State
from lab.core.layout import Lab, read_ports
from lab.services import ALL


def test_what_is_in_the_way_is_said_with_a_remedy(tmp_path):
    (tmp_path / "file").write_text("no folder")
    with socket.socket() as holder:
        # any free port: one that a lab has just left cannot be bound for a minute
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        ports = read_ports({"LAB_PORT_OFFSET": str(SPARE_PORTS), "LAB_S3_PORT": str(holder.getsockname()[1])})
        lab = Lab(tmp_path / "file" / "lab", build=tmp_path / "build", ports=ports)
        bad = [finding.text for finding in doctor.examine(lab) if not finding.well]
    assert any(f"Port {ports['s3']}" in text and "LAB_S3_PORT" in text for text in bad)
    assert any("cannot be written" in text and "LAB_HOME" in text for text in bad)
    assert any("jars are not as recorded" in text and "make setup" in text for text in bad)


def test_a_service_that_has_given_up_is_named_with_its_last_words(tmp_path):
    lab = Lab(tmp_path)
    lab.logs.mkdir()
    (lab.logs / "aws.log").write_text("first\niam.state is damaged. `python -m lab reset` makes a new lab.\n")
    reports = [
        operations.Report(service, State(False, word, 0, 0), False, 0)
        for service, word in zip(ALL, ("stopped", "stopped", "exited"), strict=False)
    ]
    (finding,) = doctor._services(lab, reports)
    assert not finding.well
    assert finding.text.startswith("aws has stopped by itself: iam.state is damaged.")


def test_a_full_disk_is_seen_before_it_hurts(tmp_path, monkeypatch):
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 5_000_000})())
    assert not doctor._folder(tmp_path).well
    assert "Only 5 MB are free" in doctor._folder(tmp_path).text
