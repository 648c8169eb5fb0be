"""Dynamic value references: what ``{{job.run_id}}`` and its like in a parameter stand for.

As Databricks has it ("What is a dynamic value reference?"): an unknown name in a known namespace is refused, and other
text in double braces stays as it is.
"""

import re
from collections.abc import Mapping

from lab.workspace.routing import refused

KNOWN = ("job.id", "job.name", "job.run_id", "job.start_time.iso_date", "task.name", "job.parameters.<name>")
"""References that the lab resolves."""

_REFERENCE = re.compile(r"\{\{\s*((?:job|task|tasks|workspace|backfill)\.[^{}]+?|(?:job|run|parent_run)_id)\s*\}\}")
"""A reference in one of Databricks' namespaces, or in the older form without one."""

_PARAMETER = re.compile(r"job\.parameters\.(`?)(.+)\1")


def check(parameters: Mapping[str, str]) -> None:
    """Refuse references that the lab does not resolve.

    Raises
    ------
    WorkspaceError
        If there is one, with its name.
    """
    for value in parameters.values():
        for name in _REFERENCE.findall(value):
            if name not in KNOWN and not _PARAMETER.fullmatch(name):
                raise refused(
                    f"The lab does not know what {{{{{name}}}}} stands for: of the dynamic value references it "
                    f"resolves {', '.join(KNOWN)}."
                )


def resolved(parameters: Mapping[str, str], values: Mapping[str, str]) -> dict[str, str]:
    """Put values for references.

    Parameters
    ----------
    parameters : mapping of str to str
        Checked.
    values : mapping of str to str
        By reference.

    Raises
    ------
    WorkspaceError
        If a reference has no value, as one to a parameter that the job has not.
    """

    def value(found: re.Match) -> str:
        parameter = _PARAMETER.fullmatch(found[1])
        name = f"job.parameters.{parameter[2]}" if parameter else found[1]
        if name not in values:
            raise refused(f"{{{{{name}}}}} has no value here.")
        return values[name]

    return {name: _REFERENCE.sub(value, text) for name, text in parameters.items()}
