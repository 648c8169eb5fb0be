"""Emulate users who post into streams: ``python -m helpers.user_posting_emulation_streaming --invoke-url …``.

Draws the same rows at the same pace as `user_posting_emulation` and puts each as three records, one into each Kinesis
stream, over the REST API. The last line tells how many postings were acknowledged.
"""

import sys
from collections.abc import Iterable

from helpers.config import Workbook
from helpers.emulator.delivery import argument_parser, deliver, drawn, positive, run
from helpers.emulator.postings import SEED, Posting
from helpers.emulator.stream_target import LARGEST_BATCH, StreamTarget
from helpers.emulator.tally import Tally


def send(
    workbook: Workbook,
    postings: Iterable[Posting],
    invoke_url: str,
    batch: int = 1,
    partition_key: str | None = None,
    total: int | None = None,
    progress: bool = True,
) -> Tally:
    """Put postings into the streams until they end, Ctrl-C comes or the API refuses.

    Parameters
    ----------
    workbook : Workbook
        Gives the streams.
    postings : iterable of Posting
        What to send, paced by whoever yields it.
    invoke_url : str
        Stage of the REST API.
    batch : int
        Postings a request, at most 500: one is sent by PutRecord, more by PutRecords.
    partition_key : str, optional
        One key for all, as the course has it; by default each row's number.
    total : int, optional
        How many there are, for the progress bar.
    progress : bool
        Whether to show the bar, on standard error.

    Returns
    -------
    Tally
        What was sent, what was acknowledged, and what went wrong.
    """
    tally = Tally()
    deliver(StreamTarget(workbook, tally, invoke_url, batch, partition_key), tally, postings, total, progress)
    return tally


def emulate(
    workbook: Workbook,
    invoke_url: str,
    posts: int | None = None,
    rate: float | None = None,
    seed: int = SEED,
    batch: int = 1,
    partition_key: str | None = None,
    progress: bool = True,
) -> Tally:
    """Post as the course's script does; see `delivery.drawn` and `send` for parameters and result."""
    return send(workbook, drawn(workbook, posts, rate, seed), invoke_url, batch, partition_key, posts, progress)


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line.

    Returns
    -------
    int
        0 if every posting sent was acknowledged, also after Ctrl-C; 1 otherwise.
    """
    parser = argument_parser("python -m helpers.user_posting_emulation_streaming", __doc__)
    parser.add_argument("--invoke-url", required=True, help="stage of the REST API to post to")
    parser.add_argument("--batch", type=positive(int), default=1, help="postings a request, at most 500; default: 1")
    parser.add_argument("--partition-key", help="one key for all records; default: each row's number")
    options = parser.parse_args(arguments)
    if options.batch > LARGEST_BATCH:
        parser.error(f"argument --batch: Kinesis takes at most {LARGEST_BATCH} records a request, not {options.batch}")
    return run(
        lambda workbook: emulate(
            workbook, options.invoke_url, options.posts, options.rate, options.seed, options.batch,
            options.partition_key,
        )
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
