"""The three calls that reading needs, and what Kinesis's refusals mean."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, NoCredentialsError
from botocore.exceptions import ConnectionError as NoConnection

from helpers.kinesis.source.access import Access
from helpers.kinesis.source.errors import IteratorExpired, KinesisError, Passing, ShardGone
from helpers.kinesis.source.lineage import Shard
from helpers.kinesis.source.options import Options, Stream

_PASSING = {
    "InternalFailure",
    "InternalFailureException",
    "KMSThrottlingException",
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ResourceInUseException",
    "ServiceUnavailable",
    "Throttling",
    "ThrottlingException",
}
_EXPIRED_KEYS = {"ExpiredToken", "ExpiredTokenException", "RequestExpired"}
_NOT_ALLOWED = {
    "AccessDeniedException",
    "IncompleteSignatureException",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationTokenException",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
# A computer's clock may run a little ahead of Kinesis's; a moment that it calls future is soon past.
_AHEAD_OF_TIME = "cannot be greater than the currentTimestamp"
CLOCK_TOLERANCE = timedelta(seconds=1.5)
"""Servers tell the time in whole seconds: clocks that differ by less than this cannot be told apart."""


class Record(NamedTuple):
    """A record; `arrival` is in UTC."""

    sequence: str
    partition_key: str
    data: bytes
    arrival: datetime


@dataclass(frozen=True)
class Page:
    """One answer of GetRecords.

    Attributes
    ----------
    records : list of Record
        In the shard's order.
    next_iterator : str, optional
        Where to go on; None at the end of a closed shard.
    is_behind : bool
        Whether the shard has more by now.
    """

    records: list[Record]
    next_iterator: str | None
    is_behind: bool


class Client:
    """Kinesis, as far as reading needs it.

    Every call raises `Passing` when it may be tried again, and `KinesisError` in words when not.

    Parameters
    ----------
    options : Options
        Where Kinesis is, and who asks.
    """

    def __init__(self, options: Options):
        self._access = Access(options)
        self._options = options

    def shards(self, stream: Stream) -> list[Shard]:
        """List all shards of a stream, closed ones too."""
        return [_shard(listed) for page in self._shard_pages(stream) for listed in page["Shards"]]

    def time(self, stream: Stream) -> datetime:
        """Ask Kinesis for its time: record times and positions go by its clock, not by this computer's."""
        answer = self._call("list_shards", stream, **stream.arguments, MaxResults=1)
        return corrected(datetime.now(UTC), answer["ResponseMetadata"]["HTTPHeaders"].get("date"))

    def iterator(self, stream: Stream, shard_id: str, **position: Any) -> str:
        """Get an iterator at a position, given as GetShardIterator takes it.

        Raises
        ------
        ShardGone
            If there is no such shard.
        """
        return self._call("get_shard_iterator", stream, **stream.arguments, ShardId=shard_id, **position)[
            "ShardIterator"
        ]

    def records(self, stream: Stream, iterator: str) -> Page:
        """Get the next records.

        Raises
        ------
        IteratorExpired
            If the iterator is older than five minutes.
        ShardGone
            If there is no such shard any more.
        """
        answer = self._call("get_records", stream, ShardIterator=iterator, Limit=self._options.max_records_per_fetch)
        return Page(
            records=[_record(record) for record in answer["Records"]],
            next_iterator=answer.get("NextShardIterator"),
            is_behind=answer.get("MillisBehindLatest", 0) > 0,
        )

    def _shard_pages(self, stream: Stream) -> Iterator[dict[str, Any]]:
        limit = self._options.max_shards_per_describe
        page = self._call("list_shards", stream, **stream.arguments, MaxResults=limit)
        yield page
        while token := page.get("NextToken"):
            page = self._call("list_shards", stream, NextToken=token, MaxResults=limit)
            yield page

    def _call(self, operation: str, stream: Stream, **arguments: Any) -> dict[str, Any]:
        client = self._access.client()
        try:
            try:
                return getattr(client, operation)(**arguments)
            except ClientError as error:
                if _code(error) not in _EXPIRED_KEYS or not self._access.renew(client):
                    raise
                return getattr(self._access.client(), operation)(**arguments)
        except ClientError as error:
            raise self._meaning(error, operation, stream) from error
        except NoCredentialsError as error:
            raise KinesisError(
                "There are no AWS keys: give the options awsAccessKey and awsSecretKey, or let boto3 find some, for "
                "example in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
            ) from error
        except (HTTPClientError, NoConnection) as error:
            raise Passing(f"Kinesis is out of reach: {error}") from error
        except BotoCoreError as error:
            raise KinesisError(f"Kinesis cannot be asked for the stream {stream.name}: {error}") from error

    def _meaning(self, error: ClientError, operation: str, stream: Stream) -> Exception:
        code, text = _code(error), f"{_code(error)}: {error.response['Error'].get('Message', '')}"
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400)
        if code in _PASSING or status >= 500 or _AHEAD_OF_TIME in text:
            return Passing(f"Kinesis refuses {operation} on the stream {stream.name} for now: {text}")
        if code == "ExpiredIteratorException":
            return IteratorExpired(text)
        if code == "ResourceNotFoundException":
            return self._missing(operation, stream, text)
        if code in _EXPIRED_KEYS:
            return KinesisError(
                f"The AWS keys have expired ({text}). Get new ones, or give roleArn: a role's keys are renewed in time."
            )
        if code in _NOT_ALLOWED:
            return KinesisError(
                f"Kinesis refuses {operation} on the stream {stream.name} ({text}). Check awsAccessKey, awsSecretKey "
                "and roleArn, or the environment's keys; their owner needs kinesis:ListShards, "
                "kinesis:GetShardIterator and kinesis:GetRecords on this stream."
            )
        if operation == "get_shard_iterator" and code == "InvalidArgumentException":
            return KinesisError(
                f"The stream {stream.name} does not know the place where reading is to go on ({text}). If it was "
                "deleted and made again, give the query a new checkpointLocation: the old one counts the deleted "
                "stream's records."
            )
        return KinesisError(f"Kinesis refuses {operation} on the stream {stream.name}: {text}")

    def _missing(self, operation: str, stream: Stream, text: str) -> Exception:
        """Tell a shard that is gone from a stream that is."""
        if operation != "list_shards":
            try:
                self._call("list_shards", stream, **stream.arguments, MaxResults=1)
            except (KinesisError, Passing) as error:
                return error
            return ShardGone(text)
        return KinesisError(
            f"There is no Kinesis stream {stream.name} in {self._options.region} ({text}). Check the name and the "
            "region with `aws kinesis list-streams`. If the stream was deleted, make it again and give the query a new "
            "checkpointLocation: the old one counts the deleted stream's records."
        )


def corrected(local: datetime, header: str | None) -> datetime:
    """Correct this computer's time by the date that a server sends, which has whole seconds only.

    Parameters
    ----------
    local : datetime
        This computer's time, in UTC.
    header : str, optional
        The HTTP header ``Date``.

    Returns
    -------
    datetime
        `local` if the two agree as far as can be seen, else the server's time, to half a second.
    """
    if not header:
        return local
    remote = parsedate_to_datetime(header) + timedelta(seconds=0.5)
    return local if abs(local - remote) < CLOCK_TOLERANCE else remote


def _code(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "")


def _shard(listed: dict[str, Any]) -> Shard:
    parents = (listed.get("ParentShardId"), listed.get("AdjacentParentShardId"))
    is_open = not listed.get("SequenceNumberRange", {}).get("EndingSequenceNumber")
    return Shard(listed["ShardId"], tuple(parent for parent in parents if parent), is_open)


def _record(record: dict[str, Any]) -> Record:
    arrival = record["ApproximateArrivalTimestamp"].astimezone(UTC)
    return Record(record["SequenceNumber"], record.get("PartitionKey", ""), record["Data"], arrival)
