"""Write the sources of the site's pages: ``python -m tools.site.pages FOLDER``, in the site's own environment.

Links that lead through the checkout become links between pages, diagrams become pictures with their descriptions.
"""

import re
import sys
from pathlib import Path

import nbformat

CHECKOUT = Path(__file__).resolve().parents[2]

DIAGRAM = re.compile(r"```mermaid\n(.*?)```", re.DOTALL)
TITLE = re.compile(r"accTitle: (.+)")
DESCRIPTION = re.compile(r"accDescr(?:: ([^\n]+)| \{(.*?)\})", re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)(#[^)\s]*)?\)")

DOCUMENTS = ("working", "services", "troubleshooting", "own_account", "drills", "final_project", "teaching", "glossary")
"""Pages of `docs/`, in their order."""

CONTENTS = """
```{{toctree}}
:hidden:
:caption: {caption}

{pages}
```
"""


def write(folder: Path) -> None:
    """Write all pages."""
    folder.mkdir(parents=True)
    notebooks = sorted((CHECKOUT / "notebooks").glob("[0-9][0-9]*_*.ipynb"))
    names = {path.name: path.name for path in notebooks} | {"README.md": "index.md"}
    names |= {f"{name}.md": f"{name}.md" for name in DOCUMENTS}
    for path in notebooks:
        write_notebook(path, folder, names)
    for name in DOCUMENTS:
        text = (CHECKOUT / "docs" / f"{name}.md").read_text()
        (folder / f"{name}.md").write_text(page(text, name, folder, names))
    first = page((CHECKOUT / "README.md").read_text(), "index", folder, names)
    contents = [("The notebooks", [path.stem for path in notebooks]), ("About it", list(DOCUMENTS))]
    toctrees = [CONTENTS.format(caption=caption, pages="\n".join(pages)) for caption, pages in contents]
    (folder / "index.md").write_text(first + "".join(toctrees))


def write_notebook(path: Path, folder: Path, names: dict[str, str]) -> None:
    """Write a notebook with its outputs."""
    notebook = nbformat.read(path, as_version=4)
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown":
            cell.source = page(cell.source, f"{path.stem}-{number}", folder, names)
    nbformat.write(notebook, folder / path.name)


def page(text: str, name: str, folder: Path, names: dict[str, str]) -> str:
    """Make links and diagrams of a text those of the site.

    Parameters
    ----------
    text : str
        Markdown.
    name : str
        Begins the names of its pictures.
    folder : Path
        Where the pictures go.
    names : dict of str to str
        File that a link leads to → page of the site. Other files of the checkout are named, not linked.
    """
    text = DIAGRAM.sub(lambda found: _picture(found[1], f"{name}-{found.start()}", folder), text)
    return LINK.sub(lambda found: _link(found, folder, names), text)


def _link(found: re.Match[str], folder: Path, names: dict[str, str]) -> str:
    target, anchor = Path(found[1]), found[2] or ""
    if target.name in names:
        return f"]({names[target.name]}{anchor})"
    picture = CHECKOUT / "docs" / target.name
    if target.suffix == ".png" and picture.exists():
        (folder / target.name).write_bytes(picture.read_bytes())
        return f"]({target.name})"
    return found[0] if target.suffix == ".svg" else "](index.md)"


def _picture(diagram: str, name: str, folder: Path) -> str:
    import mermaidx  # late: only the site's own environment has it

    (folder / f"{name}.svg").write_text(mermaidx.render(diagram).svg())
    return f"![{description(diagram)}]({name}.svg)"


def description(diagram: str) -> str:
    """Read what a diagram says of itself to those who do not see it."""
    title, told = TITLE.search(diagram), DESCRIPTION.search(diagram)
    parts = [title[1] if title else "", " ".join((told[1] or told[2]).split()) if told else ""]
    return ". ".join(filter(None, parts))


if __name__ == "__main__":
    write(Path(sys.argv[1]))
