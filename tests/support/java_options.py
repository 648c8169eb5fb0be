"""How a Spark of a test's own is started."""

SHORT_LIVED = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:-UsePerfData"
"""For one that ends soon: the second compiler would take half of its time and be done when nobody needs it."""
