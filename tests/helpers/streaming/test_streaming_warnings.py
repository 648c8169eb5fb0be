import warnings
from types import SimpleNamespace

import pytest

from helpers.streaming.warnings import Checkpoints, SharedCheckpoint


def query(running=True):
    return SimpleNamespace(name="pins", id="1", isActive=running)


def test_the_checkpoint_of_a_running_query_is_not_to_be_taken():
    checkpoints = Checkpoints()
    checkpoints.remember("/tmp/a/", query())
    with pytest.warns(SharedCheckpoint, match=r"pins is running with the checkpoint dbfs:/tmp/a\..*of its own"):
        checkpoints.look("dbfs:/tmp/a")


@pytest.mark.parametrize("checkpoint", ["/tmp/other", "/tmp/ended", None])
def test_nothing_is_said_of_others(checkpoint):
    checkpoints = Checkpoints()
    checkpoints.remember("/tmp/a", query())
    checkpoints.remember("/tmp/ended", query(running=False))
    checkpoints.remember(None, query())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        checkpoints.look(checkpoint)
