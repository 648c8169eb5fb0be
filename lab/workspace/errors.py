"""What the workspace answers when it refuses."""


class WorkspaceError(Exception):
    """A refusal.

    Attributes
    ----------
    code : str
        The REST API's error code.
    message : str
        What `dbutils` shows: the words of the Java exception that Databricks would pass on.
    status : int
        HTTP status.
    """

    def __init__(self, code: str, message: str, status: int = 400):
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
