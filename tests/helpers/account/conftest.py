"""An empty account of one's own, and services that answer by a script."""

import pytest
from own_account import Scripted, own_account


@pytest.fixture
def account():
    with own_account() as own:
        yield own


@pytest.fixture
def script(account, monkeypatch):
    scripted = Scripted(monkeypatch)
    yield scripted
    scripted.done()


@pytest.fixture
def hurried(monkeypatch):
    """Waiting takes no time."""
    monkeypatch.setattr("helpers.waiting.time.sleep", lambda seconds: None)
