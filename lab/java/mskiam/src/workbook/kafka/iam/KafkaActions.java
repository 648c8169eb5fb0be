package workbook.kafka.iam;

import static java.util.Map.entry;
import static org.apache.kafka.common.acl.AclOperation.ALTER;
import static org.apache.kafka.common.acl.AclOperation.ALTER_CONFIGS;
import static org.apache.kafka.common.acl.AclOperation.CREATE;
import static org.apache.kafka.common.acl.AclOperation.DELETE;
import static org.apache.kafka.common.acl.AclOperation.DESCRIBE;
import static org.apache.kafka.common.acl.AclOperation.DESCRIBE_CONFIGS;
import static org.apache.kafka.common.acl.AclOperation.IDEMPOTENT_WRITE;
import static org.apache.kafka.common.acl.AclOperation.READ;
import static org.apache.kafka.common.acl.AclOperation.WRITE;

import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.resource.ResourceType;

/** IAM's names for what Kafka asks its authorizer about, as MSK documents them. */
final class KafkaActions {
    static final String CONNECT = "kafka-cluster:Connect";

    private static final Map<ResourceType, Map<AclOperation, String>> NAMES = Map.of(
        ResourceType.CLUSTER, Map.of(
            DESCRIBE, "kafka-cluster:DescribeCluster",
            ALTER, "kafka-cluster:AlterCluster",
            DESCRIBE_CONFIGS, "kafka-cluster:DescribeClusterDynamicConfiguration",
            ALTER_CONFIGS, "kafka-cluster:AlterClusterDynamicConfiguration",
            IDEMPOTENT_WRITE, "kafka-cluster:WriteDataIdempotently"),
        ResourceType.TOPIC, Map.of(
            CREATE, "kafka-cluster:CreateTopic",
            DESCRIBE, "kafka-cluster:DescribeTopic",
            ALTER, "kafka-cluster:AlterTopic",
            DELETE, "kafka-cluster:DeleteTopic",
            DESCRIBE_CONFIGS, "kafka-cluster:DescribeTopicDynamicConfiguration",
            ALTER_CONFIGS, "kafka-cluster:AlterTopicDynamicConfiguration",
            READ, "kafka-cluster:ReadData",
            WRITE, "kafka-cluster:WriteData"),
        ResourceType.GROUP, Map.of(
            READ, "kafka-cluster:AlterGroup",
            DESCRIBE, "kafka-cluster:DescribeGroup",
            DELETE, "kafka-cluster:DeleteGroup"),
        ResourceType.TRANSACTIONAL_ID, Map.of(
            WRITE, "kafka-cluster:AlterTransactionalId",
            DESCRIBE, "kafka-cluster:DescribeTransactionalId"));

    private static final Map<ResourceType, String> ARN_KINDS = Map.ofEntries(
        entry(ResourceType.TOPIC, "topic"), entry(ResourceType.GROUP, "group"),
        entry(ResourceType.TRANSACTIONAL_ID, "transactional-id"));

    private KafkaActions() {
    }

    /** Empty where IAM has no action: nobody but Kafka itself may do that. */
    static Optional<String> of(ResourceType type, AclOperation operation) {
        return Optional.ofNullable(NAMES.getOrDefault(type, Map.of()).get(operation));
    }

    static Stream<String> all() {
        return Stream.concat(Stream.of(CONNECT), NAMES.values().stream().flatMap(names -> names.values().stream()));
    }

    /** {@code arn:aws:kafka:region:account:topic/cluster/uuid/name}; the cluster's own ARN for everything else. */
    static String arn(String clusterArn, ResourceType type, String name) {
        String kind = ARN_KINDS.get(type);
        return kind == null ? clusterArn : clusterArn.replace(":cluster/", ":" + kind + "/") + "/" + name;
    }
}
