"""Airflow's door, as a plugin that Airflow loads: no page of another site comes in, by whatever name."""

from airflow.plugins_manager import AirflowPlugin
from lab_browsers import refusal
from starlette.datastructures import Headers
from starlette.responses import JSONResponse


class NoStrangers:
    """Turns away what a page of another site sends, before anything else is looked at."""

    def __init__(self, app):
        self._app = app

    async def __call__(self, scope, receive, send):
        """Answer one request, or hand it on."""
        words = refusal(scope["method"], Headers(scope=scope)) if scope["type"] == "http" else None
        await (JSONResponse({"detail": words}, 403) if words else self._app)(scope, receive, send)


class Door(AirflowPlugin):
    """What Airflow finds here."""

    name = "lab_door"
    fastapi_root_middlewares = [{"middleware": NoStrangers, "args": [], "kwargs": {}, "name": "no strangers"}]  # noqa: RUF012
