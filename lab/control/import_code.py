"""Put code into the workspace: ``python -m lab import PATH``."""

import base64
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from helpers.databricks.laptop.dbutils import Api, Context, ExecutionError
from lab.core import addresses
from lab.core.layout import Lab, LabError
from lab.core.runtime import existing_runtime
from lab.workspace.notebook import references, source
from lab.workspace.notebook.finding import Finding, lines
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
    targets = {file: _target(path, file, folder) for file in files}
    for file, target in targets.items():
        yield _import(api, file, target)
    for file, target in targets.items():
        findings = [*review(file), *_missing(api, file, target, set(targets.values()))]
        if findings:
            yield f"{file.name}:"
        yield from (f"  {finding}" for finding in findings)


def _target(path: Path, file: Path, folder: str) -> str:
    """Choose the path of a file's notebook in the workspace; empty for a DAG, which is none."""
    if _is_dag(file):
        return ""
    inner = file.name if path.is_file() else str(file.relative_to(path))
    return f"{folder.rstrip('/')}/{inner}".removesuffix(file.suffix)


def _is_dag(file: Path) -> bool:
    return file.suffix == ".py" and bool(_IS_DAG.search(file.read_text(errors="replace")))


def _import(api: Api, file: Path, target: str) -> str:
    if not target:
        return f"{file.name} is a DAG: it belongs below dags/ in the bucket of Airflow (notebook 08), not here."
    form = {"format": "JUPYTER"} if file.suffix == ".ipynb" else {"format": "SOURCE", "language": _language(file)}
    content = base64.b64encode(file.read_bytes()).decode()
    api.post("/api/2.0/workspace/import", path=target, content=content, overwrite=True, **form)
    return f"{file.name} is now the notebook {target}"


def _missing(api: Api, file: Path, target: str, others: set[str]) -> Iterator[Finding]:
    """Find what a file names that the workspace lacks: notebooks and secrets."""
    code = lines(file)
    for notebook in references.notebooks(code):
        if not _has_notebook(api, notebook.path, target):
            yield Finding(notebook.place, notebook.path, _elsewhere(notebook.path, others))
    for secret in references.secrets(code):
        there = _secrets(api)
        if secret.key not in there.get(secret.scope, ()):
            known = "; ".join(f"{scope}: {', '.join(keys)}" for scope, keys in there.items()) or "none"
            yield Finding(
                secret.place,
                f"{secret.scope}/{secret.key}",
                f"the workspace has no such secret. It has {known}. Read one of these, or make yours: `databricks "
                "secrets create-scope`, then `put-secret`.",
            )


def _elsewhere(path: str, others: set[str]) -> str:
    name = PurePosixPath(path).name
    near = sorted(other for other in others if PurePosixPath(other).name == name)
    remedy = f"it is at {near[0]}: write that" if near else "bring it there: `python -m lab import FILE --to FOLDER`"
    return f"the workspace has no notebook of this path; {remedy}."


def _has_notebook(api: Api, path: str, target: str) -> bool:
    try:
        whole = Context(path=target).resolve(path)
        return api.get("/api/2.0/workspace/get-status", path=whole)["object_type"] == "NOTEBOOK"
    except (ExecutionError, ValueError):  # ValueError: relative, and a DAG has no target; or above the root
        return False


def _secrets(api: Api) -> dict[str, list[str]]:
    scopes = [scope["name"] for scope in api.get("/api/2.0/secrets/scopes/list").get("scopes", ())]
    found = {scope: api.get("/api/2.0/secrets/list", scope=scope).get("secrets", ()) for scope in scopes}
    return {scope: [secret["key"] for secret in keys] for scope, keys in found.items()}


def _language(file: Path) -> str:
    return "SQL" if file.suffix == ".sql" else "PYTHON"
