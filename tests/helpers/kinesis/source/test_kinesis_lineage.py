"""Shards that split and merge in any order are read parents first, and none is forgotten."""

import random

import pytest

from helpers.kinesis.source.lineage import Lineage, Shard
from helpers.kinesis.source.offsets import ShardOffset

DRAINED = ShardOffset(after="1", records=1, closed=True)


class History:
    """A stream whose shards are split and merged at random; neighbours stay neighbours."""

    def __init__(self, chance: random.Random, count: int):
        self.chance = chance
        self.parents: dict[str, tuple[str, ...]] = {}
        self.open = [self._new() for _ in range(count)]

    def _new(self, *parents: str) -> str:
        name = f"shard-{len(self.parents):03d}"
        self.parents[name] = parents
        return name

    def reshard(self) -> None:
        place = self.chance.randrange(len(self.open))
        if self.chance.random() < 0.5 and place + 1 < len(self.open):
            first, second = self.open[place : place + 2]
            self.open[place : place + 2] = [self._new(first, second)]
        else:
            parent = self.open[place]
            self.open[place : place + 1] = [self._new(parent), self._new(parent)]

    def listed(self, forgotten: int = 0) -> Lineage:
        names = sorted(self.parents)[forgotten:]
        return Lineage(Shard(name, self.parents[name], name in self.open) for name in names)


def read_everything(history: History, offsets: dict[str, ShardOffset], listed, reshardings: int) -> list[str]:
    """Drain shards in random order as the reader does, while resharding goes on; return them in the order begun."""
    begun = list(offsets)
    while True:
        unread = [name for name, offset in offsets.items() if not offset.closed]
        closed = [name for name in unread if name not in history.open]
        if reshardings and (not closed or history.chance.random() < 0.5):
            history.reshard()
            reshardings -= 1
            continue
        if not closed:
            return begun
        before = dict(offsets)
        offsets[history.chance.choice(closed)] = DRAINED
        lineage = listed()
        for name in lineage.outlived(before):
            del offsets[name]
        fresh = lineage.successors(offsets)
        for name in fresh:
            assert all(parent not in offsets or offsets[parent].closed for parent in history.parents[name])
        offsets.update(fresh)
        begun += fresh


@pytest.mark.parametrize("seed", range(40))
def test_every_shard_is_begun_once_and_after_its_parents(seed):
    history = History(random.Random(seed), count=random.Random(seed).randint(1, 4))
    for _ in range(seed % 5):
        history.reshard()
    offsets = {name: ShardOffset() for name in history.listed().oldest()}
    begun = read_everything(history, offsets, history.listed, reshardings=15)
    assert sorted(begun) == sorted(history.parents)
    for place, name in enumerate(begun):
        assert set(history.parents[name]) <= set(begun[:place])
    assert sorted(name for name, offset in offsets.items() if not offset.closed) == sorted(history.open)


@pytest.mark.parametrize("seed", range(20))
def test_a_query_that_begins_now_reads_what_is_open_and_what_comes(seed):
    history = History(random.Random(seed), count=3)
    for _ in range(6):
        history.reshard()
    old = set(history.parents) - set(history.open)
    offsets = {name: ShardOffset() for name in history.listed().open()}
    begun = read_everything(history, offsets, history.listed, reshardings=10)
    assert sorted(begun) == sorted(set(history.parents) - old)


@pytest.mark.parametrize("seed", range(20))
def test_shards_that_kinesis_forgets_hold_nobody_up(seed):
    history = History(random.Random(seed), count=3)
    offsets = {name: ShardOffset() for name in history.listed().oldest()}

    def without_the_oldest():
        oldest_still_needed = min(name for name, offset in offsets.items() if not offset.closed or name in offsets)
        return history.listed(forgotten=sorted(history.parents).index(oldest_still_needed))

    begun = read_everything(history, offsets, without_the_oldest, reshardings=15)
    assert sorted(begun) == sorted(history.parents)


def test_a_merged_shard_waits_for_both_parents():
    lineage = Lineage([Shard("a", (), False), Shard("b", (), False), Shard("c", ("a", "b"))])
    assert lineage.successors({"a": DRAINED, "b": ShardOffset()}) == {}
    assert lineage.outlived({"a": DRAINED, "b": ShardOffset()}) == set()
    assert lineage.successors({"a": DRAINED, "b": DRAINED}) == {"c": ShardOffset()}
    assert lineage.outlived({"a": DRAINED, "b": DRAINED, "c": ShardOffset()}) == {"a", "b"}


def test_a_shard_whose_parent_waits_further_up_is_not_begun():
    """B is not begun yet; that D is finished must not let E, the child of both, begin."""
    lineage = Lineage(
        [
            Shard("a", (), False), Shard("d", (), False),
            Shard("b", ("a",), False), Shard("c", ("a",)), Shard("e", ("b", "d")),
        ]
    )  # fmt: skip
    assert lineage.successors({"a": ShardOffset(), "d": DRAINED}) == {}
    assert set(lineage.successors({"a": DRAINED, "d": DRAINED})) == {"b", "c"}


def test_children_of_a_shard_without_records_begin_at_the_querys_moment():
    lineage = Lineage([Shard("a", (), False), Shard("b", ("a",)), Shard("c", ("a",))])
    empty = ShardOffset(since="2024-05-01T12:00:00.000+00:00", closed=True)
    assert lineage.successors({"a": empty})["b"] == ShardOffset(since="2024-05-01T12:00:00.000+00:00")
    assert lineage.successors({"a": DRAINED})["b"] == ShardOffset()


def test_children_of_a_shard_that_was_trimmed_unread_are_begun():
    lineage = Lineage([Shard("d", ("b",)), Shard("c", ("a",))])
    assert set(lineage.successors({"a": DRAINED})) == {"c", "d"}
