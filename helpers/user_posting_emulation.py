"""Emulate users who post: ``python -m helpers.user_posting_emulation``.

Draws rows as the course's script does (seed 100, one posting every 0 or 1 s) and sends each as three records, one
to each topic: over the REST API whose invoke URL is given, or straight into Kafka. The last line tells how many
postings were acknowledged.
"""

import sys
from collections.abc import Iterable

from helpers.config import Workbook
from helpers.emulator.api_target import ApiTarget
from helpers.emulator.delivery import Target, argument_parser, deliver, drawn, run
from helpers.emulator.kafka_target import KafkaTarget
from helpers.emulator.postings import SEED, Posting
from helpers.emulator.tally import Tally
from helpers.kafka.client import KafkaDenied, KafkaUnavailable


def send(
    workbook: Workbook,
    postings: Iterable[Posting],
    total: int | None = None,
    progress: bool = True,
    invoke_url: str | None = None,
    batch: int = 1,
) -> Tally:
    """Send postings until they end, Ctrl-C comes or the target fails, and wait for the acknowledgements.

    Parameters
    ----------
    workbook : Workbook
        Gives brokers and topics.
    postings : iterable of Posting
        What to send, paced by whoever yields it.
    total : int, optional
        How many there are, for the progress bar.
    progress : bool
        Whether to show the bar, on standard error.
    invoke_url : str, optional
        Stage of the REST API to send to; None sends straight into Kafka.
    batch : int
        Postings a request to the API.

    Returns
    -------
    Tally
        What was sent, what was acknowledged, and what went wrong.
    """
    tally = Tally()
    try:
        target: Target = (
            ApiTarget(workbook, tally, invoke_url, batch) if invoke_url else KafkaTarget(workbook, tally)
        )  # fmt: skip
    except (KafkaDenied, KafkaUnavailable) as error:
        tally.remember(str(error))
        return tally
    deliver(target, tally, postings, total, progress)
    return tally


def emulate(
    workbook: Workbook,
    posts: int | None = None,
    rate: float | None = None,
    seed: int = SEED,
    progress: bool = True,
    invoke_url: str | None = None,
) -> Tally:
    """Post as the course's script does; see `delivery.drawn` and `send` for the parameters and the result."""
    return send(workbook, drawn(workbook, posts, rate, seed), posts, progress, invoke_url)


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line.

    Returns
    -------
    int
        0 if every posting sent was acknowledged, also after Ctrl-C; 1 otherwise.
    """
    parser = argument_parser("python -m helpers.user_posting_emulation", __doc__)
    parser.add_argument("--invoke-url", help="stage of the REST API to post to; default: straight into Kafka")
    options = parser.parse_args(arguments)
    return run(
        lambda workbook: emulate(workbook, options.posts, options.rate, options.seed, invoke_url=options.invoke_url)
    )


if __name__ == "__main__":
    sys.exit(main())
