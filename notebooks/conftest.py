"""What nbval does not compare: standard error, and the pixels of pictures, whose description is compared."""


def pytest_collectstart(collector):
    """Extend nbval's list for every notebook."""
    if getattr(collector, "skip_compare", None):
        collector.skip_compare += ("stderr", "image/png")
