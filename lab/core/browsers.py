"""Keep pages in the user's browser away from the lab: its ports are on this computer, and so is the browser.

A page of any site can send requests to 127.0.0.1, and by a name of its own that leads there it can read the answers.
Standard library only: Airflow, which has an environment of its own, loads a copy of this file.
"""

import re
from collections.abc import Mapping

_OWN_HOST = re.compile(r"(127\.0\.0\.1|localhost)(:\d+)?", re.IGNORECASE)


def refusal(method: str, headers: Mapping[str, str]) -> str | None:
    """Say why a request is not to be answered; None if nothing is against it.

    Parameters
    ----------
    method : str
        Of the request.
    headers : mapping of str to str
        Finds names in whatever case.
    """
    host = headers.get("Host") or ""
    if not _OWN_HOST.fullmatch(host):
        return f"This is the lab, which answers at 127.0.0.1 and localhost only, not at {host[:100]!r}."
    origin = headers.get("Origin")
    if origin is not None and origin.lower() != f"http://{host.lower()}":
        return f"The lab answers no page of another site, and this request comes from {origin[:100]!r}."
    is_link = method == "GET" and headers.get("Sec-Fetch-Mode") == "navigate"
    if headers.get("Sec-Fetch-Site") in ("cross-site", "same-site") and not is_link:
        return "The lab answers no page of another site, and a browser says that this request comes from one."
    return None
