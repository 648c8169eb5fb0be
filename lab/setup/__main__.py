"""``python -m lab.setup``: do whatever set-up work is still to do, then stop."""

import sys

from lab.core.layout import Lab, LabError
from lab.setup.steps import build


def main() -> int:
    """Build what services need; a `LabError` is shown as a sentence."""
    try:
        build(Lab.from_environment())
    except LabError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
