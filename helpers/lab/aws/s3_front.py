"""S3 for those who sign with other keys than the lab's own: S3Proxy knows one key, so requests are signed anew."""

import aiohttp
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from yarl import URL

from helpers.lab.aws.protocol import Answer, Call
from helpers.lab.services.base import Runtime

NOT_PASSED_ON = {
    "host", "authorization", "connection", "transfer-encoding", "content-length", "expect", "x-amz-date",
    "x-amz-security-token", "x-amz-content-sha256", "accept-encoding",
}  # fmt: skip
"""Headers that belong to one connection or one signature."""


class S3Front:
    """The way to S3Proxy."""

    def __init__(self, runtime: Runtime, http: aiohttp.ClientSession):
        self._address = f"http://127.0.0.1:{runtime.lab.ports['s3']}"
        self._credentials = Credentials(runtime.credentials.access_key_id, runtime.credentials.secret_access_key)
        self._http = http

    async def answer(self, call: Call) -> Answer:
        """Pass an authorised call on."""
        url = self._address + call.path + (f"?{_unsigned(call.query)}" if _unsigned(call.query) else "")
        headers = {name: value for name, value in call.headers.items() if name.lower() not in NOT_PASSED_ON}
        request = AWSRequest(call.method, url, headers, call.body)
        S3SigV4Auth(self._credentials, "s3", "us-east-1").add_auth(request)
        signed = dict(request.headers.items())
        async with self._http.request(
            call.method, URL(url, encoded=True), headers=signed, data=call.body, auto_decompress=False
        ) as reply:
            body = await reply.read()
            kept = {
                name: value for name, value in reply.headers.items()
                if name.lower() not in ("connection", "transfer-encoding", "date", "server")
            }  # fmt: skip
            if call.method != "HEAD":
                kept.pop("Content-Length", None)
            return Answer(reply.status, kept, body)


def _unsigned(query: str) -> str:
    return "&".join(pair for pair in query.split("&") if not pair.startswith("X-Amz-"))
