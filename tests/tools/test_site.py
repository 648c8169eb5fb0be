"""The site: every page is there, leads to the others and needs nothing from elsewhere."""

import re

import pytest

from lab.core.layout import Lab
from tools import notebooks
from tools.site import __main__ as site
from tools.site import pages

DIAGRAM = """flowchart LR
  accTitle: Two parts
  accDescr {
    One leads
    to the other.
  }
  A --> B"""


def test_a_diagram_is_described_by_its_own_words():
    assert pages.description(DIAGRAM) == "Two parts. One leads to the other."
    assert pages.description("flowchart LR\n  accDescr: One line\n  A --> B") == "One line"


def test_links_lead_to_pages_and_to_nothing_that_the_site_lacks(tmp_path):
    text = "[a](../README.md) [b](notebooks/05_x.ipynb#there) [c](https://a.org/b) [d](../lab/core/x.py) [e](#here)"
    names = {"README.md": "index.md", "05_x.ipynb": "05_x.ipynb"}
    made = pages.page(text, "p", tmp_path, names)
    assert made == "[a](index.md) [b](05_x.ipynb#there) [c](https://a.org/b) [d](index.md) [e](#here)"


@pytest.fixture(scope="module")
def target(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site") / "html"
    site.build(Lab.from_environment(), folder)
    return folder


@pytest.fixture(scope="module")
def built(target):
    return {file.stem: file.read_text() for file in target.glob("*.html")}


def test_nothing_is_left_beside_the_site(target):
    assert [*target.parent.iterdir()] == [target]


def test_every_notebook_and_page_is_there(built):
    assert {path.stem for path in notebooks.paths()} | {*pages.DOCUMENTS, "index", "search"} <= {*built}


def test_a_page_leads_to_the_ones_before_and_after_it(built):
    assert 'href="08_mwaa_dag.html"' in built["09a_kinesis_ingest"]
    assert 'href="09b_streams_to_delta.html"' in built["09a_kinesis_ingest"]


def test_no_page_needs_anything_from_elsewhere(built):
    for name, text in built.items():
        assert not re.findall(r'<(?:script|link|img)[^>]+(?:src|href)="(?:https?:)?//[^"]+', text), name


def test_every_picture_has_a_description(built):
    for name, text in built.items():
        assert not [tag for tag in re.findall(r"<img[^>]*>", text) if not re.search(r'alt="[^"]{3,}"', tag)], name


def letters_at_700(svg: str) -> float:
    """Size of a diagram's letters, in pixels, in a window so narrow that the text has 700 pixels."""
    width = float(re.search(r'viewBox="\S+ \S+ (\S+) ', svg)[1])
    return LETTERS * min(1, 700 / width)


LETTERS, LEAST = 16, 10
"""Pixels: what a diagram has as long as there is room; what can still be read."""


def test_diagrams_can_be_read_in_a_narrow_window(target):
    found = {file.name: letters_at_700(file.read_text()) for file in target.glob("_images/*.svg")}
    assert len(found) >= len(notebooks.paths())
    assert {name: size for name, size in found.items() if size < LEAST} == {}


def test_a_diagram_of_nine_boxes_in_a_row_cannot():
    assert letters_at_700('<svg viewBox="0 0 1959 368" width="100%">') < LEAST
