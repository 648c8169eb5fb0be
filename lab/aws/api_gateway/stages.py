"""What a stage of an API serves."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Stage:
    """What a stage of an API serves.

    Attributes
    ----------
    api, name : str
        Id of the API, name of the stage.
    variables : mapping of str to str
        Stage variables.
    resources : list of mapping
        As they were when the deployment was made.
    api_keys : frozenset of str
        Values of the API keys that its usage plans let in.
    """

    api: str
    name: str
    variables: Mapping[str, str]
    resources: list[Mapping[str, Any]]
    api_keys: frozenset[str] = field(default=frozenset(), repr=False)
