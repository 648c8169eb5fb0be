"""A picture that is drawn anew while a block runs: at once, meanwhile, and when the block has ended, with a caption."""

import pytest

from helpers.notebook import plots, redrawing
from helpers.waiting import wait_until


@pytest.fixture
def captions(monkeypatch):
    said = []
    monkeypatch.setattr(plots, "caption", said.append)
    monkeypatch.setattr(redrawing, "EVERY_SECONDS", 0.01)
    return said


class Picture:
    """Counts how often it is drawn; a drawing may fail."""

    def __init__(self):
        self.drawn, self.fails = 0, False

    def __call__(self, put):
        self.drawn += 1
        if self.fails:
            raise RuntimeError("nobody answers")
        return f"drawn {self.drawn} times"


def test_it_is_drawn_while_the_block_runs_and_a_last_time_with_its_caption(captions):
    picture = Picture()
    with redrawing.redrawn(picture):
        wait_until(lambda: picture.drawn > 3, 10, "the picture to be drawn anew")
        assert captions == []
    assert captions == [f"drawn {picture.drawn} times"]


def test_a_drawing_that_fails_is_left_out_and_the_next_one_is_there(captions):
    picture = Picture()
    with redrawing.redrawn(picture):
        picture.fails = True
        failed = wait_until(lambda: picture.drawn > 3 and picture.drawn, 10, "drawings that fail")
        picture.fails = False
        wait_until(lambda: picture.drawn > failed, 10, "drawings that succeed")
    assert captions == [f"drawn {picture.drawn} times"]


def test_the_last_drawing_says_what_fails(captions):
    picture = Picture()
    with pytest.raises(RuntimeError, match="nobody answers"), redrawing.redrawn(picture):
        picture.fails = True


def test_an_error_of_the_block_is_told_and_the_picture_is_finished(captions):
    picture = Picture()
    with pytest.raises(ValueError, match="mine"), redrawing.redrawn(picture):
        raise ValueError("mine")
    assert captions == [f"drawn {picture.drawn} times"]
