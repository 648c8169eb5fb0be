"""REST APIs of API Gateway: the one before Kafka's REST proxy, and the one before Kinesis (milestones 5 and 9)."""
