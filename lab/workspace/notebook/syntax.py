"""Code that Python cannot parse: a notebook stops there, and Airflow shows no DAG."""

import ast
import warnings
from collections.abc import Iterator
from pathlib import Path

from lab.workspace.notebook.finding import Finding, texts


def review(file: Path) -> Iterator[Finding]:
    """Find the first line of each part of a file that does not parse."""
    if file.suffix == ".sql":
        return
    for words, text in texts(file):
        if error := _error(text if file.suffix == ".py" else _as_python(text)):
            yield Finding(
                f"{words}{error.lineno}",
                "does not parse",
                f"{error.msg}. Python runs nothing of a file like this, and Airflow shows no DAG of it.",
            )


def _as_python(cell: str) -> str:
    """Put a notebook's magics into Python; what another language speaks becomes nothing."""
    from IPython.core.inputtransformer2 import TransformerManager  # late: it takes 0.2 s

    first = cell.lstrip().partition("\n")[0].split(" ")[0]
    if first == "%python":
        cell = cell.replace("%python", "", 1).lstrip(" ")
    elif first.startswith("%"):
        return ""
    try:
        return TransformerManager().transform_cell(cell)
    except SyntaxError:
        return cell


def _error(text: str) -> SyntaxError | None:
    with warnings.catch_warnings(action="ignore"):  # of escapes that Python will not know one day
        try:
            compile(text.lstrip("\ufeff"), "code", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        except SyntaxError as error:
            return error
        except ValueError as error:  # a null character
            return SyntaxError(str(error), ("code", 1, 0, ""))
    return None
