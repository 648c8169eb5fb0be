"""Databricks' `dbutils` for a notebook that runs outside of Databricks: it asks the workspace's REST API."""

import os
from collections.abc import Mapping

from helpers.databricks.laptop.dbutils.api import Api, ExecutionError
from helpers.databricks.laptop.dbutils.context import Context
from helpers.databricks.laptop.dbutils.entry_point import EntryPoint
from helpers.databricks.laptop.dbutils.fs import FileInfo, FileSystem, MountInfo
from helpers.databricks.laptop.dbutils.library import Library
from helpers.databricks.laptop.dbutils.notebook import EXIT, Notebook, NotebookExit
from helpers.databricks.laptop.dbutils.partial import Partial
from helpers.databricks.laptop.dbutils.secrets import SecretMetadata, Secrets, SecretScope
from helpers.databricks.laptop.dbutils.widgets import InputWidgetNotDefined, Widgets

__all__ = [
    "EXIT", "Api", "Context", "DBUtils", "ExecutionError", "FileInfo", "InputWidgetNotDefined", "MountInfo",
    "NotebookExit", "SecretMetadata", "SecretScope",
]  # fmt: skip


class DBUtils(Partial):
    """What Databricks calls `dbutils`.

    Parameters
    ----------
    environment : mapping, optional
        Where ``DATABRICKS_HOST`` and ``DATABRICKS_TOKEN`` are, and what a job's run says of itself; by default this
        process's own.

    Attributes
    ----------
    fs : FileSystem
        Files and mounts.
    secrets : Secrets
        Secrets.
    widgets : Widgets
        Parameters of the notebook.
    notebook : Notebook
        Run another notebook, or leave this one.
    library : Library
        Start Python anew.
    """

    def __init__(self, environment: Mapping[str, str] = os.environ):
        host, token = environment["DATABRICKS_HOST"], environment["DATABRICKS_TOKEN"]
        api, context = Api(host, token), Context.read(environment)
        self.fs = FileSystem(api)
        self.secrets = Secrets(api)
        self.widgets = Widgets(context.arguments)
        self.notebook = Notebook(api, context, EntryPoint(context, host, token))
        self.library = Library()
