"""In which service's words to refuse a request: AWS's clients understand those of the service that they called."""

from contextlib import suppress

from lab.aws.errors import AwsError
from lab.aws.protocol import MODELS, Call, Operation, model


def of(call: Call, service: str | None = None) -> str | None:
    """Name a service that speaks as the one that was called does.

    Parameters
    ----------
    call : Call
        The request.
    service : str, optional
        The service it is signed for; None if it is not signed.

    Returns
    -------
    str or None
        None stands for JSON.
    """
    if service in MODELS:
        return service
    if call.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded"):
        return "sts"
    return None if service else _guess(call)


def _guess(call: Call) -> str | None:
    if target := call.headers.get("X-Amz-Target", ""):
        prefixes = {model(name).metadata.get("targetPrefix"): name for name in MODELS}
        return prefixes.get(target.partition(".")[0])
    for service in ("apigateway", "kafka", "kafkaconnect", "airflow", "s3"):
        with suppress(AwsError):
            return Operation(service, call).service
    return None
