"""What services do on the caller's behalf, and what a policy can name: neither stands in the code's calls."""

ANY = "*"

_NETWORK = (
    "ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
)  # fmt: skip

_LOG_DELIVERY = (
    "logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:DescribeLogGroups", "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery", "logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:UpdateLogDelivery",
)  # fmt: skip

BY_MODULE = {"helpers.kafka.client": ("kafka-cluster", ANY), "helpers.streaming.queries": ("kinesis", ANY)}
"""Modules whose calls are not boto3's own: Kafka's protocol, and what Spark's source asks on the cluster."""

ON_BEHALF = {
    # Amazon EC2 User Guide, "Grant permissions to use launch templates and tags": tags given at creation
    "ec2:RunInstances": ("ec2:CreateTags", "iam:PassRole"),
    "ec2:CreateKeyPair": ("ec2:CreateTags",),
    "ec2:CreateSecurityGroup": ("ec2:CreateTags",),
    # IAM User Guide, "Tagging IAM resources"; "Grant a user permissions to pass a role to an AWS service"
    "iam:CreateRole": ("iam:TagRole",),
    "iam:CreateInstanceProfile": ("iam:TagInstanceProfile",),
    "iam:AddRoleToInstanceProfile": ("iam:PassRole",),
    "apigateway:PutIntegration": ("iam:PassRole",),
    # Amazon API Gateway Developer Guide, "Tagging API Gateway resources": tags given at creation
    "apigateway:CreateRestApi": ("apigateway:PUT",),
    # Amazon Kinesis Data Streams API Reference, CreateStream: TagResource does not serve at creation
    "kinesis:CreateStream": ("kinesis:AddTagsToStream",),
    # Amazon CloudWatch Logs API Reference, CreateLogGroup: its tags
    "logs:CreateLogGroup": ("logs:TagResource",),
    # Amazon MSK Developer Guide, "IAM policies for MSK Connect": network interfaces, log delivery, service-linked role
    "kafkaconnect:CreateConnector": (
        "iam:CreateServiceLinkedRole", "iam:PassRole", "kafkaconnect:TagResource", *_NETWORK, *_LOG_DELIVERY,
    ),
    "kafkaconnect:CreateCustomPlugin": ("kafkaconnect:TagResource", "s3:GetObject"),
    "kafkaconnect:CreateWorkerConfiguration": ("kafkaconnect:TagResource",),
    # Amazon MWAA User Guide, "Accessing an Amazon MWAA environment"
    "mwaa:CreateEnvironment": (
        "airflow:TagResource", "ec2:CreateVpcEndpoint", "ec2:DescribeVpcEndpoints", "iam:CreateServiceLinkedRole",
        "iam:PassRole", "s3:GetEncryptionConfiguration", *_NETWORK,
    ),
    # Amazon MSK Developer Guide, "IAM access control": what Kafka's clients do
    "kafka-cluster:*": (
        "kafka-cluster:AlterGroup", "kafka-cluster:Connect", "kafka-cluster:CreateTopic", "kafka-cluster:DeleteTopic",
        "kafka-cluster:DescribeCluster", "kafka-cluster:DescribeGroup", "kafka-cluster:DescribeTopic",
        "kafka-cluster:ReadData", "kafka-cluster:WriteData", "kafka-cluster:WriteDataIdempotently",
    ),
    # Amazon Kinesis Data Streams API Reference: what `helpers.kinesis.source` calls with the keys that it is handed
    "kinesis:*": (
        "kinesis:DescribeStreamSummary", "kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards",
    ),
    # Service Authorization Reference: actions that are about no one thing, so that a policy cannot name one
    ANY: (
        "iam:CreateServiceLinkedRole", "iam:ListInstanceProfiles", "iam:ListPolicies", "iam:ListRoles",
        "s3:ListAllMyBuckets",
    ),
}  # fmt: skip
"""``<service>:<operation>`` in boto3's words → actions that it needs beside its own."""

NAMED = {
    "iam": [f"arn:aws:iam::*:{kind}/WORKBOOK_ID-*" for kind in ("role", "instance-profile", "policy")],
    "s3": ["arn:aws:s3:::user-WORKBOOK_ID-*"],
    "kafka-cluster": ["arn:aws:kafka:*:*:cluster/*", *(f"arn:aws:kafka:*:*:{kind}" for kind in (
        "topic/*/WORKBOOK_ID.*", "group/*"))],
}  # fmt: skip
"""Services whose things can be named by the id; put yours in the place of ``WORKBOOK_ID``."""
