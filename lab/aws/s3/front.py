"""The way to S3Proxy, which knows one key: whatever is authorised is signed anew."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from multidict import CIMultiDict
from yarl import URL

from lab.aws.endpoint import Endpoint
from lab.aws.errors import AwsError
from lab.aws.protocol import REGION, Answer, Call, Operation
from lab.aws.s3 import bucket_settings, members, names

NOT_PASSED_ON = {
    "host", "authorization", "connection", "transfer-encoding", "content-length", "expect", "x-amz-date",
    "x-amz-security-token", "x-amz-content-sha256", "accept-encoding", *members.CHECKED,
}  # fmt: skip
"""Headers that belong to one connection or one signature, or of which S3Proxy need not hear."""

NOT_PASSED_BACK = {"connection", "transfer-encoding", "date", "server"}

ENCRYPTED = {
    "PutObject", "GetObject", "HeadObject", "CopyObject", "CreateMultipartUpload", "UploadPart", "UploadPartCopy",
    "CompleteMultipartUpload",
}  # fmt: skip
"""Operations whose answers say, since 2023 on AWS for every object, that SSE-S3 is used."""


ROOM_BESIDE = 2**20
"""Bytes that must be free beside what is to be stored: folders, attributes, the file system's own."""


class S3Front:
    """S3 as the AWS endpoint has it."""

    def __init__(self, endpoint: Endpoint, http: aiohttp.ClientSession):
        runtime = endpoint.runtime
        self._endpoint = endpoint
        self._folder = runtime.lab.data("s3")
        self._address = f"http://127.0.0.1:{runtime.lab.ports['s3']}"
        self._credentials = Credentials(*runtime.credentials.inner_key)
        self._http = http

    @property
    def _settings(self) -> dict[str, dict[str, Any]]:
        """Settings of each bucket that S3Proxy does not keep."""
        return self._endpoint.state.own["s3"]

    async def answer(self, call: Call, operation: Operation) -> Answer:
        """Answer an authorised call.

        Raises
        ------
        AwsError
            If the lab's S3 does not do what is asked for, or S3Proxy does not answer.
        """
        members.check(operation.name, call)
        names.check_object(call.path)
        names.check_object(call.headers.get("X-Amz-Copy-Source", "").partition("?")[0])
        if operation.name in bucket_settings.OPERATIONS:
            return await self._set(operation)
        if operation.name not in members.PASSED_ON:
            why = " It keeps no versions of objects." if "Version" in operation.name else ""
            raise AwsError("NotImplemented", f"The lab's S3 does not answer {operation.name}; AWS does.{why}", 501)
        if operation.name == "CreateBucket":
            names.check_new_bucket(call.path.strip("/"))
        answer = await self._passed_on(call)
        if operation.name == "DeleteBucket" and answer.status < 300:
            await self._endpoint.change("s3", self._settings, call.path.strip("/"), None)
        if operation.name in ENCRYPTED and answer.status < 300:
            return Answer(answer.status, {**answer.headers, "x-amz-server-side-encryption": "AES256"}, answer.body)
        return answer

    async def _set(self, operation: Operation) -> Answer:
        """Change or tell what S3Proxy does not keep of a bucket."""
        asked = operation.parameters()
        if operation.call.body:
            bucket_settings.check_form(operation.call.body, operation.model.input_shape)
        bucket = asked["Bucket"]
        there = await self._passed_on(Call("HEAD", f"/{bucket}", "", CIMultiDict(), b""))
        if there.status != 200:
            raise AwsError("NoSuchBucket", f"The specified bucket does not exist: {bucket}", 404)
        if changes := bucket_settings.changed(operation.name, asked):
            await self._endpoint.change("s3", self._settings, bucket, changes)
        result = operation.answer(bucket_settings.told(operation.name, self._settings.get(bucket, {})))
        return Answer(204, result.headers, b"") if operation.name.startswith("Delete") else result

    async def _passed_on(self, call: Call) -> Answer:
        url = self._address + call.path + (f"?{_unsigned(call.query)}" if _unsigned(call.query) else "")
        passed_on = ((name, value) for name, value in call.headers.items() if name.lower() not in NOT_PASSED_ON)
        headers = CIMultiDict(passed_on)
        if headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded"):
            del headers["Content-Type"]  # curl's default; S3Proxy would read the object as a form, and find it empty
        request = AWSRequest(call.method, url, headers, call.body)
        _Signer(self._credentials, "s3", REGION).add_auth(request)
        signed = dict(request.headers.items())
        try:
            reply = await self._http.request(
                call.method, URL(url, encoded=True), headers=signed, data=call.body, auto_decompress=False,
                skip_auto_headers=("Content-Type", "Accept", "Accept-Encoding", "User-Agent"), allow_redirects=False,
            )  # fmt: skip
        except aiohttp.ClientError as error:
            raise AwsError("ServiceUnavailable", "S3 does not answer; `python -m lab status` shows it.", 503) from error
        if reply.status == 500 and call.body:
            reply.release()
            raise failed_write(self._folder, len(call.body))
        headers = {name: value for name, value in reply.headers.items() if name.lower() not in NOT_PASSED_BACK}
        return Answer(reply.status, headers, b"" if call.method == "HEAD" else _pieces(reply))


def failed_write(folder: Path, size: int) -> AwsError:
    """Say why S3Proxy, which only says "internal error", could not store something: most often the disk is full."""
    free = shutil.disk_usage(folder).free
    room = f"{free / 1e6:,.1f} MB are free in {folder}"
    if free < size + ROOM_BESIDE:
        text = f"The disk is full, so nothing of this call was stored: {room}. Make room there, then call again."
        return AwsError("InternalError", text, 507)  # which clients do not try again and again
    return AwsError("InternalError", f"S3 could not store this; `python -m lab logs s3` has its words. {room}.", 500)


class _Signer(S3SigV4Auth):
    """Leaves the body unsigned: it has been checked, and S3Proxy keeps in memory all of one that is signed."""

    def _should_sha256_sign_payload(self, request):
        return False


async def _pieces(reply: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    """Hand an object on as it comes: it may be larger than this process ought to be."""
    async with reply:
        async for piece in reply.content.iter_chunked(2**18):
            yield piece


def _unsigned(query: str) -> str:
    return "&".join(pair for pair in query.split("&") if not pair.startswith("X-Amz-"))
