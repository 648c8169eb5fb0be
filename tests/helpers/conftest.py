"""What the tests of the emulators over HTTP share."""

import pytest
from fake_api import FakeApi

from helpers.emulator import http_target


@pytest.fixture
def hurried(monkeypatch):
    """Short pauses between tries, and an early end to them."""
    monkeypatch.setattr(http_target, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(http_target, "LONGEST_PAUSE", 0.02)
    monkeypatch.setattr(http_target, "GIVE_UP_SECONDS", 0.5)


@pytest.fixture
def fake_api():
    running = []

    def begin(*arguments):
        running.append(FakeApi(*arguments))
        return running[-1]

    yield begin
    for api in running:
        api.close()
