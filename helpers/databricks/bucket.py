"""The bucket as a folder of the workspace: mounted, or a volume of Unity Catalog; the settings decide which."""

from contextlib import redirect_stdout
from typing import Any

from helpers.config import SetupError, Workbook


def make_visible(workbook: Workbook, dbutils: Any, source: str) -> str:
    """Let the workspace see the bucket, and tell in which folder.

    Without ``WORKBOOK_VOLUME`` the bucket is mounted anew. With it nothing is mounted: new workspaces and serverless
    compute have no mounts, and `python -m helpers.databricks` has made the volume.

    Parameters
    ----------
    workbook : Workbook
        Gives the folder.
    dbutils : object
        The workspace's.
    source : str
        What to mount, such as ``s3n://KEY:SECRET@bucket``.

    Raises
    ------
    SetupError
        If there is no such volume.
    """
    folder = workbook.bucket_folder
    if workbook.volume:
        _look(dbutils, folder)
        return folder
    try:
        with redirect_stdout(None):  # unmount speaks
            if any(mount.mountPoint == folder for mount in dbutils.fs.mounts()):
                dbutils.fs.unmount(folder)
        dbutils.fs.mount(source, folder)
    except Exception as error:  # of Java, by way of several classes
        error.add_note("Where mounts are switched off, set WORKBOOK_VOLUME=<catalog>.<schema>.<volume> in .env.")
        raise
    return folder


def _look(dbutils: Any, folder: str) -> None:
    try:
        dbutils.fs.ls(folder)
    except Exception as error:  # of Java, by way of several classes
        words = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise SetupError(
            f"{folder} cannot be listed: {words} `python -m helpers.databricks --yes` makes the volume that "
            "WORKBOOK_VOLUME names; you need READ VOLUME on it."
        ) from error
