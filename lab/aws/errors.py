"""What AWS answers when it refuses."""


class AwsError(Exception):
    """A refusal in AWS's own form.

    Attributes
    ----------
    code : str
        The error code that clients look at.
    message : str
        The sentence that people read.
    status : int
        HTTP status.
    """

    def __init__(self, code: str, message: str, status: int = 400):
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
