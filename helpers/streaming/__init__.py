"""From streams to Delta tables: queries, their progress, a live view, warnings (milestone 9)."""
