"""Archives of loaded classes: a Java service that maps one starts in about half the time.

Each start of a JVM reads, verifies and links the same few thousand classes. A JVM can write them to a file when it ends
(JEP 350 since Java 13, JEP 514 since Java 25) and map that file the next time. It uses the file only with the same Java
and the same jars, and starts as ever without it.
"""

import hashlib
import os
from pathlib import Path

from lab.core.java import Java
from lab.core.layout import Lab

AHEAD_OF_TIME = 25
"""Feature release from which an archive stands alone; before, it was added to that of Java itself, which some packaged
runtimes leave out."""

UNFINISHED = ".unfinished"
"""Ends the name of an archive that is being written."""


def options(lab: Lab, java: Java, program: str, class_path: str) -> list[str]:
    """Have a Java program map its archive; in the trial lab, have it write one when it ends.

    Parameters
    ----------
    lab : Lab
        Tells where archives are.
    java : Java
        Runs the program.
    program : str
        Begins the archive's name.
    class_path : str
        The program's jars, joined by colons.

    Returns
    -------
    list of str
        Options of the virtual machine; none if there is no archive.
    """
    archive = folder(lab) / f"{program}-{fingerprint(java, class_path)}.jsa"
    alone = java.version >= AHEAD_OF_TIME
    if archive.exists():
        return [f"-XX:{'AOTCache' if alone else 'SharedArchiveFile'}={archive}"]
    if lab.home == trial_home(lab):
        return [f"-XX:{'AOTCacheOutput' if alone else 'ArchiveClassesAtExit'}={archive}{UNFINISHED}"]
    return []


def trial_home(lab: Lab) -> Path:
    """Folder of the lab that set-up starts once, so that its programs write their archives."""
    return folder(lab) / "lab"


def folder(lab: Lab) -> Path:
    """Folder of the archives of a checkout."""
    return lab.build / "class-data"


def fingerprint(java: Java, class_path: str) -> str:
    """Sum up what the JVM compares before it trusts an archive: a Java and jars, joined by colons."""
    digest = hashlib.sha256(f"{java.executable} {java.version}".encode())
    for jar in class_path.split(":"):
        look = os.stat(jar)
        digest.update(f"{jar} {look.st_size} {look.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:12]
