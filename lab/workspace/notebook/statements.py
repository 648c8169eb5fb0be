"""Cut SQL text into statements: a semicolon inside quotes or a comment does not end one."""

import re

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
