"""``make site``: the executed notebooks and the pages of `docs/` as a web site in `site/`.

Made without a network, but for the packages that the first run fetches; the pages themselves need none either.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from lab.core.layout import CHECKOUT, Lab, LabError
from lab.setup import side_environment

REQUIREMENTS = CHECKOUT / "requirements" / "site.txt"
TARGET = CHECKOUT / "site"


def build(lab: Lab, target: Path = TARGET) -> None:
    """Make the environment, the pages' sources and the site.

    Raises
    ------
    LabError
        If a package cannot be had, or a page cannot be made.
    """
    place, pages, made = lab.build / "site", lab.build / "site-pages", lab.build / "site-made"
    if not side_environment.is_complete(place, REQUIREMENTS):
        print("The site's own environment, about 200 MB on disk, half a minute", flush=True)
        side_environment.make(place, REQUIREMENTS, "The site")
    python = str(side_environment.python(place))
    shutil.rmtree(pages, ignore_errors=True)
    _run(python, "-m", "tools.site.pages", str(pages))
    shutil.rmtree(made, ignore_errors=True)
    _run(
        python, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", "-c", str(Path(__file__).parent),
        "-d", str(lab.build / "site-doctrees"), str(pages), str(made / "html"),
    )  # fmt: skip
    # the notebooks' extension puts a folder of its own beside the pages, so they are not made in the checkout itself
    shutil.rmtree(target, ignore_errors=True)
    shutil.move(made / "html", target)


def _run(*command: str) -> None:
    own = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    if subprocess.run(command, cwd=CHECKOUT, env=own | {"PYTHONPATH": str(CHECKOUT)}).returncode:
        raise LabError("The site could not be made; the reason stands above.")


def main() -> int:
    """Build, and say where to look."""
    try:
        build(Lab.from_environment())
    except LabError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"The site is in {TARGET.relative_to(CHECKOUT)}/: open {TARGET.name}/index.html.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
