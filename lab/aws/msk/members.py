"""What calls of MSK and MSK Connect may say."""

from lab.aws.members import Members, listing

_ONE_WORKER = "all connectors share one worker"

MSK = {
    "DescribeCluster": Members({"ClusterArn"}),
    "DescribeClusterV2": Members({"ClusterArn"}),
    "GetBootstrapBrokers": Members({"ClusterArn"}),
    "ListClusters": listing("ClusterNameFilter", upper=True),
    "ListClustersV2": listing("ClusterNameFilter", "ClusterTypeFilter", upper=True),
    "ListNodes": listing("ClusterArn", upper=True),
}
"""CreateCluster is refused whatever it says."""

MSK_CONNECT = {
    "CreateConnector": Members(
        {
            "connectorName", "connectorConfiguration", "connectorDescription", "kafkaCluster",
            "kafkaClusterClientAuthentication", "plugins", "serviceExecutionRoleArn", "workerConfiguration", "tags",
        },
        {
            "capacity": _ONE_WORKER, "kafkaConnectVersion": "the worker has the lab's version of Kafka",
            "kafkaClusterEncryptionInTransit": "the brokers speak TLS alone",
            "networkType": "everything is on loopback", "logDelivery": "`python -m lab logs connect` shows the log",
        },
    ),
    "CreateCustomPlugin": Members({"name", "contentType", "location", "description", "tags"}),
    "CreateWorkerConfiguration": Members({"name", "propertiesFileContent", "description", "tags"}),
    "ListTagsForResource": Members({"resourceArn"}),
    "UpdateConnector": Members(
        {"connectorArn", "connectorConfiguration", "currentVersion"},
        {"capacity": _ONE_WORKER},
        {"skipHealthValidation", "plugins", "workerConfiguration", "useDefaultWorkerConfiguration"},
    ),
    "DeleteConnector": Members({"connectorArn", "currentVersion"}),
    "RestartConnector": Members({"connectorArn", "onlyFailedTasks"}),
    **dict.fromkeys(("DescribeConnector", "PauseConnector", "ResumeConnector"), Members({"connectorArn"})),
    "DescribeConnectorOperation": Members({"connectorOperationArn"}),
    **dict.fromkeys(("DescribeCustomPlugin", "DeleteCustomPlugin"), Members({"customPluginArn"})),
    **dict.fromkeys(
        ("DescribeWorkerConfiguration", "DeleteWorkerConfiguration"), Members({"workerConfigurationArn"})
    ),
    "ListConnectorOperations": listing("connectorArn"),
    "ListConnectors": listing("connectorNamePrefix"),
    "ListCustomPlugins": listing("namePrefix"),
    "ListWorkerConfigurations": listing("namePrefix"),
}  # fmt: skip
