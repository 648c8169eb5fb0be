"""S3 for those who sign with other keys than the lab's own: S3Proxy knows one key, so requests are signed anew."""

import re
from collections.abc import AsyncIterator
from urllib.parse import unquote

import aiohttp
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from multidict import CIMultiDict
from yarl import URL

from lab.aws.errors import AwsError
from lab.aws.protocol import REGION, Answer, Call
from lab.core.runtime import Runtime

NOT_PASSED_ON = {
    "host", "authorization", "connection", "transfer-encoding", "content-length", "expect", "x-amz-date",
    "x-amz-security-token", "x-amz-content-sha256", "accept-encoding",
}  # fmt: skip
"""Headers that belong to one connection or one signature."""


NOT_PASSED_BACK = {"connection", "transfer-encoding", "date", "server"}


class S3Front:
    """The way to S3Proxy."""

    def __init__(self, runtime: Runtime, http: aiohttp.ClientSession):
        self._address = f"http://127.0.0.1:{runtime.lab.ports['s3']}"
        self._credentials = Credentials(runtime.credentials.access_key_id, runtime.credentials.secret_access_key)
        self._http = http

    async def answer(self, call: Call) -> Answer:
        """Pass an authorised call on.

        Raises
        ------
        AwsError
            If S3Proxy could take the object for another, or does not answer.
        """
        url = self._address + call.path + (f"?{_unsigned(call.query)}" if _unsigned(call.query) else "")
        _check_name(call.path)
        _check_name(call.headers.get("X-Amz-Copy-Source", "").partition("?")[0])
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
            raise AwsError(
                "ServiceUnavailable", "S3 does not answer; `python -m lab status` shows it.", 503
            ) from error
        headers = {name: value for name, value in reply.headers.items() if name.lower() not in NOT_PASSED_BACK}
        return Answer(reply.status, headers, b"" if call.method == "HEAD" else _pieces(reply))


class _Signer(S3SigV4Auth):
    """Leaves the body unsigned: it has been checked, and S3Proxy keeps in memory all of one that is signed."""

    def _should_sha256_sign_payload(self, request):
        return False


def _check_name(path: str) -> None:
    """Refuse names that S3Proxy, where an object is a file, would take for another's: policies are about names."""
    folders = unquote(path.removeprefix("/")).split("/")
    if {".", ".."} & set(folders) or "" in folders[:-1] or re.search("[;#]", path):
        name = "/".join(folders)
        raise AwsError("InvalidURI", f"The lab's S3 keeps objects as files and takes no name like {name!r}.")


async def _pieces(reply: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    """Hand an object on as it comes: it may be larger than this process ought to be."""
    async with reply:
        async for piece in reply.content.iter_chunked(2**18):
            yield piece


def _unsigned(query: str) -> str:
    return "&".join(pair for pair in query.split("&") if not pair.startswith("X-Amz-"))
