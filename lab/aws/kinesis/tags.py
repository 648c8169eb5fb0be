"""Tags of a stream, and what Kinesis asks of them."""

from collections.abc import Mapping

from lab.aws.kinesis.errors import Refusal, invalid

MOST = 50

LONGEST_KEY, LONGEST_VALUE = 128, 256


def checked(tags: Mapping[str, str]) -> dict[str, str]:
    """Return the tags if a stream may have them.

    Raises
    ------
    Refusal
        If there are too many, or one is too long or AWS's own.
    """
    for key, value in tags.items():
        if not 1 <= len(key) <= LONGEST_KEY or len(value) > LONGEST_VALUE:
            raise invalid(
                f"Tag {key!r}: a key has 1 to {LONGEST_KEY} characters, a value {LONGEST_VALUE} at most."
            )
        if key.lower().startswith("aws:"):
            raise invalid(f"Tag {key!r}: keys that begin with aws: are reserved for AWS.")
    if len(tags) > MOST:
        raise Refusal("LimitExceededException", f"A stream has {MOST} tags at most; these would be {len(tags)}.")
    return dict(tags)
