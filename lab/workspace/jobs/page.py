"""The page of a run: the executed notebook, as far as it has come, for a browser.

A browser sends no token, so the address holds a key that only who has the token can work out.
"""

import hashlib
import hmac
import html

import nbformat
from nbconvert import HTMLExporter

from lab.workspace.errors import WorkspaceError
from lab.workspace.jobs.runs import Run, Task
from lab.workspace.jobs.store import Runs

RELOAD_SECONDS = 3

_HEAD = """<div style="font: 14px sans-serif; padding: 1em; margin: 1em; border-left: 6px solid {colour}">
<b>{name}</b> · {notebook}<br>{state} {message}<pre style="white-space: pre-wrap">{error}</pre></div>"""

_COLOURS = {"": "#888", "SUCCESS": "#2a7f3f"}


class Pages:
    """Pages of runs and tasks.

    Parameters
    ----------
    runs : Runs
        All runs.
    base_url : str
        Address of the workspace.
    token : str
        The workspace's; keys of pages are made from it.
    """

    def __init__(self, runs: Runs, base_url: str, token: str):
        self._runs, self._base_url, self._token = runs, base_url, token

    def url(self, run_id: int) -> str:
        """Address of the page of a run or a task."""
        return f"{self._base_url}/run/{run_id}?key={self._key(run_id)}"

    def _key(self, run_id: int) -> str:
        return hmac.new(self._token.encode(), f"page of run {run_id}".encode(), hashlib.sha256).hexdigest()

    def html(self, run_id: int, key: str) -> str:
        """Write the page.

        Raises
        ------
        WorkspaceError
            If the key is not the page's, or there is no such run.
        """
        if not hmac.compare_digest(key.encode(), self._key(run_id).encode()):
            raise WorkspaceError("PERMISSION_DENIED", "This is not the address of a run page.", 403)
        run, task = self._runs.find(run_id)
        tasks = [task] if task else run.tasks
        reload = "" if run.state.terminal else f'<meta http-equiv="refresh" content="{RELOAD_SECONDS}">'
        title = f"<title>{html.escape(run.name)}</title>"
        return f'<!DOCTYPE html><meta charset="utf-8">{title}{reload}' + "".join(self._part(run, one) for one in tasks)

    def _part(self, run: Run, task: Task) -> str:
        head = _HEAD.format(
            colour=_COLOURS.get(task.state.result_state, "#b3261e"),
            name=html.escape(task.key) + (f", attempt {task.attempt + 1}" if task.attempt else ""),
            notebook=html.escape(task.notebook_path),
            state=task.state.result_state or task.state.life_cycle_state,
            message=html.escape(task.state.state_message),
            error=html.escape(task.output.get("error", "")),
        )
        executed = self._runs.notebook(run, task)
        if not executed.exists():
            return head
        # scripts of others stay outside: a page works without a network, and sends nobody anything
        exporter = HTMLExporter(mathjax_url="", require_js_url="", jquery_url="")
        return head + exporter.from_notebook_node(nbformat.read(executed, as_version=4))[0]
