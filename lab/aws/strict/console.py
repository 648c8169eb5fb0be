"""The console of a new instance is empty at first."""

from lab.aws.protocol import Answer
from lab.aws.strict.rule import Asked, Rule

SECONDS = 4
"""Minutes on AWS."""


class Console:
    """Remembers when an instance was launched; there is one at a time."""

    def __init__(self) -> None:
        self._shown_from = 0.0

    def hold(self, asked: Asked) -> Answer | None:
        """Answer with nothing as long as the machine starts."""
        if asked.is_call("ec2", "RunInstances"):
            self._shown_from = asked.now + SECONDS
        if asked.is_call("ec2", "GetConsoleOutput") and asked.now < self._shown_from:
            return asked.operation.answer({"InstanceId": asked.operation.parameters()["InstanceId"], "Output": ""})
        return None


def rule() -> Rule:
    """Make the rule."""
    source = 'Amazon EC2 User Guide, "Instance console output": posted shortly after the instance has started'
    return Rule("console output is late", source, Console().hold)
