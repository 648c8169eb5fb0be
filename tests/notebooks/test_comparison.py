"""The comparison of executed notebooks with the committed ones fires, and keeps to the tags."""

import pytest
from nbval_comparison import differences, printed


def test_the_comparison_of_an_executed_notebook_notices_it_too():
    (found,) = differences(printed("200\n", "201\n"), printed("200\n", "200\n"))
    assert "Cell 1" in found
    assert "201" in found
    assert list(differences(printed("200\n", "201\n"), printed("200\n", "201\n"))) == []


def test_the_comparison_leaves_out_what_a_cell_is_tagged_for_and_errors_on_the_wrong_notebook():
    seconds = printed("3.1\n", "4\n")
    seconds.cells[0].metadata["tags"] = ["nbval-ignore-output"]
    assert list(differences(printed("2.9\n", "4\n"), seconds)) == []
    seconds.cells[0].source = "another"
    with pytest.raises(ValueError, match="Cell 0 of the executed notebook is another"):
        list(differences(printed("2.9\n", "4\n"), seconds))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("localhost:9098", "localhost:21098", True),
        ("http://127.0.0.1:4566/a", "http://127.0.0.1:17566/a", True),
        ("localhost:9098", "b-1.example:9098", False),
        ("localhost:9098/a", "localhost:9098/b", False),
        ("at 10.0.0.1:9098", "at 10.0.0.1:9099", False),
        ("/restapis/t8xnqf07pj/prod", "/restapis/aaaabbbb12/prod", True),
        ("/restapis/t8xnqf07pj/prod", "/restapis/t8xnqf07pj/test", False),
        ("/restapis/prod/", "/restapis/test/", False),
        ("TopicId: Nm2Zqgv2S_-ZmYb1lY3xFw\tParts: 1", "TopicId: aaaaqgv2SlWZmYb1lY3xFw\tParts: 1", True),
        ("TopicId: Nm2Zqgv2S_-ZmYb1lY3xFw\tParts: 1", "TopicId: Nm2Zqgv2S_-ZmYb1lY3xFw\tParts: 3", False),
        ("TopicName: Nm2Zqgv2S_-ZmYb1lY3xFw", "TopicName: aaaaqgv2SlWZmYb1lY3xFw", False),
        ("2026-11-28 09:00:01    1234 a.zip", "2026-11-29 10:30:02      99 a.zip", True),
        ("2026-11-28 09:00:01    1234 a.zip", "2026-11-28 09:00:01    1234 b.zip", False),
        ("joined 2016-03-03 11:58:09", "joined 2016-03-04 11:58:09", False),
        ("at http://a/run/1795857987631418", "at http://a/run/1795857987630001", True),
        ("at http://a/run/1795857987631418", "at http://a/job/1795857987631418", False),
        ("at http://a/run/1", "at http://a/run/2", False),
        ("a.geo/partition=0/a.geo+0+0000000000.json", "a.geo/partition=0/a.geo+0+0000000200.json", True),
        ("a.geo/partition=0/a.geo+0+0000000000.json", "a.geo/partition=0/a.pin+0+0000000000.json", False),
        ("a.geo/partition=0/a.geo+0+0000000000.json", "a.geo/partition=0/a.geo+1+0000000000.json", False),
        ("a+0+0000000000.json", "a+0+0000000200.json", False),
    ],
)
def test_what_is_new_in_every_lab_is_the_same_and_what_stands_beside_it_is_not(one, other, same):
    found = list(differences(printed(f"{one}\n"), printed(f"{other}\n")))
    assert (found == []) is same
