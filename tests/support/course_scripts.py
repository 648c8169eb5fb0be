"""Run a script in a form in which learners wrote it for the course, with nothing but its three constants changed."""

import contextlib
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from helpers.config import Workbook
from helpers.waiting import wait_until

FOLDER = Path(__file__).parents[1] / "course_code"
PATIENCE_SECONDS = 60


def with_own_constants(script: str, workbook: Workbook, invoke_url: str) -> str:
    """The script's text with database, address and id changed."""
    text = (FOLDER / f"{script}.py").read_text()
    for name, value in {
        "DATABASE_URL": workbook.database_url, "INVOKE_URL": invoke_url, "USER_ID": workbook.id
    }.items():  # fmt: skip
        text, count = re.subn(rf'^{name} = ".*"$', lambda _, n=name, v=value: f"{n} = {v!r}", text, flags=re.MULTILINE)
        assert count == 1
    return text


@contextlib.contextmanager
def running(text: str, folder: Path, enough: Callable[[], bool]) -> Iterator[Path]:
    """Run an endless script until it has done enough, then end it; gives the file of what it printed."""
    file, out = folder / "script.py", folder / "out"
    file.write_text(text)
    with out.open("w") as stream:
        process = subprocess.Popen([sys.executable, "-u", str(file)], stdout=stream, stderr=subprocess.STDOUT)
    try:
        wait_until(lambda: enough() or process.poll() is not None, PATIENCE_SECONDS, "the script to do enough")
        assert process.poll() is None, out.read_text()
    finally:
        process.kill()
        process.wait()
    yield out
