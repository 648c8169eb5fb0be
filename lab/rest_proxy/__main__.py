"""Command line of the proxy: ``python -m lab.rest_proxy kafka-rest.properties``."""

import asyncio
import logging
import os
import sys
from pathlib import Path

from lab.rest_proxy import settings
from lab.rest_proxy.errors import StartError
from lab.rest_proxy.server import serve

log = logging.getLogger("lab.rest_proxy")


def main(arguments: list[str]) -> int:
    """Run the proxy until a signal asks it to stop.

    Returns
    -------
    int
        0 after it was stopped, 1 if it could not start, 2 if it was called wrongly.
    """
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="[%(asctime)s] %(levelname)s %(message)s")
    logging.getLogger("botocore").setLevel(logging.ERROR)  # what it has to say comes as an exception
    if len(arguments) != 1:
        print("usage: python -m lab.rest_proxy kafka-rest.properties", file=sys.stderr)
        return 2
    try:
        found = settings.load(Path(arguments[0]), os.environ)
        for remark in found.remarks:
            log.warning(remark)
        asyncio.run(serve(found))
    except StartError as error:
        log.error(error)
        return 1
    log.info("Stopped.")
    return 0


if __name__ == "__main__":
    code = main(sys.argv[1:])
    logging.shutdown()
    os._exit(code)  # a thread may still be waiting for a broker that does not come back
