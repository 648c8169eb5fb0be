"""Fetch the jars and check each against the committed list; a copy of each is kept for the user's other checkouts.

``python -m lab.setup.jars`` writes that list anew after a change of ``java/ivy.xml``.
"""

import contextlib
import hashlib
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from lab.core.java import Java, find_java
from lab.core.layout import Lab, LabError
from lab.setup import ivy
from lab.setup.ivy import JAVA_SOURCES, Module

LOCK = JAVA_SOURCES / "jars.sha256"


@dataclass(frozen=True)
class Entry:
    """A line of the list.

    Attributes
    ----------
    digest : str
        SHA-256 in hex.
    module : Module
        Where the jar comes from, and the class path that it is for.
    """

    digest: str
    module: Module


def read_lock(text: str) -> dict[str, Entry]:
    """Parse the list: relative path of each jar → its entry.

    A line holds the digest, the path and Maven's coordinates, with two blanks between them.
    """
    entries = {}
    for digest, file, coordinates in (line.split("  ") for line in text.splitlines() if line):
        entries[file] = Entry(digest, Module(file.split("/")[0], *coordinates.split(":")))
    return entries


def sha256(file: Path) -> str:
    """Digest of a file's content, in hex."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def faults(folder: Path, lock: dict[str, Entry]) -> dict[str, str]:
    """Tell which jars are wrong, and how.

    Returns
    -------
    dict of str to str
        Relative path → "missing", "damaged" or "not on the list"; empty if all is well.
    """
    found = {str(jar.relative_to(folder)) for jar in folder.glob("*/*.jar")}
    wrong = {name: "not on the list" for name in sorted(found - lock.keys())}
    for name, entry in lock.items():
        if name not in found:
            wrong[name] = "missing"
        elif sha256(folder / name) != entry.digest:
            wrong[name] = "damaged"
    return wrong


def user_cache() -> Path:
    """Folder for jars that all checkouts of a user share, a file a digest (XDG Base Directory Specification)."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pinterest-pipeline-workbook" / "jars"


def _place(source: Path, target: Path) -> None:
    """Copy a file so that nobody ever sees half of it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as unfinished:
        shutil.copyfile(source, unfinished.name)
    os.replace(unfinished.name, target)


def _take_from_cache(folder: Path, entry: Entry) -> bool:
    cached = user_cache() / f"{entry.digest}.jar"
    if not cached.exists() or sha256(cached) != entry.digest:
        return False
    _place(cached, folder / entry.module.file)
    return True


def _keep_in_cache(folder: Path, entry: Entry) -> None:
    cached = user_cache() / f"{entry.digest}.jar"
    with contextlib.suppress(OSError):  # a home that cannot be written to costs the next checkout a download
        if not cached.exists() or sha256(cached) != entry.digest:
            _place(folder / entry.module.file, cached)


def fetch(lab: Lab, java: Java) -> None:
    """Make sure that every jar on the list is there and whole.

    Raises
    ------
    LabError
        If a jar cannot be had, or differs from the list even when fetched afresh.
    """
    folder, unfinished = lab.build / "jars", lab.build / "ivy"
    lock = read_lock(LOCK.read_text())
    wrong = faults(folder, lock)
    if not wrong:
        return
    for name in wrong:
        (folder / name).unlink(missing_ok=True)
    to_fetch = [lock[name] for name in wrong if name in lock and not _take_from_cache(folder, lock[name])]
    if to_fetch:
        print(f"      {len(to_fetch)} of {len(lock)} jars to fetch, up to 120 MB and half a minute", flush=True)
        damaged = {name for name, fault in wrong.items() if fault == "damaged"}
        if damaged:  # what Ivy has kept of them may be the damaged copy
            shutil.rmtree(unfinished, ignore_errors=True)
        ivy.retrieve(java, [entry.module for entry in to_fetch], unfinished, folder)
    if wrong := faults(folder, lock):
        name, fault = next(iter(wrong.items()))
        raise LabError(
            f"{len(wrong)} jars are not what the workbook expects, the first is {name}: {fault}.\n"
            f"Delete {folder.parent} and run the same command again. If it stays so, the source of your Java "
            f"packages delivers another file than the one recorded in {LOCK.name}."
        )
    for entry in to_fetch:
        _keep_in_cache(folder, entry)
    shutil.rmtree(unfinished, ignore_errors=True)


def main() -> None:
    """Resolve everything anew and record what came."""
    lab = Lab.from_environment()
    folder = lab.build / "jars"
    shutil.rmtree(folder, ignore_errors=True)
    modules = ivy.resolve(find_java(lab.build), lab.build / "ivy", folder)
    lines = (f"{sha256(folder / module.file)}  {module.file}  {module.coordinates}\n" for module in modules)
    LOCK.write_text("".join(lines))
    print(f"{len(modules)} jars recorded in {LOCK.name}")


if __name__ == "__main__":
    main()
