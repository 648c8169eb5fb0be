"""One's own account: what is missing before a start, what it costs, what is there, and how it is all deleted."""
