"""``make lab``: the lab and JupyterLab together; when JupyterLab ends, the lab stops."""

import os
import subprocess
import sys

from lab.control import operations, supervision
from lab.core import addresses
from lab.core.layout import Lab, LabError
from tools import copies


def main() -> int:
    """Run JupyterLab on loopback, on the learner's working copies of the notebooks, with arguments handed on."""
    lab = Lab.from_environment()
    try:
        was_up = bool(operations.status(lab))
        operations.up(lab)
        pages = operations.pages(supervision.as_it_runs(lab), operations.status(lab))
    except LabError as error:
        print(error, file=sys.stderr)
        return 2
    copies.tell(copies.bring_up_to_date())
    print("JupyterLab opens in your browser; its address, with a token, stands below. Beside it:", *pages, sep="\n")
    home = {name: value for name, value in addresses.notebook_environment(lab).items() if name.startswith("LAB_")}
    command = [sys.executable, "-m", "jupyterlab", "--ServerApp.ip=127.0.0.1", *sys.argv[1:]]
    jupyter = subprocess.Popen(command, cwd=copies.FOLDER, env=os.environ | home)
    while True:
        try:
            jupyter.wait()
            break
        except KeyboardInterrupt:
            continue  # JupyterLab asks for a second Ctrl-C itself
    if not was_up:
        operations.down(lab)
        print("The lab is down.")
    return jupyter.returncode


if __name__ == "__main__":
    sys.exit(main())
