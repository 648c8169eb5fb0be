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
    source = textwrap.dedent(inspect.getsource(function))
    body = ast.parse(source).body[0].body
    lines = source.splitlines()
    first = body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        del lines[first.lineno - 1 : first.end_lineno]
    return "\n".join(line for line in lines if line.strip())


def show(*functions: Callable) -> None:
    """Print the code of functions, one after the other."""
    print("\n\n".join(code(function) for function in functions))
