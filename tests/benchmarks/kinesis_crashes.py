"""Kill the AWS endpoint again and again while records are put into three streams, and count what became of them.

Usage: PYTHONPATH=tests/support python tests/benchmarks/kinesis_crashes.py [SEED ...]     (default seeds 1 2 3)

Starts an AWS endpoint of its own, which is killed with -9 at moments that a seed chooses, while 20,000 records are put
into each stream and a reader follows each. All but the first two columns must be 0.
"""

import sys
import tempfile
from dataclasses import astuple, fields
from pathlib import Path

from kinesis_trial import Outcome, trial

from lab.control import interrupts, operations
from lab.core.layout import Lab, read_ports

OFFSET = 17_100
KILLS, RECORDS = 8, 20_000


def main() -> int:
    interrupts.include_termination()
    seeds = [int(argument) for argument in sys.argv[1:]] or [1, 2, 3]
    faults = 0
    with tempfile.TemporaryDirectory() as folder:
        lab = Lab(Path(folder).resolve() / "lab", ports=read_ports({"LAB_PORT_OFFSET": str(OFFSET)}))
        try:
            runtime = operations.up(lab, ["aws"])
            print(f"{'seed':>12}" + "".join(f"{field.name:>14}" for field in fields(Outcome)))
            for seed in seeds:
                outcome = trial(lab, runtime, seed, KILLS, RECORDS)
                print(f"{seed:12}" + "".join(f"{count:14,}" for count in astuple(outcome)), flush=True)
                faults += outcome.faults
        finally:
            operations.down(lab)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
