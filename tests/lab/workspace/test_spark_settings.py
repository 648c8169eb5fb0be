"""The cluster's Java side leaves the cores to the queries where there are few."""

import os

import pytest

from lab.core.layout import Lab
from lab.core.runtime import existing_runtime
from lab.workspace.spark_settings import spark_settings

ONE_COMPILER = "-XX:TieredStopAtLevel=1"


@pytest.mark.parametrize(("processors", "one_compiler", "threads"), [(1, True, 1), (2, True, 2), (4, False, 4)])
def test_a_second_compiler_comes_with_cores_to_spare(tmp_path, monkeypatch, processors, one_compiler, threads):
    monkeypatch.setattr(os, "cpu_count", lambda: processors)
    settings = spark_settings(existing_runtime(Lab(tmp_path)))
    assert (ONE_COMPILER in settings["spark.driver.extraJavaOptions"].split()) is one_compiler
    assert settings["spark.master"] == f"local[{threads}]"
