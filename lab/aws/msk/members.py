"""What calls of MSK and MSK Connect may say."""

from lab.aws.members import Members, listing

_ONE_WORKER = "all connectors share one worker"
_LOOPBACK = "everything is on loopback"

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
            "connectorName", "connectorConfiguration", "connectorDescription", "serviceExecutionRoleArn", "tags",
            "kafkaCluster", "kafkaCluster.apacheKafkaCluster", "kafkaCluster.apacheKafkaCluster.bootstrapServers",
            "kafkaClusterClientAuthentication", "kafkaClusterClientAuthentication.authenticationType",
            "kafkaClusterEncryptionInTransit", "kafkaClusterEncryptionInTransit.encryptionType",
            "plugins", "plugins.customPlugin", "plugins.customPlugin.customPluginArn", "plugins.customPlugin.revision",
            "workerConfiguration", "workerConfiguration.workerConfigurationArn", "workerConfiguration.revision",
        },
        {
            "capacity": _ONE_WORKER, "kafkaConnectVersion": "the worker has the lab's version of Kafka",
            "kafkaCluster.apacheKafkaCluster.vpc": _LOOPBACK, "networkType": _LOOPBACK,
            "logDelivery": "`python -m lab logs connect` shows the log",
        },
    ),
    "CreateCustomPlugin": Members(
        {
            "name", "contentType", "description", "location", "location.s3Location", "location.s3Location.bucketArn",
            "location.s3Location.fileKey", "tags",
        },
        refused={"location.s3Location.objectVersion"},
    ),
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
