"""A command whose reader has read enough ends without a word, as others do."""

import os
import subprocess
import sys

from lab.core.layout import CHECKOUT


def test_a_reader_that_leaves_is_no_error(tmp_path):
    command = ["bash", "-c", f"{sys.executable} -m lab status | true; exit ${{PIPESTATUS[0]}}"]
    environment = os.environ | {"LAB_HOME": str(tmp_path / "lab")}
    done = subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, text=True)
    assert done.stderr == ""
    assert done.returncode == 0
