"""Kinesis Data Streams as a model: shards that really split and merge, iterators that expire, limits.

No HTTP, no globals and no clock of its own. `service.Kinesis` answers requests as dictionaries, `wire.answer` as the
bodies that an AWS client sends; whoever serves them brings the socket, the signatures and a place for the state.
"""
