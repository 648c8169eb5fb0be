"""The Ivy inside pyspark: resolves what a list of jars is made from, and fetches jars that are known by name."""

import importlib.util
import subprocess
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.core.java import Java
from lab.core.layout import LabError

JAVA_SOURCES = Path(__file__).resolve().parents[1] / "java"
CONFIGURATIONS = ("kafka", "s3proxy", "sink", "cluster", "iam", "ecj", "junit")
"""Class paths, each a folder of jars."""

PATTERN = "[conf]/[artifact]-[revision](-[classifier]).[ext]"

PROCESSES = 3
"""Ivies side by side, which know no threads: 10 s for all jars, where one alone takes 21."""


@dataclass(frozen=True, order=True)
class Module:
    """A jar as its publisher names it, in the folder of the class path that it is for.

    Attributes
    ----------
    configuration : str
        One of `CONFIGURATIONS`.
    organisation, name, revision, classifier : str
        Maven's coordinates; the classifier is mostly empty.
    """

    configuration: str
    organisation: str
    name: str
    revision: str
    classifier: str = ""

    @property
    def file(self) -> str:
        """Path of the jar below the folder of all jars."""
        ending = f"-{self.classifier}" if self.classifier else ""
        return f"{self.configuration}/{self.name}-{self.revision}{ending}.jar"

    @property
    def coordinates(self) -> str:
        """Organisation, name, revision and, if there is one, classifier, joined by colons."""
        return ":".join(filter(None, (self.organisation, self.name, self.revision, self.classifier)))


def pyspark_folder() -> Path:
    """Find pyspark without importing it, which would cost every start of the lab's programs a third of a second."""
    found = importlib.util.find_spec("pyspark")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent


def _command(java: Java, settings: str, modules: Path, cache: Path, folder: Path) -> list[str]:
    command = [
        java.executable, "-Xmx256m", "-jar", next(pyspark_folder().glob("jars/ivy-*.jar")),
        "-settings", JAVA_SOURCES / settings, "-ivy", modules,
        "-cache", cache, "-confs", *CONFIGURATIONS, "-retrieve", f"{folder}/{PATTERN}",
    ]  # fmt: skip
    return [str(part) for part in command]


def _run(commands: Iterable[Sequence[str]], log: Path) -> None:
    """Run Ivies side by side, their words in one log."""
    with log.open("w") as out:
        started = [subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT) for command in commands]
        try:
            failed = [process for process in started if process.wait()]
        finally:
            for process in started:
                process.terminate()  # after Ctrl-C; the others have ended
    if failed:
        raise LabError(
            "The jars could not be fetched; Ivy's own words are in "
            f"{log}.\nMost often the network broke off. Run the same command again: it goes on where it stopped."
        )


def resolve(java: Java, cache: Path, folder: Path) -> list[Module]:
    """Fetch everything that ``ivy.xml`` asks for, with all that it needs in turn.

    Returns
    -------
    list of Module
        What came, from Ivy's own reports.

    Raises
    ------
    LabError
        If something cannot be had.
    """
    cache.mkdir(parents=True, exist_ok=True)
    _run([_command(java, "ivysettings.xml", JAVA_SOURCES / "ivy.xml", cache, folder)], cache.parent / "ivy.log")
    return sorted(module for name in CONFIGURATIONS for module in _reported(cache / f"workbook-jvm-{name}.xml", name))


def _reported(report: Path, configuration: str) -> Iterator[Module]:
    for module in ET.parse(report).iter("module"):
        for revision in module.iter("revision"):
            for artifact in revision.iter("artifact"):
                classifier = artifact.get("extra-1.e.classifier", "")
                yield Module(
                    configuration, module.get("organisation", ""), artifact.get("name", ""), revision.get("name", ""),
                    classifier,
                )  # fmt: skip


def retrieve(java: Java, modules: Iterable[Module], cache: Path, folder: Path) -> None:
    """Fetch jars that are known by name, and nothing that they need in turn.

    Without resolving there is no POM to read: a tenth of the requests.

    Raises
    ------
    LabError
        If one cannot be had.
    """
    by_coordinates: dict[str, list[Module]] = {}
    for module in modules:
        by_coordinates.setdefault(module.coordinates, []).append(module)
    cache.mkdir(parents=True, exist_ok=True)
    shares = [list(by_coordinates.values())[number::PROCESSES] for number in range(PROCESSES)]
    with tempfile.TemporaryDirectory(dir=cache) as written:
        commands = []
        for number, share in enumerate(filter(None, shares)):
            flat = Path(written) / f"ivy-{number}.xml"
            flat.write_text(flat_list(f"jars-{number}", share))
            # a cache each: they would have to wait for each other's locks
            commands.append(_command(java, "ivysettings-flat.xml", flat, cache / str(number), folder))
        _run(commands, cache.parent / "ivy.log")


def flat_list(name: str, jars: Iterable[Sequence[Module]]) -> str:
    """Write an Ivy file that names each jar, for all class paths that it is on, and follows no dependency."""
    root = ET.Element("ivy-module", {"version": "2.0", "xmlns:e": "http://ant.apache.org/ivy/extra"})
    ET.SubElement(root, "info", organisation="workbook", module=name)
    configurations = ET.SubElement(root, "configurations")
    for configuration in CONFIGURATIONS:
        ET.SubElement(configurations, "conf", name=configuration)
    dependencies = ET.SubElement(root, "dependencies")
    for same in jars:
        one = same[0]
        wanted = ET.SubElement(
            dependencies, "dependency", org=one.organisation, name=one.name, rev=one.revision, transitive="false",
            conf=";".join(f"{module.configuration}->default" for module in same),
        )  # fmt: skip
        extra = {"e:classifier": one.classifier} if one.classifier else {}
        ET.SubElement(wanted, "artifact", {"name": one.name, "type": "jar", "ext": "jar"} | extra)
    return ET.tostring(root, encoding="unicode")
