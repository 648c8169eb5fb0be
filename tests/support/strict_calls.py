"""Calls that the rules of a strict lab hear of, on a clock that goes when a test says so."""

import dataclasses
from types import SimpleNamespace

import pytest

from lab.aws.errors import AwsError
from lab.aws.identity.principals import Directory, Key
from lab.aws.strict import rules
from lab.aws.strict.rule import Asked
from lab.core.iam_file import ACCOUNT

ROLE = f"arn:aws:iam::{ACCOUNT}:role/new"
ANYBODY = f"arn:aws:iam::{ACCOUNT}:user/anybody"
CALLER = Key("AKIA", "secret", ANYBODY, ANYBODY)
EVERYTHING = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
ADMIN = Directory({}, {ANYBODY: (EVERYTHING,)}, {}, {})
"""The caller may do everything, and there is nobody else."""

CLOCK = SimpleNamespace(seconds=100.0)


def with_role(*documents):
    """Know a role with policies beside the caller."""
    return dataclasses.replace(ADMIN, trust={ROLE: {}}, policies={**ADMIN.policies, ROLE: documents})


def call(service, name, path="/", **parameters):
    """Make a call of a service."""
    return SimpleNamespace(
        service=service, name=name, parameters=lambda: parameters, call=SimpleNamespace(path=path),
        answer=lambda told: told,
    )  # fmt: skip


def asked(operation, known=ADMIN, **more):
    """Make of a call what rules hear of."""
    return Asked(operation, known, CLOCK.seconds, CALLER, **more)


def hold(all_of_them, operation, known=ADMIN, **more):
    """Let rules hear of a call."""
    return rules.hold(all_of_them, asked(operation, known, **more))


def refusal(all_of_them, operation, known=ADMIN):
    """Expect that a rule refuses a call, and give its refusal."""
    with pytest.raises(AwsError) as refused:
        hold(all_of_them, operation, known)
    return refused.value
