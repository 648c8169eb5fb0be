"""Jobs API 2.2: runs of notebooks, each in a process of its own, attached to the cluster."""
