"""What the emulators share: postings drawn at a pace and handed to a target, and their command line."""

import argparse
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

from kafka.errors import KafkaError
from tqdm import tqdm

from helpers.config import SetupError, Workbook
from helpers.emulator.http_target import ApiRefused
from helpers.emulator.postings import SEED, Posting, PostsDatabase, draws
from helpers.emulator.tally import Tally
from helpers.kafka.client import KafkaDenied, KafkaUnavailable

Number = TypeVar("Number", int, float)


class Target(Protocol):
    """Where postings go."""

    def post(self, posting: Posting) -> None:
        """Send one posting."""

    def close(self) -> None:
        """Wait for what is under way."""


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


def deliver(target: Target, tally: Tally, postings: Iterable[Posting], total: int | None, progress: bool) -> None:
    """Hand postings to a target, however that ends, and close it.

    Parameters
    ----------
    target : Target
        Where they go.
    tally : Tally
        Where to note what went wrong.
    postings : iterable of Posting
        What to send, paced by whoever yields it.
    total : int or None
        How many there are, for the progress bar.
    progress : bool
        Whether to show the bar, on standard error.
    """
    try:
        for posting in tqdm(postings, total=total, unit=" postings", disable=not progress, file=sys.stderr):
            target.post(posting)
    except KeyboardInterrupt:
        tally.remember("stopped by Ctrl-C")
    except (KafkaDenied, ApiRefused) as error:
        tally.remember(str(error))
    except (KafkaError, KafkaUnavailable, LookupError) as error:
        tally.remember(f"stopped: {error}")
    finally:
        target.close()


def positive(convert: Callable[[str], Number]) -> Callable[[str], Number]:
    """Make a converter for options that must be greater than 0."""

    def parse(text: str) -> Number:
        number = convert(text)
        if number <= 0:
            raise argparse.ArgumentTypeError(f"{text} is not greater than 0")
        return number

    return parse


def argument_parser(program: str, description: str | None) -> argparse.ArgumentParser:
    """Make a parser of the options that every emulator has."""
    parser = argparse.ArgumentParser(prog=program, description=description)
    parser.add_argument("--posts", type=positive(int), help="stop after so many postings; default: never")
    parser.add_argument("--rate", type=positive(float), help="postings a second; default: one every 0 or 1 s")
    parser.add_argument("--seed", type=int, default=SEED, help=f"start of the random numbers; default: {SEED}")
    return parser


def run(work: Callable[[Workbook], Tally]) -> int:
    """Emulate with the workbook's settings, print the tally, and return the program's exit code."""
    try:
        workbook = Workbook.load()
    except SetupError as error:
        print(error, file=sys.stderr)
        return 2
    tally = work(workbook)
    print(tally)
    return 0 if tally.sent and tally.sent == tally.acknowledged else 1
