"""A Kafka REST proxy, version 2 of its API, for the lab's client machine: ``python -m lab.rest_proxy FILE``."""
