"""Read the body of a request, as far as the lab takes one."""

import asyncio

import aiohttp
from aiohttp import web

from lab.aws.errors import AwsError

LARGEST_BODY = 32 * 2**20
"""Bytes: more than AWS's clients send in one part, and as much as S3Proxy takes without running out of memory."""

BODY_SECONDS = 60


async def read(request: web.Request) -> bytes:
    """Read all of a request's body.

    Raises
    ------
    AwsError
        If it is too large, takes too long, or breaks off.
    """
    too_large = AwsError(
        "EntityTooLarge", f"The lab takes bodies of up to {LARGEST_BODY // 2**20} MB: send it in parts."
    )
    if (request.content_length or 0) > LARGEST_BODY:
        raise too_large
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await request.read()
    except web.HTTPRequestEntityTooLarge as error:
        raise too_large from error
    except TimeoutError as error:
        raise AwsError("RequestTimeout", f"The body did not come within {BODY_SECONDS} s.") from error
    except (web.RequestPayloadError, aiohttp.ClientError, OSError, ValueError) as error:
        raise AwsError("IncompleteBody", "The body broke off, or is not encoded as its headers say.") from error
