"""What a laptop and a cluster are told to install is what the helpers import, in the workbook's versions."""

import ast
import re
import sys

import pytest

from helpers.config import CHECKOUT

FOLDER = CHECKOUT / "requirements"

OF_THE_RUNTIME = {"boto3", "botocore", "pandas", "matplotlib", "requests", "pyspark", "IPython", "databricks", "delta"}
"""What every Databricks runtime brings (its release notes, installed Python libraries)."""

NEVER_ON_A_CLUSTER = {"airflow", "pendulum"}
"""What stands in files for Airflow, which are data here."""

PACKAGES = {"kafka": "kafka-python", "dotenv": "python-dotenv"}


def imported() -> set[str]:
    """List what the helpers import that is neither Python's nor the project's own."""
    names = set()
    for file in (CHECKOUT / "helpers").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names.add(node.module.partition(".")[0])
    return names - {*sys.stdlib_module_names, "helpers"}


def locked(name: str) -> dict[str, str]:
    return dict(re.findall(r"^([\w.-]+)==([^\s;]+)", (FOLDER / f"{name}.txt").read_text(), re.MULTILINE))


def test_a_cluster_is_told_of_everything_that_its_runtime_lacks():
    wanted = {PACKAGES.get(name, name) for name in imported() - OF_THE_RUNTIME - NEVER_ON_A_CLUSTER}
    assert wanted <= locked("cluster").keys()
    assert not {"pyspark", "boto3", "pandas", "databricks-connect"} & locked("cluster").keys()


def test_a_laptop_gets_all_that_and_no_second_pyspark():
    laptop = locked("databricks")
    assert locked("cluster").items() <= laptop.items()
    assert laptop["databricks-connect"].startswith("17.3.")
    assert "pyspark" not in laptop
    with_the_client = {"pyspark", "databricks", "delta"}
    wanted = imported() - with_the_client - NEVER_ON_A_CLUSTER
    assert {PACKAGES.get(name, name).lower() for name in wanted} <= laptop.keys()


@pytest.mark.parametrize("name", ["databricks", "cluster"])
def test_versions_that_the_workbook_pins_are_the_same_here(name):
    pins = dict(re.findall(r"^([\w.-]+)==(\S+)", (FOLDER / "workbook.in").read_text(), re.MULTILINE))
    told = dict(re.findall(r"^([\w.-]+)==(\S+)", (FOLDER / f"{name}.in").read_text(), re.MULTILINE))
    assert {package: version for package, version in told.items() if package in pins and "*" not in version}
    assert all(pins[package] == version for package, version in told.items() if package in pins)
