"""Fetch the jars with the Ivy inside pyspark and check each against the committed list.

``python -m lab.setup.jars`` writes that list anew after a change of ``java/ivy.xml``.
"""

import hashlib
import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

from lab.core.java import Java, find_java
from lab.core.layout import Lab, LabError

JAVA_SOURCES = Path(__file__).resolve().parents[1] / "java"
LOCK = JAVA_SOURCES / "jars.sha256"
CONFIGURATIONS = ("kafka", "s3proxy", "sink", "cluster", "iam", "ecj", "junit")


def read_lock(text: str) -> dict[str, str]:
    """Parse the list: relative path of each jar → its SHA-256 in hex."""
    pairs = (line.split("  ", 1) for line in text.splitlines() if line)
    return {name: digest for digest, name in pairs}


def sha256(file: Path) -> str:
    """Digest of a file's content, in hex."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def faults(folder: Path, lock: dict[str, str]) -> dict[str, str]:
    """Tell which jars are wrong, and how.

    Returns
    -------
    dict of str to str
        Relative path → "missing", "damaged" or "not on the list"; empty if all is well.
    """
    found = {str(jar.relative_to(folder)) for jar in folder.glob("*/*.jar")}
    wrong = {name: "not on the list" for name in sorted(found - lock.keys())}
    for name, digest in lock.items():
        if name not in found:
            wrong[name] = "missing"
        elif sha256(folder / name) != digest:
            wrong[name] = "damaged"
    return wrong


def pyspark_folder() -> Path:
    """Find pyspark without importing it, which would cost every start of the lab's programs a third of a second."""
    found = importlib.util.find_spec("pyspark")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent


def _retrieve(folder: Path, cache: Path, java: Java) -> None:
    ivy = next(pyspark_folder().glob("jars/ivy-*.jar"))
    command = [
        java.executable, "-Xmx256m", "-jar", ivy,
        "-settings", JAVA_SOURCES / "ivysettings.xml", "-ivy", JAVA_SOURCES / "ivy.xml", "-cache", cache,
        "-confs", *CONFIGURATIONS,
        "-retrieve", f"{folder}/[conf]/[artifact]-[revision](-[classifier]).[ext]",
    ]  # fmt: skip
    log = cache.parent / "ivy.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with (
        log.open("w") as out,
        subprocess.Popen(
            [str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as ivy_run,
    ):
        count = 0
        for line in ivy_run.stdout or ():
            out.write(line)
            if line.startswith("downloading ") and ".jar " in line:
                count += 1
                if sys.stdout.isatty():
                    print(f"\r      {count} jars fetched", end="", flush=True)
                elif count % 50 == 0:
                    print(f"      {count} jars fetched", flush=True)
        if count and sys.stdout.isatty():
            print(flush=True)
    if ivy_run.returncode:
        raise LabError(
            "The jars could not be fetched; Ivy's own words are in "
            f"{log}.\nMost often the network broke off. Run the same command again: it goes on where it stopped."
        )


def fetch(lab: Lab, java: Java) -> None:
    """Make sure that every jar on the list is there and whole.

    Raises
    ------
    LabError
        If a jar cannot be had, or differs from the list even when fetched afresh.
    """
    folder, cache = lab.build / "jars", lab.build / "ivy"
    lock = read_lock(LOCK.read_text())
    wrong = faults(folder, lock)
    if not wrong:
        return
    print(f"      {len(wrong)} of {len(lock)} jars to fetch, up to 120 MB and two minutes", flush=True)
    for name, fault in wrong.items():
        (folder / name).unlink(missing_ok=True)
        if fault == "damaged":  # the copy in the cache may be the damaged one
            for cached in cache.rglob(Path(name).name):
                cached.unlink()
    _retrieve(folder, cache, java)
    if wrong := faults(folder, lock):
        name, fault = next(iter(wrong.items()))
        raise LabError(
            f"{len(wrong)} jars are not what the workbook expects, the first is {name}: {fault}.\n"
            f"Delete {folder.parent} and run the same command again. If it stays so, the source of your Java "
            f"packages delivers another file than the one recorded in {LOCK.name}."
        )


def main() -> None:
    """Fetch everything anew and record what came."""
    lab = Lab.from_environment()
    folder = lab.build / "jars"
    shutil.rmtree(folder, ignore_errors=True)
    _retrieve(folder, lab.build / "ivy", find_java(lab.build))
    jars = sorted(folder.glob("*/*.jar"))
    LOCK.write_text("".join(f"{sha256(jar)}  {jar.relative_to(folder)}\n" for jar in jars))
    print(f"{len(jars)} jars recorded in {LOCK.name}")


if __name__ == "__main__":
    main()
