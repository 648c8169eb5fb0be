"""Kafka's tools on the client machine are all there."""

import zipfile

import pytest

from lab.client.home import TOOLS
from lab.core.layout import Lab


@pytest.fixture(scope="module")
def classes():
    """Everything in the jars that the machine's Kafka has."""
    jars = (Lab.from_environment().build / "jars" / "kafka").glob("*.jar")
    return {name for jar in jars for name in zipfile.ZipFile(jar).namelist()}


@pytest.mark.parametrize(("tool", "java_class"), TOOLS.items())
def test_what_a_tool_starts_is_there(classes, tool, java_class):
    assert f"{java_class.replace('.', '/')}.class" in classes
