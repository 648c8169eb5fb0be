"""Sequence numbers: 56 decimal digits that grow within a shard and say which shard they come from."""

from dataclasses import dataclass

LAST_COUNT = 2**63 - 1
"""The count in the number that ends a closed shard: no record has it."""

_VERSION = 2

_COUNT_AT = 80
"""Bits below the count."""


def count_of(number: int) -> int:
    """Tell from which count on a record's number may be `number` or more."""
    return min(number >> _COUNT_AT & (1 << 64) - 1, LAST_COUNT)


@dataclass(frozen=True)
class Sequence:
    """What a sequence number says.

    Attributes
    ----------
    created : int
        When its shard was made, in seconds; tells streams of one name apart.
    shard : int
        Its shard's index.
    count : int
        Place of the record among all that came to the account.
    time : int
        When the record came, in seconds.
    """

    created: int
    shard: int
    count: int = 0
    time: int = 0

    def number(self) -> int:
        """Pack it, in the order in which AWS's numbers compare: shard first, then count."""
        packed = _VERSION << 36 | self.created
        packed = packed << 4 | self.shard & 0xF
        packed = packed << 64 | self.count
        packed = packed << 44 | self.time
        packed = packed << 32 | self.shard
        return packed << 4 | _VERSION

    @classmethod
    def read(cls, text: str) -> "Sequence":
        """Unpack a sequence number.

        Raises
        ------
        ValueError
            If the text is none.
        """
        number = int(text)
        if number >> 184 != _VERSION or number & 0xF != _VERSION:
            raise ValueError(text)
        return cls(
            created=number >> 148 & (1 << 36) - 1,
            shard=number >> 4 & (1 << 32) - 1,
            count=number >> _COUNT_AT & (1 << 64) - 1,
            time=number >> 36 & (1 << 44) - 1,
        )
