"""What every service of the lab is: files to write before a start, a command, a health check, a limit."""

from abc import ABC, abstractmethod
from pathlib import Path

from lab.core import class_data
from lab.core.runtime import Runtime


class Service(ABC):
    """A server that the supervisor keeps alive.

    Attributes
    ----------
    name : str
        What it is called on the command line, in the logs and in `lab.core.layout.PORTS`.
    runs : str
        What really runs, in words.
    stands_for : str
        The AWS or Databricks service it stands for.
    ports : tuple of str
        Names of the ports it listens on; the first is the one its users know.
    depends_on : tuple of str
        Services without which it cannot work; it is stopped before them.
    on_demand : bool
        Whether it is started only when it is asked for by name.
    page : tuple of str, optional
        What a browser shows of it, in words, and the name of the port.
    """

    name: str
    runs: str
    stands_for: str
    ports: tuple[str, ...]
    depends_on: tuple[str, ...] = ()
    on_demand: bool = False
    page: tuple[str, str] | None = None

    @abstractmethod
    def prepare(self, runtime: Runtime) -> None:
        """Write configuration files, make folders, mend what a crash left behind. Safe to repeat."""

    @abstractmethod
    def command(self, runtime: Runtime) -> list[str]:
        """Program and arguments."""

    def environment(self, runtime: Runtime) -> dict[str, str]:
        """Environment variables on top of the supervisor's."""
        return {}

    @abstractmethod
    def check(self, runtime: Runtime) -> None:
        """Ask the service for a sign of life.

        Raises
        ------
        Exception
            Anything, if it does not answer as it should.
        """


def config_file(runtime: Runtime, name: str) -> Path:
    """Path of a configuration file of this lab."""
    return runtime.lab.config / name


def jvm(runtime: Runtime, main: str, class_path: str, heap_mb: int, *options: str) -> list[str]:
    """Begin the command of a small Java server: quick to start, and bounded in every kind of memory.

    Parameters
    ----------
    runtime : Runtime
        Gives the ``java`` program.
    main : str
        Class to run.
    class_path : str
        Jars, joined by colons.
    heap_mb : int
        Largest heap, in megabytes.
    *options : str
        Further options of the virtual machine.
    """
    return [
        str(runtime.java.executable),
        f"-Xmx{heap_mb}m", "-Xms16m", "-XX:MaxMetaspaceSize=96m", "-XX:ReservedCodeCacheSize=32m",
        "-XX:MaxDirectMemorySize=32m", "-XX:+ExitOnOutOfMemoryError",
        # one collector thread and the quick compiler: these servers are small and short of cores
        "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData", "-Xshare:auto",
        "-Djava.net.preferIPv4Stack=true", f"-Djava.io.tmpdir={_temporary_folder(runtime)}",
        *class_data.options(runtime.lab, runtime.java, main.rpartition(".")[2], class_path),
        *options, "-cp", class_path, main,
    ]  # fmt: skip


def _temporary_folder(runtime: Runtime) -> Path:
    folder = runtime.lab.home / "tmp"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
