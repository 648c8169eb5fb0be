"""What an hour costs: of all that the notebooks make, before they make it, and of what is there now."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from helpers.account.inventory import Inventory
from helpers.config import CHECKOUT

FILE = CHECKOUT / "aws" / "prices.json"

HOURS_A_DAY = 24


@dataclass(frozen=True)
class Prices:
    """The table of prices.

    Attributes
    ----------
    as_of : str
        When they were read.
    region, source : str
        Where they hold, and where they stand.
    dollars : dict of str to float
        What one of each costs an hour.
    """

    as_of: str
    region: str
    source: str
    dollars: dict[str, float]

    @classmethod
    def read(cls, file: Path = FILE) -> "Prices":
        """Read the table."""
        content = json.loads(file.read_text())
        return cls(content["as_of"], content["region"], content["source"], content["prices"])


@dataclass(frozen=True)
class Line:
    """A line of the bill.

    Attributes
    ----------
    what : str
        The thing, in words.
    price : str
        What it is billed by.
    units : float
        How many of that.
    since : str
        Where it is made.
    """

    what: str
    price: str
    units: float
    since: str = ""


PLAN = (
    Line("MSK cluster, two brokers", "MSK kafka.t3.small broker", 2, "the template"),
    Line("NAT gateway, for Airflow", "NAT gateway", 1, "the template"),
    Line("client machine", "EC2 t3.small", 1, "notebook 01"),
    Line("its address", "public IPv4 address", 1, "notebook 01"),
    Line("connector", "MSK Connect, MCU", 1, "notebook 00 or 03"),
    Line("Airflow", "MWAA mw1.small", 1, "notebook 08"),
    Line("three streams, two shards each", "Kinesis shard", 6, "notebook 09a"),
)
"""All that the notebooks make and that is billed while it idles; objects, requests and logs come to cents."""


def running(inventory: Inventory) -> list[Line]:
    """Write the bill of what is there now."""
    priced = [one for one in inventory.found if one.price]
    lines = [Line(f"{one.kind}: {one.name}", one.price, one.units) for one in priced]
    addresses = sum(one.kind == "instances" for one in priced)
    return lines + [Line("their addresses", "public IPv4 address", addresses)] * bool(addresses)


def hourly(lines: Iterable[Line], prices: Prices) -> float:
    """Add up an hour, in dollars; what the table does not have counts as nothing, and `bill` says so."""
    return sum(prices.dollars.get(line.price, 0) * line.units for line in lines)


def bill(lines: Iterable[Line], prices: Prices) -> list[str]:
    """Write a bill: a line a thing, the sum by hour and day, and how old the prices are."""
    lines = list(lines)
    width = max((len(line.what) for line in lines), default=0)
    text = [f"{line.what:{width}}  {_amount(line, prices)}  {line.since}".rstrip() for line in lines]
    total = hourly(lines, prices)
    text.append(f"{total:.3f} dollars an hour, {total * HOURS_A_DAY:.2f} a day, also when nothing is done")
    text.append(f"prices of {prices.as_of} for {prices.region}; without Databricks, traffic and tax")
    return text


def _amount(line: Line, prices: Prices) -> str:
    if line.price not in prices.dollars:
        return f"no price of {line.price!r} in {FILE.name}"
    return f"{prices.dollars[line.price] * line.units:6.3f}"
