"""Tapes and bins show the data: offsets, what is unread, where a group reads on; keys by shard."""

from matplotlib.colors import to_hex

from helpers.notebook import partitions, plots


def _tapes(*arguments):
    return partitions.tapes(*arguments, "Title").axes[0]


def _filled(axes):
    return [to_hex(box.get_facecolor()) == plots.PALE for box in axes.patches]


def test_a_tape_fills_what_a_group_has_still_to_read_and_ends_with_an_empty_place():
    axes = _tapes({0: 4}, {"readers": {0: 1}, "others": {0: 4}})
    assert [text.get_text() for text in axes.texts if text.get_text()] == [
        "partition 0", "0", "1", "2", "3", "readers", "others",
    ]  # fmt: skip
    assert _filled(axes) == [False, True, True, True, False]
    assert axes.patches[-1].get_linestyle() == "--"


def test_an_arrow_points_at_the_message_that_comes_next():
    axes = _tapes({0: 4}, {"readers": {0: 1}, "others": {0: 4}})
    arrows = [text for text in axes.texts if getattr(text, "arrow_patch", None)]
    assert [int(arrow.xy[0]) for arrow in arrows] == [1, 4]


def test_a_group_that_has_committed_nothing_stands_at_the_beginning():
    axes = _tapes({0: 2, 1: 3}, {"new": {1: 3}})
    assert _filled(axes) == [True, True, False, False, False, False, False]


def test_of_a_long_partition_the_end_is_drawn():
    axes = _tapes({0: 100}, {"readers": {0: 98}})
    numbers = [text.get_text() for text in axes.texts if text.get_text().isdigit()]
    assert (numbers[0], numbers[-1], len(numbers)) == ("84", "99", partitions.LONGEST_TAPE)
    assert sum(_filled(axes)) == 2


def _words(axes):
    return [text.get_text() for text in axes.texts]


def test_each_record_falls_into_the_bin_of_its_shard():
    sent = {"one key": {"b": ["user-1"] * 3}, "many": {"a": ["10", "9"], "b": ["8"]}}
    words = _words(partitions.bins(sent, "Title").axes[0])
    assert [word for word in words if word.startswith("shard")] == ["shard 0", "shard 1"]
    counts = [word for word in words if "record" in word]
    assert counts == ["0 records", "2 records", "3 records", "1 record"], "shard by shard"
    assert [word for word in words if word.isdigit()] == ["9", "10", "8"]
    assert words.count(" ") == 3
