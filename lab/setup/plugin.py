"""Compile our Java with the Eclipse compiler, which needs no JDK: Connect's plugin, Kafka's IAM, the cluster's."""

import hashlib
import os
import shutil
import subprocess
import zipfile
from collections.abc import Iterable
from pathlib import Path

from helpers.config import SINK_PLUGIN
from lab.core.java import OLDEST_JAVA, Java
from lab.core.layout import Lab, LabError
from lab.setup.ivy import JAVA_SOURCES, pyspark_folder

SINK = JAVA_SOURCES / "s3sink"
KAFKA_IAM = JAVA_SOURCES / "mskiam"
CLUSTER = JAVA_SOURCES / "cluster"
_TIMESTAMP = (1980, 1, 1, 0, 0, 0)  # the oldest a zip can hold: the jar must not depend on the clock


def class_path(*folders: Path) -> str:
    """Join all jars of some folders, in a stable order."""
    return ":".join(str(jar) for folder in folders for jar in sorted(folder.glob("*.jar")))


def kafka_version(build: Path) -> str:
    """Tell which Kafka runs, by the name of its jar."""
    jar = next((build / "jars" / "kafka").glob("kafka-clients-*.jar"))
    return jar.stem.removeprefix("kafka-clients-")


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
        Folder with the plugin's jar and the AWS SDK's jars it needs. Beside it lies a zip of the same, as plugins
        are handed on: all jars below ``lib`` of one folder.
    """
    jars = lab.build / "jars"
    folder = _build(lab, java, SINK, lab.build / "plugins" / "s3sink", "s3sink.jar", [jars / "kafka"], jars / "sink")
    archive = lab.build / SINK_PLUGIN
    if not archive.exists() or archive.stat().st_mtime < (folder / "complete").stat().st_mtime:
        unfinished = archive.with_suffix(".unfinished")
        with zipfile.ZipFile(unfinished, "w") as content:
            for jar in sorted(folder.glob("*.jar")):
                entry = zipfile.ZipInfo(f"{archive.stem}/lib/{jar.name}", _TIMESTAMP)
                content.writestr(entry, jar.read_bytes())
        os.replace(unfinished, archive)
    return folder


def build_kafka_iam(lab: Lab, java: Java) -> Path:
    """Build what makes the broker obey IAM.

    Returns
    -------
    Path
        Folder with the jar: a part of the broker's class path.
    """
    return _build(lab, java, KAFKA_IAM, kafka_iam(lab.build), "kafka-iam.jar", [lab.build / "jars" / "kafka"])


def kafka_iam(build: Path) -> Path:
    """Folder of the jar that makes the broker obey IAM."""
    return build / "kafka-iam"


def build_cluster(lab: Lab, java: Java) -> Path:
    """Build what the cluster has beside Spark and Delta: ``dbfs:/``, ``s3n://``, a catalog that is kept, and more.

    Returns
    -------
    Path
        Folder with the jar.
    """
    libraries = [pyspark_folder() / "jars", lab.build / "jars" / "cluster"]
    return _build(lab, java, CLUSTER, cluster(lab.build), "cluster.jar", libraries)


def cluster(build: Path) -> Path:
    """Folder of the jar that the cluster has beside Spark's and Delta's."""
    return build / "cluster"


def _build(
    lab: Lab, java: Java, project: Path, target: Path, jar: str, libraries: list[Path], brings: Path | None = None
) -> Path:
    """Compile a project into a jar, unless nothing has changed since.

    Parameters
    ----------
    lab : Lab
        Tells where jars are.
    java : Java
        Runs the compiler.
    project : Path
        Folder with ``src`` and, if there are any, ``resources``.
    target : Path
        Folder to make.
    jar : str
        Name of the jar in it.
    libraries : list of Path
        Folders of jars that are there when it runs.
    brings : Path, optional
        Folder of further jars that the project needs and the target shall hold.
    """
    stamp = target / "complete"
    sources, resources = sorted((project / "src").rglob("*.java")), project / "resources"
    others = sorted(path for path in resources.rglob("*") if path.is_file())
    wanted = _fingerprint([*sources, *others, JAVA_SOURCES / "ivy.xml"])
    if stamp.exists() and stamp.read_text() == wanted:
        return target
    classes = lab.build / "classes" / project.name
    compile_java(lab, java, sources, classes, class_path(*libraries, *([brings] if brings else [])))
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    if brings:
        shutil.copytree(brings, target, dirs_exist_ok=True)
    _write_jar(target / jar, classes, resources)
    stamp.write_text(wanted)
    return target
