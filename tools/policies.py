"""``python -m tools.policies``: write what whoever runs a notebook must be allowed, into ``aws/policies/``.

The calls come from the code: what a notebook refers to, what that refers to, and so on. What services do on the
caller's behalf stands in no call; it is in `tools.policies_by_hand`, each with its source.
"""

import ast
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from botocore import xform_name
from botocore.exceptions import UnknownServiceError
from botocore.session import get_session

from helpers.config import CHECKOUT
from lab.aws.door.required_actions import S3_ACTIONS
from tools import notebooks
from tools.policies_by_hand import ANY, BY_MODULE, NAMED, ON_BEHALF

FOLDER = CHECKOUT / "aws" / "policies"

PREFIXES = {"mwaa": "airflow"}
"""Services whose actions begin with another word than boto3's name of the service."""

TRANSFERS = {"upload_file": "PutObject", "download_file": "GetObject"}
"""boto3's own methods of S3, which are no operations."""

Call = tuple[str, str]
"""Service and operation, as in ("kafka", "ListClustersV2")."""


@dataclass
class Part:
    """A function, class or constant at the top of a module, or a whole notebook.

    Attributes
    ----------
    calls : set of tuple
        AWS calls that it makes itself.
    uses : set of str
        Other parts that it refers to, by their full names.
    """

    calls: set[Call] = field(default_factory=set)
    uses: set[str] = field(default_factory=set)


@cache
def _operations(service: str) -> dict[str, str]:
    """List a service's operations: name in Python → name in AWS."""
    model = get_session().get_service_model(service)
    return {xform_name(name): name for name in model.operation_names}


@cache
def _waiters(service: str) -> dict[str, str]:
    """List a service's waiters: name in Python → the operation that it repeats."""
    try:
        model = get_session().get_waiter_model(service)
    except UnknownServiceError:  # it has none
        return {}
    return {xform_name(name): model.get_waiter(name).operation for name in model.waiter_names}


class Source:
    """A module or a notebook, read."""

    def __init__(self, tree: ast.Module, name: str):
        self.name = name
        self._services = {node.args[0].value for node in ast.walk(tree) if _makes_client(node)}
        self._names = dict(self._imported(tree))
        self._own = {name for node in tree.body for name in _defined(node)}
        self.parts: dict[str, Part] = {}
        for node in tree.body:
            if not isinstance(node, ast.Import | ast.ImportFrom):
                for own in _defined(node) or [""]:
                    self._read(node, self.parts.setdefault(f"{name}.{own}", Part()))

    def _imported(self, tree: ast.Module) -> Iterator[tuple[str, str]]:
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "helpers":
                for alias in node.names:
                    yield alias.asname or alias.name, f"{node.module}.{alias.name}"

    def _read(self, top: ast.AST, part: Part) -> None:
        for node in ast.walk(top):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in self._names:
                part.uses.add(f"{self._names[node.value.id]}.{node.attr}")
            elif isinstance(node, ast.Attribute):
                part.calls |= self._called(node.attr)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                part.calls |= self._called(node.value)
                part.calls |= {(service, _waiters(service)[node.value]) for service in self._services
                               if node.value in _waiters(service)}  # fmt: skip
            elif isinstance(node, ast.Name):
                part.uses |= {self._names[node.id]} if node.id in self._names else set()
                part.uses |= {f"{self.name}.{node.id}"} if node.id in self._own else set()

    def _called(self, name: str) -> set[Call]:
        """Tell which calls a word can mean here, where some services have clients."""
        found = {(service, _operations(service)[name]) for service in self._services if name in _operations(service)}
        return found | ({("s3", TRANSFERS[name])} if name in TRANSFERS and "s3" in self._services else set())


def _makes_client(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "client"
        and bool(node.args) and isinstance(node.args[0], ast.Constant)
    )  # fmt: skip


def _defined(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return [one.id for target in targets for one in ast.walk(target or ast.Pass()) if isinstance(one, ast.Name)]


def modules() -> dict[str, Path]:
    """List the pipeline's modules: name → file."""
    files = sorted((CHECKOUT / "helpers").rglob("*.py"))
    named = {".".join(file.relative_to(CHECKOUT).with_suffix("").parts): file for file in files}
    return {name.removesuffix(".__init__"): file for name, file in named.items()}


@cache
def _pipeline() -> dict[str, Part]:
    parts: dict[str, Part] = {}
    for name, file in modules().items():
        parts |= Source(ast.parse(file.read_text()), name).parts
    return parts


def calls(notebook: Path) -> set[Call]:
    """Follow what a notebook refers to, down to the AWS calls.

    Parameters
    ----------
    notebook : Path
        Its source, or any file of Python.
    """
    own = Source(ast.parse(notebook.read_text()), notebook.stem).parts
    parts, found, seen = _pipeline() | own, set(), set()
    waiting = list(own)
    while waiting:
        name = waiting.pop()
        if name in seen or name not in parts:
            continue
        seen.add(name)
        found |= parts[name].calls
        waiting += parts[name].uses
    return found | {call for module, call in BY_MODULE.items() if any(name.startswith(f"{module}.") for name in seen)}


def action(call: Call) -> str:
    """Name the action that a call needs (AWS's Service Authorization Reference)."""
    service, operation = call
    if service == "apigateway":  # its actions are HTTP's methods
        return f"apigateway:{get_session().get_service_model(service).operation_model(operation).http['method']}"
    known = S3_ACTIONS if service == "s3" else {}
    return f"{PREFIXES.get(service, service)}:{known.get(operation, operation)}"


def actions(found: set[Call]) -> set[str]:
    """Name all actions that calls need, those on the caller's behalf included."""
    own = {action(call) for call in found if call[1] != ANY}
    return own | {more for service, operation in found for more in ON_BEHALF.get(f"{service}:{operation}", ())}


def policy(found: set[Call]) -> dict:
    """Write the policy: a statement for what is about everything, one for each service whose things have names."""
    needed = actions(found)
    statements = []
    for service, resources in NAMED.items():
        own = {one for one in needed if one.startswith(f"{service}:") and one not in ON_BEHALF[ANY]}
        needed -= own
        if own:
            statements.append({"Effect": "Allow", "Action": sorted(own), "Resource": resources})
    statements.insert(0, {"Effect": "Allow", "Action": sorted(needed), "Resource": "*"})
    return {"Version": "2012-10-17", "Statement": [one for one in statements if one["Action"]]}


def text(notebook: Path) -> str:
    """Write a notebook's policy as its file holds it."""
    return json.dumps(policy(calls(notebook)), indent=2) + "\n"


def write(folder: Path = FOLDER) -> None:
    """Write all policies."""
    folder.mkdir(parents=True, exist_ok=True)
    for source in notebooks.sources():
        (folder / f"{source.stem}.json").write_text(text(source))


if __name__ == "__main__":
    write()
