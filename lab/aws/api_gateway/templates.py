"""Mapping templates: Velocity (VTL) with API Gateway's variables ``$input``, ``$util``, ``$context``.

Source of the variables: API Gateway's "mapping template and access logging variable reference".

Apache Velocity 2.4.1 and json-path 2.9.0 themselves were tried, in a process beside this one. It took 46 MB, 77 after a
minute's work, 160 and more for the bodies of 10 MB that API Gateway takes; 0.15 ms a record where this takes 0.06, and
10 ms for 500 records, where this takes 20. But AWS's is no plain Velocity either: of 198 answers of API Gateway that
LocalStack has recorded (``test_templating.snapshot.json`` of its airspeed) Velocity gives 184, and this 196. So the lab
does not run the real ones; its tests hold what they answer.
"""

import base64
import json
import re
from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import quote_plus, unquote_plus

from lab.aws.api_gateway import java, json_path
from lab.aws.api_gateway.errors import GatewayRefusal, misconfigured
from lab.aws.api_gateway.requests import Invocation
from lab.aws.api_gateway.velocity import Template, TemplateError

MOST_TEMPLATES = 256
"""Kept parsed; an API of the workbook has six."""

_COMMENT = re.compile(r"(?<!\\)##[^\n]*|#\*.*?\*#", re.DOTALL)
_REFUSED = re.compile(
    r"(?<!\\)#\{?(?:break|macro|evaluate|return|parse|include|@)\b|(?<!\\)#\[\[|\\\\+(?=\$!?\{?[a-zA-Z])",
    re.IGNORECASE,
)
"""What airspeed prints as it stands, or carries out where AWS prints it, and two backslashes before a name."""

_UNSAFE = re.compile("[\\\\\"'/\b\f\n\r\t\x00-\x1f]|[^\x00-\x7f]")
_SHORT = {"\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


class _NotJson(ValueError):
    pass


def check(template: str) -> None:
    """Refuse a template that is no Velocity, or uses what would come out otherwise than on AWS.

    Raises
    ------
    ValueError
        Saying where it stops making sense, or what the lab lacks.
    """
    if found := _REFUSED.search(_COMMENT.sub("", template)):
        raise ValueError(f"The lab's templates have no {found.group()}; write them without it.")
    try:
        _parsed(template)
    except TemplateError as error:
        raise ValueError(str(error)) from error


def render(template: str, invocation: Invocation, body: str) -> str:
    """Fill in a template. What it names and is not there becomes empty text, as on AWS; it is never left as it stands.

    Parameters
    ----------
    template : str
        Velocity.
    invocation : Invocation
        Gives parameters, context and stage variables.
    body : str
        What ``$input`` is about: the request's body, or the integration's answer.

    Raises
    ------
    GatewayRefusal
        If the template asks for parts of a body that is not JSON, or cannot be filled in.
    """
    names = {
        "input": Input(body, invocation.parameters),
        "util": Util(),
        "context": invocation.context,
        "stageVariables": dict(invocation.stage.variables),
    }
    try:
        return _parsed(template).merge(names)
    except Exception as error:  # airspeed wraps what a function raises, and lets much else through
        cause: BaseException | None = error
        while cause and not isinstance(cause, _NotJson):
            cause = cause.__cause__ or cause.__context__
        if cause:
            raise GatewayRefusal(
                400, f"Could not parse request body into json: {cause}", "BadRequestException"
            ) from error
        invocation.log.append(f"Execution failed due to configuration error: Unable to transform: {error}")
        raise misconfigured() from error


@lru_cache(MOST_TEMPLATES)
def _parsed(template: str) -> Template:
    parsed = Template(template)
    parsed.ensure_compiled()
    return parsed


class Input:
    """``$input``: the body and the parameters."""

    def __init__(self, body: str, parameters: Mapping[str, Mapping[str, str]]):
        self.body = body or "{}"  # so does AWS
        self._parameters = parameters

    @cached_property
    def _document(self) -> Any:
        try:
            return java.of_json(json.loads(self.body, parse_constant=_no_constant))
        except (ValueError, RecursionError) as error:
            raise _NotJson(str(error)) from None

    def json(self, path: str = "$") -> str:
        """Return a part of the body as JSON; ``""`` stands for what is not there."""
        found = json_path.find(self._document, path)
        return '""' if found is None else java.as_json(found)

    def path(self, path: str = "$") -> Any:
        """Return a part of the body as an object, to be walked through; empty text stands for what is not there."""
        found = json_path.find(self._document, path)
        return "" if found is None else java.of_json(found)

    def params(self, name: str | None = None) -> Any:
        """Return a parameter, looked for in path, query string and headers; without a name all of them."""
        if name is None:
            return self._parameters
        found = (self._parameters[place].get(name) for place in ("path", "querystring", "header"))
        return next((value for value in found if value is not None), "")


class Util:
    """``$util``. What is no text is taken as it prints: an object of ``$input.path`` as a Java map, and not as JSON."""

    def base64Encode(self, value: Any) -> str | None:
        """Encode text."""
        return None if value is None else base64.b64encode(java.text(value).encode()).decode()

    def base64Decode(self, value: str) -> str:
        """Decode to text."""
        return base64.b64decode(value).decode(errors="replace")

    def escapeJavaScript(self, value: Any) -> str | None:
        r"""Escape text so that it fits between quotes; ``'`` becomes ``\'``, which is not JSON."""
        return None if value is None else _UNSAFE.sub(_escaped, java.text(value))

    def parseJson(self, text: str) -> Any:
        """Turn JSON into an object."""
        return java.of_json(json.loads(text))

    def urlEncode(self, text: Any) -> str:
        """Encode for a form."""
        if text is None:
            return ""
        return quote_plus(java.text(text), safe="*").replace("~", "%7E")  # as java.net.URLEncoder

    def urlDecode(self, text: str) -> str:
        """Decode a form's value."""
        return unquote_plus(text)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _escaped(found: re.Match[str]) -> str:
    character = found.group()
    if character in _SHORT:
        return _SHORT[character]
    if character in "\\\"'/":
        return f"\\{character}"
    return json.dumps(character)[1:-1].upper().replace("\\U", "\\u")
