"""How Kinesis refuses."""


class Refusal(Exception):
    """An error of the Kinesis API.

    Attributes
    ----------
    code : str
        What a client finds as the error's code, such as "ResourceNotFoundException".
    message : str
        The text that AWS sends with it.
    status : int
        HTTP status.
    """

    def __init__(self, code: str, message: str, status: int = 400):
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status = code, message, status


def invalid(message: str) -> Refusal:
    """Refuse an argument that is well-formed but makes no sense."""
    return Refusal("InvalidArgumentException", message)


def not_found(message: str) -> Refusal:
    """Refuse because a stream or a shard is not there."""
    return Refusal("ResourceNotFoundException", message)


def malformed(value: object, field: str, constraint: str) -> Refusal:
    """Refuse a field that breaks a rule of the API's own model."""
    return Refusal(
        "ValidationException",
        f"1 validation error detected: Value '{value}' at '{field}' failed to satisfy constraint: Member must "
        f"{constraint}",
    )
