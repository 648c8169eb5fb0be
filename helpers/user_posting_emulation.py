"""Emulate users who post: ``python -m helpers.user_posting_emulation``.

Draws rows as the course's script does (seed 100, one posting every 0 or 1 s) and sends each as three records, one
to each topic. The last line tells how many postings the brokers acknowledged.
"""

import argparse
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from kafka.errors import KafkaError
from tqdm.auto import tqdm

from helpers import kafka_client
from helpers.config import SetupError, Workbook
from helpers.kafka_client import KafkaDenied, KafkaUnavailable
from helpers.postings import SEED, Posting, PostsDatabase, draws

WINDOW = 2000
"""Postings on their way at once: enough to keep the brokers busy, few enough to count at any moment."""

ACKNOWLEDGE_SECONDS = 60
"""How long to wait for the last acknowledgements."""


@dataclass
class Tally:
    """What became of the postings.

    Attributes
    ----------
    sent : int
        Postings handed to the producer.
    acknowledged : int
        Postings of which the brokers stored every record.
    problems : list of str
        Why the others were not, each different reason once.
    """

    sent: int = 0
    acknowledged: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether every posting was acknowledged."""
        return self.sent == self.acknowledged and not self.problems

    def __str__(self) -> str:
        """Summarise in one line."""
        text = f"{self.acknowledged} of {self.sent} postings acknowledged"
        return text + (f"; {'; '.join(self.problems)}" if self.problems else "")


class KafkaTarget:
    """Sends postings to the three topics and keeps count of what the brokers acknowledge."""

    def __init__(self, workbook: Workbook, tally: Tally):
        self._workbook = workbook
        self._tally = tally
        self._producer = kafka_client.producer(workbook)
        self._pending: deque = deque()

    def post(self, posting: Posting) -> None:
        """Hand one posting to the producer; waits when too many are under way.

        Raises
        ------
        KafkaDenied
            If one of the topics may not be written.
        """
        topics = {self._workbook.topic(table): table for table in posting.rows}
        futures = {topic: self._producer.send(topic, posting.wire(table)) for topic, table in topics.items()}
        self._tally.sent += 1
        self._pending.append(futures)
        while len(self._pending) > WINDOW or self._oldest_is_done():
            self._settle()

    def _oldest_is_done(self) -> bool:
        return bool(self._pending) and all(future.is_done for future in self._pending[0].values())

    def _settle(self) -> None:
        futures = self._pending.popleft()
        try:
            for topic, future in futures.items():
                with kafka_client.plain_words(self._workbook, topic, "DescribeTopic", "WriteData"):
                    future.get(timeout=ACKNOWLEDGE_SECONDS)
            self._tally.acknowledged += 1
        except (KafkaError, KafkaUnavailable) as error:
            _remember(self._tally, f"a record was not stored: {error}")

    def close(self) -> None:
        """Wait for what is under way."""
        while self._pending:
            try:
                self._settle()
            except KafkaDenied as error:
                _remember(self._tally, str(error))
        self._producer.close(timeout=5)


def _remember(tally: Tally, problem: str) -> None:
    if problem not in tally.problems:
        tally.problems.append(problem)


def send(workbook: Workbook, postings: Iterable[Posting], total: int | None = None, progress: bool = True) -> Tally:
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

    Returns
    -------
    Tally
        What was sent, what was acknowledged, and what went wrong.
    """
    tally = Tally()
    try:
        target = KafkaTarget(workbook, tally)
    except (KafkaDenied, KafkaUnavailable) as error:
        _remember(tally, str(error))
        return tally
    try:
        for posting in tqdm(postings, total=total, unit=" postings", disable=not progress, file=sys.stderr):
            target.post(posting)
    except KeyboardInterrupt:
        _remember(tally, "stopped by Ctrl-C")
    except KafkaDenied as error:
        _remember(tally, str(error))
    except (KafkaError, KafkaUnavailable, LookupError) as error:
        _remember(tally, f"stopped: {error}")
    finally:
        target.close()
    return tally


def drawn(workbook: Workbook, count: int | None, rate: float | None, seed: int = SEED) -> Iterator[Posting]:
    """Draw postings from the database at the pace of the course, or at a given rate.

    Parameters
    ----------
    workbook : Workbook
        Gives the database.
    count : int or None
        How many; None draws for ever.
    rate : float or None
        Postings a second; None waits 0 or 1 s before each, as the course does.
    seed : int
        Start of the random numbers.
    """
    database = PostsDatabase(workbook.database_url)
    due = time.monotonic()
    try:
        for number, (pause, offset) in enumerate(draws(seed)):
            if number == count:
                return
            due += pause if rate is None else 1 / rate
            time.sleep(max(0.0, due - time.monotonic()))
            yield database.posting(offset)
    finally:
        database.close()


def emulate(
    workbook: Workbook, posts: int | None = None, rate: float | None = None, seed: int = SEED, progress: bool = True
) -> Tally:
    """Post as the course's script does; see `drawn` for the parameters and `send` for the result."""
    return send(workbook, drawn(workbook, posts, rate, seed), posts, progress)


def _positive(convert):
    def parse(text: str):
        number = convert(text)
        if number <= 0:
            raise argparse.ArgumentTypeError(f"{text} is not greater than 0")
        return number

    return parse


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line.

    Returns
    -------
    int
        0 if every posting sent was acknowledged, also after Ctrl-C; 1 otherwise.
    """
    parser = argparse.ArgumentParser(prog="python -m helpers.user_posting_emulation", description=__doc__)
    parser.add_argument("--posts", type=_positive(int), help="stop after so many postings; default: never")
    parser.add_argument("--rate", type=_positive(float), help="postings a second; default: one every 0 or 1 s")
    parser.add_argument("--seed", type=int, default=SEED, help=f"start of the random numbers; default: {SEED}")
    options = parser.parse_args(arguments)
    try:
        workbook = Workbook.load()
    except SetupError as error:
        print(error, file=sys.stderr)
        return 2
    tally = emulate(workbook, options.posts, options.rate, options.seed)
    print(tally)
    return 0 if tally.sent and tally.sent == tally.acknowledged else 1


if __name__ == "__main__":
    sys.exit(main())
