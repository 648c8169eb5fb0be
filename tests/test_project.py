"""What a visitor of the repository relies on."""

import ast
import importlib.metadata
import os
import re
import subprocess
import sys

import pytest

from lab.core.layout import CHECKOUT, PORTS, port_variable

OURS = ("helpers", "lab", "tools")


def tracked():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=CHECKOUT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [CHECKOUT / name for name in listed.stdout.split("\0") if name]


def test_links_in_the_documents_lead_somewhere():
    for document in (CHECKOUT / "README.md", CHECKOUT / "data" / "README.md", *(CHECKOUT / "docs").glob("*.md")):
        for target in re.findall(r"\]\((?!http|#)([^)#]+)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_the_documents_name_every_port():
    text = (CHECKOUT / "docs" / "services.md").read_text()
    for name, port in PORTS.items():
        assert str(port) in text, name
        assert port_variable(name) in text, name


def third_party(helpers):
    """Packages of others that a folder's modules import: name → a module that does; templates run elsewhere."""
    found = {}
    for module in sorted(file for file in helpers.rglob("*.py") if "templates" not in file.parts):
        for node in _run_here(ast.parse(module.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module]
            found |= {name.split(".")[0]: str(module.relative_to(helpers)) for name in names}
    return {name: module for name, module in found.items() if name not in {*sys.stdlib_module_names, *OURS}}


FOR_AIRFLOW = "Be a file for Airflow"
"""How a function's documentation begins if its body is a file's text: Airflow, with packages of its own, runs it."""


def _run_here(node):
    """Walk through a tree, but for what is written here for Airflow to run."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.FunctionDef) and (ast.get_docstring(child) or "").startswith(FOR_AIRFLOW)):
            yield from _run_here(child)


def required(file):
    """Names of distributions that a requirements file asks for, as PyPI spells them."""
    lines = (line.partition("#")[0].strip() for line in file.read_text().splitlines())
    return {canonical(re.match(r"[\w.-]+", line)[0]) for line in lines if line}


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def unnamed(imported, distributions):
    """Imports that none of some distributions brings."""
    brings = importlib.metadata.packages_distributions()
    return {
        name: module
        for name, module in imported.items()
        if not distributions & {canonical(distribution) for distribution in brings.get(name, [name])}
    }


def test_what_the_code_imports_is_named_in_the_requirements():
    imported = {}
    for folder in ("helpers", "lab", "tools"):
        imported |= third_party(CHECKOUT / folder)
    named = [required(CHECKOUT / "requirements" / f"{one}.in") for one in ("workbook", "site")]
    assert not unnamed(imported, set().union(*named))


def test_an_import_that_only_comes_along_is_found(tmp_path):
    (tmp_path / "dbutils").mkdir()
    (tmp_path / "dbutils" / "page.py").write_text(
        "import os\nfrom dotenv import load_dotenv\n\ndef page():\n    import nbconvert.exporters\n"
    )
    (tmp_path / "some.in").write_text("# nbconvert==1\npython.dotenv==1.0   # nbconvert\n")
    found = unnamed(third_party(tmp_path), required(tmp_path / "some.in"))
    assert found == {"nbconvert": "dbutils/page.py"}


def test_an_import_in_a_file_for_airflow_is_airflows(tmp_path):
    (tmp_path / "dag.py").write_text(
        f'def dag():\n    """{FOR_AIRFLOW}."""\n    import pendulum\n\n\ndef run():\n    import airflow\n'
    )
    assert third_party(tmp_path) == {"airflow": "dag.py"}


def test_nothing_large_and_no_machine_path_is_tracked():
    for file in tracked():
        assert file.stat().st_size < 3_000_000, file
        if file.suffix in (".py", ".md", ".ipynb", ".java", ".toml", ".yml", ".properties", ".xml"):
            assert not re.search(r"(?<![\w.])/(?:home|Users)/\w+/", file.read_text()), file


def test_code_is_formatted_and_clean():
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "."],
        cwd=CHECKOUT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


@pytest.mark.lab  # not that it needs one, but it takes as long
def test_the_spark_helpers_do_the_same_on_a_classic_session():
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SPARK_")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "classic", "tests/helpers"],
        cwd=CHECKOUT, capture_output=True, text=True, env=environment | {"WORKBOOK_TEST_SPARK": "classic"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-5000:]
