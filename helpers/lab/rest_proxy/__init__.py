"""A Kafka REST proxy, version 2 of its API, for the lab's client machine: ``python -m helpers.lab.rest_proxy FILE``."""
