"""The parts of the generator: words, posters, dirt and the extra rows that show mistakes."""
