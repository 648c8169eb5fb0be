"""What is read of a command over SSH, however its end and its output overtake each other."""

import pytest

from helpers.client_machine import ssh


class OvertakingChannel:
    """A channel on which the exit code comes before the last of the output."""

    closed = False

    def __init__(self, *late):
        self._late = list(late)
        self._there = []

    @property
    def eof_received(self):
        """Every look lets one more piece arrive; the end of the output comes after the last."""
        if self._late:
            self._there.append(self._late.pop(0))
            return False
        return True

    def exit_status_ready(self):
        return True

    def recv_ready(self):
        return bool(self._there)

    def recv(self, _):
        return self._there.pop(0)

    def recv_stderr_ready(self):
        return False

    def close(self):
        self.closed = True


@pytest.mark.parametrize("pieces", [(), (b"all",), (b"a", b"l", b"l")])
def test_output_that_comes_after_the_exit_code_is_read(pieces):
    assert ssh._read(OvertakingChannel(*pieces), timeout=5) == (b"".join(pieces).decode(), "")
