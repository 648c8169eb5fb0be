"""A workbook is worked through: a third of the lines that matter are written by the learner."""

from functools import reduce
from operator import add

import pytest
import typed_lines

from tools import notebooks

LEAST = 1 / 3

LEAST_IN_ONE = 1 / 5

SHORT = '''
# %% tags=["parameters"]
posts = 3  # how many

# %%
import re

for n in range(3):
    print(n)
# a comment
x = [
    1,
]
lesson.check(1, x)

# %% tags=["exercise-1"]
def matching_topics(pattern: str, names: list[str]) -> list[str]:
    """List the topics."""
    ...
'''


@pytest.fixture(scope="module")
def shares():
    return {source.stem: typed_lines.of(source) for source in notebooks.sources()}


def test_a_third_of_the_lines_that_matter_are_typed_by_the_learner(shares):
    assert float(reduce(add, shares.values())) >= LEAST


def test_no_notebook_is_only_read(shares):
    assert {name: f"{float(share):.0%}" for name, share in shares.items() if float(share) < LEAST_IN_ONE} == {}


def test_lines_that_only_show_do_not_count_and_gaps_count_without_what_is_given(tmp_path):
    source = tmp_path / "03_short.py"
    source.write_text(SHORT)
    assert typed_lines.of(source) == typed_lines.Share(typed=1, matter=3 + 3)
