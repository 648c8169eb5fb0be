"""What a notebook that a job runs knows of itself: its path, its arguments, its run."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

USER = "learner@workbook"
"""The one user of the workspace."""


@dataclass(frozen=True)
class Context:
    """Where a notebook stands; empty for one that a person has opened.

    Attributes
    ----------
    path : str
        The notebook's path in the workspace.
    arguments : dict of str to str
        What the job hands to its widgets.
    run_id : int
        Number of the task that runs it.
    """

    path: str = ""
    arguments: Mapping[str, str] = field(default_factory=dict)
    run_id: int = 0

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> "Context":
        """Read it from environment variables."""
        return cls(
            environment.get("WORKSPACE_NOTEBOOK_PATH", ""),
            json.loads(environment.get("WORKSPACE_NOTEBOOK_ARGUMENTS") or "{}"),
            int(environment.get("WORKSPACE_TASK_RUN_ID") or 0),
        )

    def environment(self) -> dict[str, str]:
        """Write it as environment variables."""
        return {
            "WORKSPACE_NOTEBOOK_PATH": self.path,
            "WORKSPACE_NOTEBOOK_ARGUMENTS": json.dumps(dict(self.arguments)),
            "WORKSPACE_TASK_RUN_ID": str(self.run_id),
        }

    def resolve(self, path: str) -> str:
        """Make a path absolute: relative ones begin at this notebook's folder, as in ``%run ./other``.

        Raises
        ------
        ValueError
            If it is relative and this notebook has no place in the workspace, or leads above the root.
        """
        if path.startswith("/"):
            return path
        if not self.path:
            raise ValueError(f"{path!r} is relative, and this notebook is not in the workspace: give the whole path.")
        parts = self.path.split("/")[:-1]
        for step in path.split("/"):
            if step == ".." and len(parts) < 2:
                raise ValueError(f"{path!r} leads above the workspace, seen from {self.path}.")
            parts = parts[:-1] if step == ".." else [*parts, step] if step not in ("", ".") else parts
        return "/".join(parts)
