"""Kinesis: the streams, and the Spark source that reads them (milestone 9)."""
