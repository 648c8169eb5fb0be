"""Show a helper's code in a notebook, so that nothing a learner uses is hidden."""

import ast
import inspect
import textwrap
from collections.abc import Callable


def code(function: Callable) -> str:
    """Return a function's source without its documentation, comments kept.

    Parameters
    ----------
    function : callable
        A function of the helpers.
    """
    lines, _ = _undocumented(function)
    return "\n".join(line for line in lines if line.strip())


def body(function: Callable) -> str:
    """Return what stands in a function as the text of a file, without the function's documentation.

    Parameters
    ----------
    function : callable
        Its body is meant for another program; nobody calls it here.
    """
    lines, head = _undocumented(function)
    return textwrap.dedent("\n".join(lines[head:])).strip() + "\n"


def _undocumented(function: Callable) -> tuple[list[str], int]:
    """Return a function's lines without its documentation, and how many of them are its head."""
    source = textwrap.dedent(inspect.getsource(function))
    first, *_ = ast.parse(source).body[0].body
    lines = source.splitlines()
    head = first.lineno - 1
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        del lines[head : first.end_lineno]
    return lines, head


def show(*functions: Callable) -> None:
    """Print the code of functions, one after the other."""
    print("\n\n".join(code(function) for function in functions))
