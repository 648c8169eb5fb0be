"""Our Java's own tests, in Java, with the clock, the bucket and the IAM file in their hands."""

import subprocess

import pytest

from lab.core.java import find_java
from lab.core.layout import Lab
from lab.setup import plugin


@pytest.mark.parametrize(
    ("project", "build", "count"),
    [(plugin.SINK, plugin.build_sink, 18), (plugin.KAFKA_IAM, plugin.build_kafka_iam, 144)],
    ids=["sink", "kafka-iam"],
)
def test_every_java_test_passes(project, build, count, tmp_path):
    lab = Lab.from_environment()
    java, jars = find_java(lab.build), lab.build / "jars"
    libraries = plugin.class_path(jars / "kafka", jars / "junit", build(lab, java))
    plugin.compile_java(lab, java, sorted((project / "test").rglob("*.java")), tmp_path, libraries)
    junit = next((jars / "junit").glob("*.jar"))
    done = subprocess.run(
        [java.executable, "-jar", junit, "execute", "--class-path", f"{tmp_path}:{libraries}", "--scan-class-path",
         str(tmp_path), "--details", "tree", "--disable-banner", "--disable-ansi-colors"],
        capture_output=True, text=True,
    )  # fmt: skip
    assert f"[{0:10} tests failed          ]" in done.stdout, done.stdout
    assert f"[{count:10} tests successful      ]" in done.stdout, done.stdout
