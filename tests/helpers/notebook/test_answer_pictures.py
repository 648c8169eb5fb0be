"""Each picture of an answer states the finding that its data have, and says it in words too."""

import pandas as pd
import pytest

from helpers.kafka.sink_objects import LandedObject
from helpers.notebook import answer_pictures, object_pictures, plots


@pytest.fixture
def shown(monkeypatch):
    """The title and the description of each picture that was shown."""
    found = []

    def show(figure, description):
        title = figure.get_suptitle() or figure.axes[0].get_title(loc="left")
        found.append((title, description))

    monkeypatch.setattr(plots, "show", show)
    return found


def test_won_countries_tells_ties_from_wins(shown):
    wins = pd.DataFrame({"category": ["art", "travel"], "outright": [2, 5], "by_alphabet": [3, 0]})
    answer_pictures.won_countries(wins)
    title, words = shown[0]
    assert title == "The alphabet decided in 3 of 10 countries"
    assert words.endswith("travel 5 and 0, art 2 and 3.")


def test_shares_are_of_a_year_and_a_shared_first_place_names_both(shown):
    counts = pd.DataFrame(
        [(2018, "art", 3), (2018, "travel", 1), (2019, "art", 2), (2019, "travel", 2)],
        columns=["post_year", "category", "category_count"],
    )
    answer_pictures.shares_by_year(counts)
    title, words = shown[0]
    assert title == "No category has more than 75.0 % of a year's posts"
    assert words.endswith("Most posts: 2018 art, 2019 art and travel.")


def test_joining_months_say_how_many_joined_within_the_window(shown):
    monthly = pd.DataFrame(
        {"month": pd.to_datetime(["2016-01-01", "2020-03-01"]), "count": [9, 1], "inside": [9, 0]}
    )
    answer_pictures.joining_months(monthly)
    title, words = shown[0]
    assert title == "90.0% of these users joined within two years"
    assert words.endswith("most in January 2016, 9.")


SPREAD = pd.DataFrame(
    [
        ("18-24", 2015, 9, 1.0, 40.0, 90.0), ("18-24", 2016, 9, 1.0, 30.0, 90.0), ("18-24", 2017, 9, 1.0, 20.0, 90.0),
        ("25-35", 2015, 9, 1.0, 50.0, 90.0), ("25-35", 2016, 9, 1.0, 60.0, 90.0),
    ],
    columns=["age_group", "post_year", "users", "lower_quartile", "median", "upper_quartile"],
)  # fmt: skip


def test_medians_say_by_how_much_they_fall(shown):
    answer_pictures.medians_by_year(SPREAD[SPREAD["age_group"] == "18-24"])
    assert shown[0][0] == "The median falls from 40 to 20; later years have a handful of users"
    answer_pictures.medians_by_year_and_age(SPREAD, ["18-24", "25-35"])
    title, words = shown[1]
    assert title == "From 2015 to 2016 the median falls in 1 of 2 age groups"
    assert words.endswith("in 2015 18-24 40, 25-35 50.")


def test_objects_are_counted_and_the_reader_of_many_waits(shown):
    small = [LandedObject("t", 0, offset, f"k{offset}", 300) for offset in range(1500)]
    object_pictures.as_dots({"live": small, "history": [LandedObject("t", 0, 0, "k", 150_000)] * 2})
    title, words = shown[0]
    assert title == "1,500 objects of 300 bytes beside 2 objects of 150,000 bytes"
    assert "live: 1,500 objects of 300 bytes; history: 2 objects of 150,000 bytes" in words
    object_pictures.seconds_by_objects({100: 2.0, 1: 0.5})
    assert shown[1][0] == "The same rows in 100 objects take 4 times as long to read"
