"""What nbval does not compare: standard error, pixels of pictures, whose description is compared, and some tokens."""

SANITISED = {
    r"\b(localhost|127\.0\.0\.1):\d{4,5}\b": r"\1:PORT",
    r"/restapis/[a-z0-9]{10}/": "/restapis/API/",
    r"\bTopicId: [\w-]{22}(?![\w-])": "TopicId: ID",
    r"(?m)^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +\d+ (?=\S+$)": "WRITTEN SIZE ",
    r"/run/\d{10,}\b": "/run/RUN",
    r"(\.(?:pin|geo|user)\+\d+\+)\d{10}\.json\b": r"\1OFFSET.json",
}
"""Pattern of what is new in every lab → what both outputs hold in its place while they are compared."""


def pytest_collectstart(collector):
    """Extend nbval's lists for every notebook."""
    if getattr(collector, "skip_compare", None):
        collector.skip_compare += ("stderr", "image/png")
        collector.sanitize_patterns.update(SANITISED)
