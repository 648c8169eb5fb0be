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
