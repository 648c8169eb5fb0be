"""Kafka: the MSK cluster, its topics, MSK Connect, and the objects that the sink stores (milestones 3 and 4)."""
