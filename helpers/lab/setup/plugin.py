"""Compile our Java with the Eclipse compiler, which runs on a plain runtime, and lay out the Connect plugin."""

import hashlib
import shutil
import subprocess
import zipfile
from collections.abc import Iterable
from pathlib import Path

from helpers.lab.layout import Lab, LabError
from helpers.lab.setup.jars import JAVA_SOURCES
from helpers.lab.setup.java import OLDEST_JAVA, Java

SINK = JAVA_SOURCES / "s3sink"
_TIMESTAMP = (1980, 1, 1, 0, 0, 0)  # the oldest a zip can hold: the jar must not depend on the clock


def class_path(*folders: Path) -> str:
    """Join all jars of some folders, in a stable order."""
    return ":".join(str(jar) for folder in folders for jar in sorted(folder.glob("*.jar")))


def _fingerprint(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(str(file.relative_to(JAVA_SOURCES)).encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def compile_java(lab: Lab, java: Java, sources: Iterable[Path], classes: Path, libraries: str) -> None:
    """Compile source files into a folder.

    Raises
    ------
    LabError
        With the compiler's own words.
    """
    shutil.rmtree(classes, ignore_errors=True)
    classes.mkdir(parents=True)
    ecj = next((lab.build / "jars" / "ecj").glob("ecj-*.jar"))
    release = str(OLDEST_JAVA)
    done = subprocess.run(
        [java.executable, "-Xmx256m", "-jar", ecj, "-source", release, "-target", release,
         "-encoding", "UTF-8", "-d", classes, "-cp", libraries, *sources],
        capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode:
        raise LabError(f"Our Java does not compile:\n{done.stdout}{done.stderr}")


def _write_jar(jar: Path, *roots: Path) -> None:
    with zipfile.ZipFile(jar, "w", zipfile.ZIP_DEFLATED) as archive:
        for root in roots:
            for file in sorted(path for path in root.rglob("*") if path.is_file()):
                archive.writestr(zipfile.ZipInfo(str(file.relative_to(root)), _TIMESTAMP), file.read_bytes())


def build_sink(lab: Lab, java: Java) -> Path:
    """Build the S3 sink plugin.

    Returns
    -------
    Path
        Folder with the plugin's jar and the AWS SDK's jars it needs: what ``plugin.path`` expects.
    """
    plugin = lab.build / "plugins" / "s3sink"
    stamp = plugin / "complete"
    sources = sorted((SINK / "src").rglob("*.java"))
    wanted = _fingerprint(
        [*sources, *sorted(p for p in (SINK / "resources").rglob("*") if p.is_file()), JAVA_SOURCES / "ivy.xml"]
    )
    if stamp.exists() and stamp.read_text() == wanted:
        return plugin
    jars, classes = lab.build / "jars", lab.build / "classes" / "s3sink"
    compile_java(lab, java, sources, classes, class_path(jars / "kafka", jars / "sink"))
    shutil.rmtree(plugin, ignore_errors=True)
    shutil.copytree(jars / "sink", plugin)
    _write_jar(plugin / "s3sink.jar", classes, SINK / "resources")
    stamp.write_text(wanted)
    return plugin
