"""Cut SQL text into statements: a semicolon inside quotes or a comment does not end one. Find their parameters."""

import re
from collections.abc import Mapping

_TOKEN = re.compile(
    r"""'(?:[^'\\]|\\.)*' | "(?:[^"\\]|\\.)*" | `[^`]*` | --[^\n]* | /\*.*?\*/ | ; | .""", re.VERBOSE | re.DOTALL
)


def statements(text: str) -> list[str]:
    """List the statements of a ``%sql`` cell, without those that are only comments.

    Parameters
    ----------
    text : str
        SQL, statements separated by semicolons.
    """
    found, current, holds_code = [], "", False
    for token in [*_TOKEN.findall(text), ";"]:
        if token != ";":
            current += token
            holds_code |= not token.isspace() and not token.startswith(("--", "/*"))
            continue
        if holds_code:
            found.append(current.strip())
        current, holds_code = "", False
    return found


_MARKER = re.compile(r"(?<![:\w]):([A-Za-z_]\w*)")
_VARIABLE = re.compile(r"\$\{([^{}:]+)\}")


def named(statement: str) -> set[str]:
    """Name the parameters of a statement: ``day`` where ``:day`` stands outside of quotes and comments."""
    code = "".join(token for token in _TOKEN.findall(statement) if not re.match(r"['\"`]|--|/\*", token))
    return set(_MARKER.findall(code))


def filled(text: str, values: Mapping[str, str]) -> tuple[str, set[str]]:
    """Put values for ``${name}``, wherever it stands: inside quotes too, as on Databricks.

    Parameters
    ----------
    text : str
        SQL.
    values : mapping of str to str
        By name.

    Returns
    -------
    tuple of str and set of str
        The text, and the names in it that have no value.
    """
    left = {name for name in _VARIABLE.findall(text) if name not in values}
    return _VARIABLE.sub(lambda found: values.get(found[1], found[0]), text), left
