"""Whether there is room for what a lab stores."""

import shutil
from pathlib import Path

NEEDED_MB = 2000
"""Free space that jars, Airflow, Kafka's log, objects and tables need beside the environment."""


def free_mb(folder: Path) -> float:
    """Measure the free space where a folder is, or will be."""
    there = next(one for one in (folder, *folder.parents) if one.exists())
    return shutil.disk_usage(there).free / 1e6


def shortage(folder: Path) -> str:
    """Say that there is too little room, and what to do; empty if there is enough."""
    free = free_mb(folder)
    if free >= NEEDED_MB:
        return ""
    return (
        f"Only {free:,.0f} MB are free in {folder}; {NEEDED_MB:,} MB are needed. Make room, or set LAB_HOME to a "
        "folder on another disk: a lab that has no room left stores nothing more."
    )
