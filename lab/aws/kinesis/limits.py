"""What a shard can take and give in a second."""

from dataclasses import dataclass, field

MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """The limits of one shard; AWS's by default."""

    reads: float = 5
    read_bytes: float = 2 * MEGABYTE
    writes: float = 1000
    written_bytes: float = MEGABYTE


class Bucket:
    """An allowance that fills up again with time, to one second's worth."""

    def __init__(self, rate: float, now: float):
        self._rate, self._left, self._at = rate, rate, now

    def left(self, now: float) -> float:
        """Say how much is left; below zero after something large was let through."""
        self._left = min(self._rate, self._left + (now - self._at) * self._rate)
        self._at = now
        return self._left

    def take(self, amount: float) -> None:
        """Use some of it."""
        self._left -= amount


@dataclass
class Meter:
    """The four allowances of one shard."""

    reads: Bucket
    read_bytes: Bucket
    writes: Bucket
    written_bytes: Bucket

    @classmethod
    def start(cls, limits: Limits, now: float) -> "Meter":
        """Begin with full allowances."""
        return cls(*(Bucket(rate, now) for rate in vars(limits).values()))

    def admits_read(self, now: float) -> bool:
        """Count one read, unless there were too many, or too much was read."""
        if self.reads.left(now) < 1 or self.read_bytes.left(now) <= 0:
            return False
        self.reads.take(1)
        return True

    def admits_write(self, size: int, now: float) -> bool:
        """Count one record, unless there were too many, or too much was written."""
        if self.writes.left(now) < 1 or self.written_bytes.left(now) < size:
            return False
        self.writes.take(1)
        self.written_bytes.take(size)
        return True


@dataclass
class Meters:
    """A meter for every shard; without limits everything is admitted."""

    limits: Limits | None
    _meters: dict[tuple[str, str], Meter] = field(default_factory=dict)

    def of(self, stream: str, shard: str, now: float) -> Meter | None:
        """Find a shard's meter, or start one."""
        if self.limits is None:
            return None
        if (stream, shard) not in self._meters:
            self._meters[stream, shard] = Meter.start(self.limits, now)
        return self._meters[stream, shard]
