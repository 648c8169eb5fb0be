"""``make lab``: the lab and JupyterLab together; when JupyterLab ends, the lab stops."""

import os
import subprocess
import sys
from pathlib import Path

from lab.control import interrupts, operations, supervision
from lab.core import addresses
from lab.core.layout import CHECKOUT, Lab, LabError
from tools import copies

SETTINGS = Path(__file__).parent / "jupyterlab"
"""JupyterLab's settings where a learner has none of their own: no question about news, which lies over the outputs."""

INTERRUPTED = 130
"""Exit code of a program that Ctrl-C ended, as shells have it."""


def main() -> int:
    """Run JupyterLab on loopback, on the learner's working copies of the notebooks, with arguments handed on.

    Its root is the checkout, since notebooks link to pages beside their folder; it opens on the copies.
    """
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
    copies.tell(copies.bring_up_to_date())
    pages = operations.pages(supervision.as_it_runs(lab), operations.status(lab))
    print("JupyterLab opens in your browser; its address, with a token, stands below. Beside it:", *pages, sep="\n")
    home = {name: value for name, value in addresses.notebook_environment(lab).items() if name.startswith("LAB_")}
    where = [f"--ServerApp.root_dir={CHECKOUT}", f"--LabApp.default_url=/lab/tree/{copies.FOLDER.name}",
             f"--LabApp.app_settings_dir={SETTINGS}"]  # fmt: skip
    command = [sys.executable, "-m", "jupyterlab", "--ServerApp.ip=127.0.0.1", *where, *sys.argv[1:]]
    return subprocess.run(command, cwd=copies.FOLDER, env=os.environ | home).returncode


if __name__ == "__main__":
    sys.exit(main())
