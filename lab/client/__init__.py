"""The client machine: what stands in for the EC2 instance on which the learner works with Kafka.

It is an SSH server with a home folder, not a sandbox: whoever comes in with the right key works as the user who
started the lab, on that user's own computer.
"""
