"""Runners that wait: passed over when they are dead, gone when nobody asks any more."""

import psutil
import pytest

from lab.core import processes
from lab.workspace.jobs.runners import MARK, Runners

pytestmark = pytest.mark.lab


@pytest.fixture
def runners(lab, workbook, tmp_path):
    made = Runners(lab, tmp_path / "runners", ready=1)
    taken = []
    yield made, lambda: taken.append(made.take()) or taken[-1]
    made.end()
    for runner in taken:
        runner.process.stdin.close()  # without a task it leaves
        runner.process.wait(60)
        assert processes.marked(MARK, runner.mark) == []


def waiting(made):
    return [runner.process.pid for runner in made._waiting]


def test_who_comes_next_gets_the_one_that_waits(runners):
    made, take = runners
    take()
    (ready,) = waiting(made)
    assert take().process.pid == ready
    assert waiting(made) != [ready]


def test_one_that_has_died_is_passed_over(runners):
    made, take = runners
    take()
    (dead,) = waiting(made)
    psutil.Process(dead).kill()
    made._waiting[0].process.wait()
    assert take().process.poll() is None


def test_those_that_wait_leave_with_their_kernels_when_nobody_asks(runners, tmp_path):
    made, take = runners
    take()
    (mark,) = [runner.mark for runner in made._waiting]
    made.end()
    assert processes.marked(MARK, mark) == []
    assert len(list((tmp_path / "runners").iterdir())) == 1  # the log of the one that was taken


def test_no_notebook_finds_what_another_left(client):
    leaves = "import os\nos.environ['LEFT'] = 'something'\nleft = 1"
    seen = "{os.environ.get('LEFT')} {'left' in globals()} {'pandas' in globals()}"
    looks = f'import os\ndbutils.notebook.exit(f"{seen}")'
    for _ in range(2):
        run = client.wait(client.submit(client.put("leaves", leaves)))
        assert run["state"]["result_state"] == "SUCCESS"
        assert client.result("looks", looks) == "None False False"
