"""What a visitor of the repository relies on."""

import os
import re
import subprocess
import sys

import pytest

from helpers.lab.layout import CHECKOUT, PORTS, port_variable

SPARK_TESTS = ("tests/helpers/test_raw.py", "tests/helpers/test_cleaning.py", "tests/helpers/test_analytics.py")


def tracked():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=CHECKOUT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [CHECKOUT / name for name in listed.stdout.split("\0") if name]


def test_links_in_the_readme_lead_somewhere():
    for document in (CHECKOUT / "README.md", CHECKOUT / "data" / "README.md"):
        for target in re.findall(r"\]\((?!http|#)([^)#]+)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_the_readme_names_every_port():
    text = (CHECKOUT / "README.md").read_text()
    for name, port in PORTS.items():
        assert str(port) in text, name
        assert port_variable(name) in text, name


def test_the_pipeline_never_imports_the_lab():
    for module in (CHECKOUT / "helpers").glob("*.py"):
        assert "helpers.lab" not in re.sub(r"`[^`]*`", "", module.read_text()), module


def test_nothing_large_and_no_machine_path_is_tracked():
    for file in tracked():
        assert file.stat().st_size < 3_000_000, file
        if file.suffix in (".py", ".md", ".ipynb", ".java", ".toml", ".yml", ".properties", ".xml"):
            assert not re.search(r"(?<![\w.])/(?:home|Users)/\w+/", file.read_text()), file


def test_code_is_formatted_and_clean():
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "helpers", "tests", "data", "notebooks"],
        cwd=CHECKOUT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_the_spark_helpers_do_the_same_on_a_classic_session():
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SPARK_")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *SPARK_TESTS],
        cwd=CHECKOUT, capture_output=True, text=True, env=environment | {"WORKBOOK_TEST_SPARK": "classic"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-5000:]
