"""What can go wrong while reading from Kinesis."""


class KinesisError(Exception):
    """Reading cannot go on; the text says why and what to do."""


class Passing(Exception):
    """Kinesis cannot answer just now: it throttles, or is out of reach. Asking again later may help."""


class IteratorExpired(Exception):
    """A shard iterator is older than five minutes: a new one is needed."""


class ShardGone(Exception):
    """Kinesis has no such shard, or none any more."""
