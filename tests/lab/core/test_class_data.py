import os
from dataclasses import replace
from pathlib import Path

import pytest

from lab.core import class_data
from lab.core.java import Java
from lab.core.layout import Lab

JAVA = Java(Path("/java"), Path("/java/bin/java"), 17, "for the test")


@pytest.fixture
def jar(tmp_path):
    file = tmp_path / "a.jar"
    file.write_bytes(b"classes")
    return str(file)


@pytest.fixture
def lab(tmp_path):
    return Lab(tmp_path / "lab", build=tmp_path / "build")


def trial_of(lab):
    return replace(lab, home=class_data.trial_home(lab))


def archive(lab, java, jar):
    """Write an archive where the trial lab's JVM was told to."""
    (option,) = class_data.options(trial_of(lab), java, "Main", jar)
    file = Path(option.partition("=")[2].removesuffix(class_data.UNFINISHED))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("classes")
    return file


def test_without_an_archive_java_starts_as_ever(lab, jar):
    assert class_data.options(lab, JAVA, "Main", jar) == []


def test_an_archive_is_not_used_before_it_is_whole(lab, jar):
    (option,) = class_data.options(trial_of(lab), JAVA, "Main", jar)
    assert option.startswith("-XX:ArchiveClassesAtExit=")
    assert option.endswith(class_data.UNFINISHED)


@pytest.mark.parametrize(("version", "name"), [(17, "SharedArchiveFile"), (21, "SharedArchiveFile"), (25, "AOTCache")])
def test_an_archive_is_mapped_in_the_words_of_the_release(lab, jar, version, name):
    java = replace(JAVA, version=version)
    file = archive(lab, java, jar)
    assert class_data.options(lab, java, "Main", jar) == [f"-XX:{name}={file}"]


def test_another_jar_another_java_or_another_program_has_no_use_for_it(lab, jar):
    archive(lab, JAVA, jar)
    assert class_data.options(lab, replace(JAVA, version=18), "Main", jar) == []
    assert class_data.options(lab, JAVA, "Other", jar) == []
    os.utime(jar, (1, 1))
    assert class_data.options(lab, JAVA, "Main", jar) == []
