"""Airflow's web server as the lab's own client of it: tokens, and calls of the REST API passed on."""

from dataclasses import dataclass
from typing import Any

import aiohttp

from lab.airflow import keys
from lab.core.layout import Lab

SECONDS = 30
"""How long one call may take."""


class AirflowDown(Exception):
    """Nobody answers."""


@dataclass(frozen=True)
class Reply:
    """What the REST API answered."""

    status: int
    body: Any


class AirflowWeb:
    """The API server of one lab.

    Parameters
    ----------
    lab : Lab
        Its port and its login.
    http : aiohttp.ClientSession
        Carries the calls.
    """

    def __init__(self, lab: Lab, http: aiohttp.ClientSession):
        self._lab, self._http = lab, http
        self.host = f"127.0.0.1:{lab.ports['airflow']}"

    async def token(self, kind: str = "") -> str:
        """Log in and return a token.

        Parameters
        ----------
        kind : str
            Empty for the pages' own; "/cli" for one that lives shorter.

        Raises
        ------
        AirflowDown
            If nobody answers, or the login is not accepted.
        """
        login = {"username": keys.USER, "password": keys.load_or_create(self._lab).password}
        reply = await self._call("POST", f"/auth/token{kind}", {}, login, {})
        if "access_token" not in (reply.body or {}):
            raise AirflowDown(f"Airflow does not accept the lab's login: {reply.status}.")
        return str(reply.body["access_token"])

    async def call(self, method: str, path: str, query: dict[str, Any], body: Any) -> Reply:
        """Call the REST API.

        Parameters
        ----------
        method, path : str
            For example ``GET`` and ``/dags``.
        query : dict
            Parameters in the URL.
        body : object
            Sent as JSON; None sends none.

        Raises
        ------
        AirflowDown
            If nobody answers.
        """
        authorization = {"Authorization": f"Bearer {await self.token('/cli')}"}
        return await self._call(method, f"/api/v2{path}", query, body, authorization)

    async def _call(self, method: str, path: str, query: dict[str, Any], body: Any, headers: dict[str, str]) -> Reply:
        try:
            async with self._http.request(
                method, f"http://{self.host}{path}", params=_texts(query), json=body, allow_redirects=False,
                headers={"Accept": "application/json", **headers}, timeout=aiohttp.ClientTimeout(SECONDS),
            ) as answer:  # fmt: skip
                is_json = answer.content_type == "application/json"
                return Reply(answer.status, await (answer.json() if is_json else answer.text()))
        except (aiohttp.ClientError, TimeoutError) as error:
            raise AirflowDown(f"Airflow does not answer: {error or type(error).__name__}.") from error


def _texts(query: dict[str, Any]) -> dict[str, str]:
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in query.items()}
