"""Put code into the workspace: ``python -m lab import PATH``."""

import base64
import re
from collections.abc import Iterator
from pathlib import Path

from helpers.databricks.laptop.dbutils import Api
from lab.core import addresses
from lab.core.layout import Lab, LabError
from lab.core.runtime import existing_runtime
from lab.workspace.notebook import source
from lab.workspace.notebook.review import review

FOLDER = "/Users/learner@example.com"
"""Where things go unless told otherwise."""

_ENDINGS = {".ipynb", *source.COMMENT}
_IS_DAG = re.compile(r"^\s*(from|import) airflow\b", re.MULTILINE)


def put(lab: Lab, path: Path, folder: str = FOLDER) -> Iterator[str]:
    """Put a notebook, or a folder of notebooks, into the workspace, and say what to look at.

    Parameters
    ----------
    lab : Lab
        The running lab.
    path : Path
        ``.ipynb`` or a Databricks source file, or a folder, whose own folders stay as they are.
    folder : str
        Folder of the workspace.

    Yields
    ------
    str
        A line for each file, and one for each finding.

    Raises
    ------
    LabError
        If there is nothing to put there, or the cluster does not run.
    """
    if not path.exists():
        raise LabError(f"There is no file {path}.")
    files = [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.suffix in _ENDINGS)
    if not any(file.suffix in _ENDINGS for file in files):
        raise LabError(f"{path} is no notebook: the workspace takes {', '.join(sorted(_ENDINGS))}.")
    known = addresses.variables(existing_runtime(lab))
    api = Api(known["DATABRICKS_HOST"], known["DATABRICKS_TOKEN"])
    for file in files:
        inner = file.name if path.is_file() else str(file.relative_to(path))
        yield _import(api, file, f"{folder.rstrip('/')}/{inner}")
        yield from (f"  {finding}" for finding in review(file))


def _import(api: Api, file: Path, target: str) -> str:
    if file.suffix == ".py" and _IS_DAG.search(file.read_text(errors="replace")):
        return f"{file.name} is a DAG: it belongs below dags/ in the bucket of Airflow (notebook 08), not here."
    shown = target.removesuffix(file.suffix)
    form = {"format": "JUPYTER"} if file.suffix == ".ipynb" else {"format": "SOURCE", "language": _language(file)}
    content = base64.b64encode(file.read_bytes()).decode()
    api.post("/api/2.0/workspace/import", path=shown, content=content, overwrite=True, **form)
    return f"{file.name} is now the notebook {shown}"


def _language(file: Path) -> str:
    return "SQL" if file.suffix == ".sql" else "PYTHON"
