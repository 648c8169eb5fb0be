"""In which service's words to refuse a request that is not signed, and so does not say whom it is for."""

from contextlib import suppress

from helpers.lab.aws.errors import AwsError
from helpers.lab.aws.protocol import MODELS, Call, Operation, model


def guess(call: Call) -> str | None:
    """Name the service that a request is most likely for; None if it could be any that speaks JSON."""
    if call.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded"):
        return "sts"
    if target := call.headers.get("X-Amz-Target", ""):
        prefixes = {model(name).metadata.get("targetPrefix"): name for name in MODELS}
        return prefixes.get(target.partition(".")[0])
    for service in ("apigateway", "kafka", "kafkaconnect", "s3"):
        with suppress(AwsError):
            return Operation(service, call).service
    return None
