"""Command line: ``python -m helpers.databricks [--yes] [--keys-of PROFILE]``: make a workspace of one's own ready."""

import argparse
import os
import sys

from helpers.config import SetupError, Workbook
from helpers.databricks import workspace
from helpers.kafka import sink_objects


def _prepare(workbook: Workbook, profile: str | None) -> None:
    from databricks.sdk import WorkspaceClient

    try:
        client = WorkspaceClient()
    except ValueError as error:  # what the SDK raises of a host or credentials that it does not find
        words = f"The workspace is not known: {error} Put DATABRICKS_HOST and DATABRICKS_TOKEN into .env."
        raise SetupError(words) from error
    scope = workspace.make_scope(client, workspace.keys_of(profile) if profile else None)
    print(f"secret scope {workspace.SCOPE}: {scope}" + ("" if profile else ", no keys put into it"))
    if workbook.volume:
        sink_objects.create_bucket(workbook)  # Databricks looks into it when the volume is made
        made = workspace.make_volume(client, workbook, os.environ.get("WORKBOOK_STORAGE_CREDENTIAL", ""))
        print(f"volume {workbook.volume}: {made}")
    print(f"{workspace.FOLDER}: {workspace.upload(client, os.environ)} files")


def main(arguments: list[str]) -> int:
    """Make the workspace ready.

    Returns
    -------
    int
        0 if it is, 1 if nothing was done, 2 if settings are wrong or Databricks refuses.
    """
    parser = argparse.ArgumentParser(prog="python -m helpers.databricks", description=workspace.__doc__)
    parser.add_argument("--yes", action="store_true", help="do it, rather than say what would be done")
    parser.add_argument("--keys-of", metavar="PROFILE", help="AWS profile whose keys the scope is to keep")
    options = parser.parse_args(arguments)
    from databricks.sdk.errors import DatabricksError

    try:
        workbook = Workbook.load()
        if not options.yes:
            volume = f"the volume {workbook.volume}, " if workbook.volume else ""
            print(f"With --yes: secret scope {workspace.SCOPE}, {volume}notebooks and helpers in {workspace.FOLDER}.")
            return 1
        _prepare(workbook, options.keys_of)
    except (SetupError, DatabricksError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
