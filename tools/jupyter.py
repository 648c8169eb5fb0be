"""``make lab``: the lab and JupyterLab together; when JupyterLab ends, the lab stops."""

import os
import subprocess
import sys

from lab.control import interrupts, operations
from lab.core import addresses
from lab.core.layout import Lab, LabError
from tools import notebooks

INTERRUPTED = 130
"""Exit code of a program that Ctrl-C ended, as shells have it."""


def main() -> int:
    """Run JupyterLab on loopback, in the notebooks' folder, with arguments handed on."""
    lab, code = Lab.from_environment(), INTERRUPTED
    was_up = bool(operations.status(lab))
    try:
        operations.up(lab)
        with interrupts.ignored():  # JupyterLab asks for a second Ctrl-C itself
            code = _run(lab)
    except LabError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nStopped before JupyterLab began.", file=sys.stderr)
    if not was_up:
        operations.down(lab)
        print("The lab is down.")
    return code


def _run(lab: Lab) -> int:
    home = {name: value for name, value in addresses.notebook_environment(lab).items() if name.startswith("LAB_")}
    command = [sys.executable, "-m", "jupyterlab", "--ServerApp.ip=127.0.0.1", *sys.argv[1:]]
    return subprocess.run(command, cwd=notebooks.FOLDER, env=os.environ | home).returncode


if __name__ == "__main__":
    sys.exit(main())
