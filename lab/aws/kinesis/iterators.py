"""Shard iterators: a place in a shard, handed to the client as text, good for five minutes."""

import base64
import json
from dataclasses import astuple, dataclass
from datetime import UTC, datetime

from lab.aws.kinesis.errors import Refusal, invalid

LIFETIME_SECONDS = 300


@dataclass(frozen=True)
class ShardIterator:
    """The place before the first record whose number is not below `sequence`.

    `created` tells the stream from a later one of the same name.
    """

    made: float
    stream: str
    created: float
    shard: str
    sequence: int

    def text(self) -> str:
        """Write it as the opaque text that clients hand back."""
        return base64.urlsafe_b64encode(json.dumps(astuple(self)).encode()).decode()

    @classmethod
    def read(cls, text: str, now: float) -> "ShardIterator":
        """Read what a client hands back.

        Raises
        ------
        Refusal
            If it is older than five minutes, or was never handed out.
        """
        try:
            made, stream, created, shard, sequence = json.loads(base64.urlsafe_b64decode(text))
            found = cls(float(made), str(stream), float(created), str(shard), int(sequence))
        except (ValueError, TypeError, OverflowError, RecursionError):
            raise invalid("Invalid ShardIterator.") from None
        if now - found.made > LIFETIME_SECONDS:
            raise Refusal(
                "ExpiredIteratorException",
                f"Iterator expired. The iterator was created at time {_words(found.made)} while right now it is "
                f"{_words(now)} which is further in the future than the tolerated delay of "
                f"{LIFETIME_SECONDS * 1000} milliseconds.",
            )
        return found


def _words(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%a %b %d %H:%M:%S UTC %Y")
