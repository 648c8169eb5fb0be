"""The house: which folder may import which, by the import graph (`pyproject.toml`), and what stands once."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from lab.core.layout import CHECKOUT
from tools import import_drawing

LINTER = (sys.executable, "-c", "from importlinter.cli import lint_imports_command as main; main()", "--no-cache")

MAKES_A_CLIENT = re.compile(r"\bboto3\.(client|resource)\(|\bfrom boto3 import\b")

SLOW_TO_IMPORT = {"IPython", "boto3", "grpc", "kafka", "moto", "nbformat", "pandas", "pyspark"}

FOLDERS = ("core", "setup", "airflow", "client", "rest_proxy", "workspace", "services", "control", "aws", "incidents")


def linted(checkout: Path) -> subprocess.CompletedProcess[str]:
    """Hold the imports of a checkout against its rules."""
    return subprocess.run(LINTER, cwd=checkout, capture_output=True, text=True)


def test_the_pipeline_never_imports_the_lab_and_no_import_of_the_lab_runs_upwards():
    done = linted(CHECKOUT)
    assert done.returncode == 0, done.stdout


@pytest.fixture
def house(tmp_path: Path):
    """Make a small house with the rules of this one; gives the function that adds a module to it."""
    (tmp_path / "pyproject.toml").write_text((CHECKOUT / "pyproject.toml").read_text())

    def add(path: str, code: str) -> None:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(code)

    for package in ("helpers", "helpers/kafka", "lab", "tools", *(f"lab/{folder}" for folder in FOLDERS)):
        add(f"{package}/__init__.py", "")
    add("lab/__main__.py", "import lab.aws\n")
    return add


def test_a_house_in_order_passes(house, tmp_path):
    house("lab/aws/good.py", "from helpers import kafka\nfrom lab.core import good\n")
    house("lab/core/good.py", '"""`lab.aws` in prose is no import."""\n')
    assert linted(tmp_path).returncode == 0


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("helpers/kafka/guilty.py", "def late():\n    from lab.core import layout\n"),
        ("helpers/guilty.py", "import tools\n"),
        ("lab/core/guilty.py", "from lab.setup import jars\n"),
        ("lab/services/guilty.py", "import lab.control\n"),
        ("lab/client/guilty.py", "from lab import workspace\n"),
    ],
)
def test_an_import_that_breaks_a_rule_is_found(house, tmp_path, path, code):
    house("lab/core/layout.py", "")
    house("lab/setup/jars.py", "")
    house(path, code)
    done = linted(tmp_path)
    assert done.returncode, done.stdout
    assert path.removesuffix(".py").replace("/", ".") in done.stdout


def test_the_rules_name_every_folder_of_the_lab():
    rules = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    named = {name for rule in rules for name in re.findall(r"lab\.(\w+)", " ".join(rule.get("layers", ())))}
    folders = {init.parent.name for init in (CHECKOUT / "lab").glob("*/__init__.py")}
    assert folders <= named
    assert folders == set(FOLDERS)


def makers_of_clients(checkout: Path) -> dict[str, list[int]]:
    """Find where the pipeline makes AWS clients: file → its lines."""
    found = {}
    for folder in ("helpers", "dags", "notebooks"):
        for file in sorted((checkout / folder).rglob("*.py")):
            lines = enumerate(file.read_text().splitlines(), 1)
            if made := [number for number, line in lines if MAKES_A_CLIENT.search(line)]:
                found[str(file.relative_to(checkout))] = made
    return found


def test_the_workbook_alone_makes_aws_clients():
    found = makers_of_clients(CHECKOUT)
    assert list(found) == ["helpers/config.py"]
    assert len(found["helpers/config.py"]) == 1


@pytest.mark.parametrize("path", ["helpers/kafka/guilty.py", "dags/guilty.py", "notebooks/99_guilty.py"])
@pytest.mark.parametrize(
    "line", ['iam = boto3.client("iam")', 's3 = boto3.resource("s3")', "from boto3 import client"]
)
def test_another_maker_of_clients_is_found(tmp_path, path, line):
    file = tmp_path / path
    file.parent.mkdir(parents=True)
    file.write_text(f"import boto3\n\n{line}\n")
    assert makers_of_clients(tmp_path) == {path: [3]}


def heavy_imports(statement: str) -> set[str]:
    """Tell which of the packages that take long to import a statement imports."""
    code = f"import sys\n{statement}\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    return SLOW_TO_IMPORT & set(done.stdout.split())


@pytest.mark.parametrize(
    "statement",
    ["import lab.__main__", "from helpers.databricks.laptop.dbutils import DBUtils", "from helpers import databricks"],
)
def test_what_is_to_start_quickly_imports_nothing_slow(statement):
    assert heavy_imports(statement) == set()


def test_a_slow_import_is_found():
    assert heavy_imports("import helpers.notebook.plots") >= {"pandas", "IPython"}


def test_the_drawing_of_the_imports_is_of_this_house():
    assert import_drawing.PAGE.read_text() == import_drawing.page(), "python -m tools.import_drawing"


def test_no_arrow_of_the_drawing_leads_from_the_pipeline_to_the_lab():
    found = import_drawing.arrows("helpers", "lab")
    assert ("lab.aws", "lab.core") in found
    assert not [pair for pair in found if pair[0].startswith("helpers") and pair[1].startswith("lab")]
