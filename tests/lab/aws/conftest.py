"""The running AWS endpoint: the learner, and roles with the policies that a test gives them."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from callers import Role, trust

from lab.core.iam_file import LEARNER
from lab.core.layout import Lab
from lab.core.runtime import Runtime, existing_runtime
from lab.services import aws


@pytest.fixture(scope="session")
def runtime(lab: Lab) -> Runtime:
    return existing_runtime(lab)


@pytest.fixture(scope="session")
def learner(runtime: Runtime):
    """Clients that call with the lab's own key: ``learner("iam")``."""
    return lambda service: aws.client(runtime, service)


@pytest.fixture
def make_role(lab: Lab, learner: Any) -> Iterator[Any]:
    made: list[Role] = []

    def make(principal: Any = None, effect: str = "Allow") -> Role:
        made.append(Role(lab, learner, trust(principal or {"AWS": LEARNER}, effect)))
        return made[-1]

    yield make
    for role in made:
        try:
            role.delete()
        except ClientError as error:
            assert error.response["Error"]["Code"] == "NoSuchEntity"  # noqa: PT017 - the test has deleted it


@pytest.fixture
def role(make_role: Any) -> Role:
    return make_role()
