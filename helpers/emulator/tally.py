"""What became of postings: how many were sent, how many acknowledged, what went wrong."""

from dataclasses import dataclass, field


@dataclass
class Tally:
    """A count that the emulator keeps.

    Attributes
    ----------
    sent : int
        Postings that were handed over.
    acknowledged : int
        Postings of which the brokers stored every record.
    perhaps_twice : int
        Records that were sent again because no reply told whether they had been stored.
    problems : list of str
        Why postings were not acknowledged, each different reason once.
    """

    sent: int = 0
    acknowledged: int = 0
    perhaps_twice: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether every posting was acknowledged."""
        return self.sent == self.acknowledged and not self.problems

    def remember(self, problem: str) -> None:
        """Note a problem, once."""
        if problem not in self.problems:
            self.problems.append(problem)

    def __str__(self) -> str:
        """Summarise in one line."""
        parts = [f"{self.acknowledged} of {self.sent} postings acknowledged"]
        if self.perhaps_twice:
            parts.append(f"{self.perhaps_twice} records sent again after a lost reply")
        return "; ".join(parts + self.problems)
