"""The client machine's user data is a shell script that bash can read."""

import shutil
import subprocess

import pytest
from own_account import workbook

from helpers.client_machine import furnishing


@pytest.mark.skipif(not shutil.which("bash"), reason="there is no bash")
def test_the_user_data_is_a_script_without_faults_of_form(tmp_path):
    file = tmp_path / "user_data.sh"
    file.write_text(furnishing.script(workbook()))
    inner = file.read_text().partition("<<'AS_USER'\n")[2].partition("\nAS_USER")[0]
    for text in (file.read_text(), inner):
        done = subprocess.run(["bash", "-n"], input=text, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
    assert file.read_text().startswith("#!/bin/bash\n")
    assert "set -euo pipefail" in file.read_text()
