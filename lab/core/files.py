"""Write files whole: a reader never sees half of one, and private ones are never readable by others."""

import os
import string
import tempfile
from collections.abc import Mapping
from pathlib import Path

TEMPLATES = Path(__file__).parents[1] / "templates"


def write_private(file: Path, text: str) -> None:
    """Write a text file with mode 0600, replacing an old one in one step."""
    write_private_bytes(file, text.encode())


def write_private_bytes(file: Path, content: bytes) -> None:
    """Write a file with mode 0600, replacing an old one in one step."""
    write_all_private({file: content})


def write_all_private(contents: Mapping[Path, bytes]) -> None:
    """Write files with mode 0600: each replaces an old one in one step, and none does if there is no room for all."""
    prepared: dict[Path, str] = {}
    try:
        for file, content in contents.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            handle, prepared[file] = tempfile.mkstemp(dir=file.parent, prefix=file.name)  # mkstemp makes it 0600
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
    except BaseException:
        for name in prepared.values():
            os.unlink(name)
        raise
    for file, name in prepared.items():
        os.replace(name, file)
    for folder in {file.parent for file in contents}:
        _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    """Put the names in a folder on disk, without which a power cut could bring an old file back."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_private_folder(folder: Path) -> None:
    """Make a folder that its owner alone can enter; one that is there becomes so."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)


def _java_escaped(value: object) -> str:
    """Escape a value for a Java properties file, which is ASCII here and reads a backslash as an escape."""
    text = str(value).replace("\\", "\\\\")
    units = text.encode("utf-16-be")
    codes = (int.from_bytes(units[i : i + 2], "big") for i in range(0, len(units), 2))
    return "".join(chr(code) if code < 0x80 else f"\\u{code:04x}" for code in codes)


def render_properties(template: str, **values: object) -> str:
    """Fill a Java properties file of ``templates/``: ``${name}`` becomes the value, escaped.

    Raises
    ------
    KeyError
        If the template names a value that is not given.
    """
    text = (TEMPLATES / template).read_text(encoding="ascii")
    return string.Template(text).substitute({name: _java_escaped(value) for name, value in values.items()})


def properties(values: Mapping[str, object]) -> str:
    """Format settings as lines of a Java properties file, values escaped."""
    return "".join(f"{name}={_java_escaped(value)}\n" for name, value in values.items())
