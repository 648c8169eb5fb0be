"""The sink's own tests, in Java, with the clock and the bucket in their hands."""

import subprocess

import pytest

from helpers.lab.layout import Lab
from helpers.lab.setup import plugin
from helpers.lab.setup.java import find_java


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> str:
    lab = Lab.from_environment()
    java, jars = find_java(lab.build), lab.build / "jars"
    libraries = plugin.class_path(jars / "kafka", jars / "junit", plugin.build_sink(lab, java))
    classes = tmp_path_factory.mktemp("classes")
    plugin.compile_java(lab, java, sorted((plugin.SINK / "test").rglob("*.java")), classes, libraries)
    junit = next((jars / "junit").glob("*.jar"))
    done = subprocess.run(
        [java.executable, "-jar", junit, "execute", "--class-path", f"{classes}:{libraries}", "--scan-class-path",
         str(classes), "--details", "tree", "--disable-banner", "--disable-ansi-colors"],
        capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout


def test_every_java_test_passes(report):
    assert "[         0 tests failed          ]" in report, report
    assert "[        17 tests successful      ]" in report, report
