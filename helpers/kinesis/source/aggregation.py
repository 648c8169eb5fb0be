"""Records that the Kinesis Producer Library packed together, taken apart again.

Such a record holds many: four marking bytes, a protobuf message, and the MD5 of that message. As on Databricks each
inner record becomes a row; they share the outer record's sequence number.
"""

import hashlib
from collections.abc import Iterator

_MARK = b"\xf3\x89\x9a\xc2"
_DIGEST_BYTES = 16
_VARINT, _BYTES = 0, 2
_KEY_TABLE, _RECORDS = 1, 3
_RECORD_KEY, _RECORD_DATA = 1, 3


def unpack(partition_key: str, data: bytes) -> list[tuple[str, bytes]]:
    """Take a record apart.

    Parameters
    ----------
    partition_key : str
        The record's.
    data : bytes
        The record's.

    Returns
    -------
    list of tuple of str and bytes
        Partition key and data of every inner record; the record itself if it is not a packed one.
    """
    message, digest = data[len(_MARK) : -_DIGEST_BYTES], data[-_DIGEST_BYTES:]
    if not data.startswith(_MARK) or hashlib.md5(message, usedforsecurity=False).digest() != digest:
        return [(partition_key, data)]
    fields = list(_fields(message))
    keys = [value.decode() for number, value in fields if number == _KEY_TABLE and isinstance(value, bytes)]
    inner = [dict(_fields(value)) for number, value in fields if number == _RECORDS and isinstance(value, bytes)]
    return [(keys[int(record[_RECORD_KEY])], bytes(record[_RECORD_DATA])) for record in inner]


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Read a protobuf message's fields: their numbers and values."""
    place = 0
    while place < len(message):
        tag, place = _varint(message, place)
        value, place = _varint(message, place)
        if tag & 7 == _VARINT:
            yield tag >> 3, value
        elif tag & 7 == _BYTES:
            yield tag >> 3, message[place : place + value]
            place += value
        else:
            raise ValueError(f"A packed record has a field of the unknown kind {tag & 7}.")


def _varint(message: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[place]
        value |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            return value, place
