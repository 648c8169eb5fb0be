package workbook.kafka.iam;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.apache.kafka.common.security.auth.KafkaPrincipal;
import org.apache.kafka.server.authorizer.Action;
import org.apache.kafka.server.authorizer.AuthorizableRequestContext;
import org.apache.kafka.server.authorizer.AuthorizationResult;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class IamAuthorizerTest {
    private static final List<ResourceType> TYPES =
        List.of(ResourceType.CLUSTER, ResourceType.TOPIC, ResourceType.GROUP, ResourceType.TRANSACTIONAL_ID);

    @TempDir
    private Path folder;
    private final IamAuthorizer authorizer = new IamAuthorizer();

    @BeforeEach
    void start() {
        configure("kafka-cluster:*", "*");
    }

    private void configure(String action, String resource) {
        Path file = folder.resolve(Integer.toHexString((action + resource).hashCode()) + ".json");
        Map<String, String> statement = Map.of("Effect", "Allow", "Action", action, "Resource", resource);
        String policy = Accounts.text(Map.of("Statement", statement));
        Accounts.write(file, Accounts.file(Accounts.key("s", null, null), policy));
        authorizer.configure(Map.of("workbook.iam.file", file.toString(), "workbook.iam.cluster.arn", Accounts.CLUSTER,
            "workbook.iam.hosts", "127.0.0.1", "super.users", "User:CN=broker;User:CN=connect"));
    }

    private static AuthorizableRequestContext from(String principal) {
        return (AuthorizableRequestContext) Proxy.newProxyInstance(IamAuthorizerTest.class.getClassLoader(),
            new Class<?>[] {AuthorizableRequestContext.class},
            (proxy, method, args) -> new KafkaPrincipal(KafkaPrincipal.USER_TYPE, principal));
    }

    private boolean allowed(String principal, ResourceType type, AclOperation operation) {
        ResourcePattern resource = new ResourcePattern(type, type == ResourceType.CLUSTER ? "kafka-cluster" : "a.pin",
            PatternType.LITERAL);
        return authorizer.authorize(from(principal), List.of(new Action(operation, resource, 1, true, true)))
            .equals(List.of(AuthorizationResult.ALLOWED));
    }

    @ParameterizedTest
    @CsvSource({
        "CLUSTER, DESCRIBE, DescribeCluster, cluster/workbook/0000-1", "CLUSTER, ALTER, AlterCluster, cluster/*",
        "CLUSTER, DESCRIBE_CONFIGS, DescribeClusterDynamicConfiguration, cluster/*",
        "CLUSTER, ALTER_CONFIGS, AlterClusterDynamicConfiguration, cluster/*",
        "CLUSTER, IDEMPOTENT_WRITE, WriteDataIdempotently, cluster/*",
        "TOPIC, CREATE, CreateTopic, topic/workbook/0000-1/a.pin", "TOPIC, DESCRIBE, DescribeTopic, topic/*",
        "TOPIC, ALTER, AlterTopic, topic/*", "TOPIC, DELETE, DeleteTopic, topic/*", "TOPIC, READ, ReadData, topic/*",
        "TOPIC, WRITE, WriteData, topic/*", "TOPIC, DESCRIBE_CONFIGS, DescribeTopicDynamicConfiguration, topic/*",
        "TOPIC, ALTER_CONFIGS, AlterTopicDynamicConfiguration, topic/*",
        "GROUP, READ, AlterGroup, group/workbook/0000-1/a.pin", "GROUP, DESCRIBE, DescribeGroup, group/*",
        "GROUP, DELETE, DeleteGroup, group/*",
        "TRANSACTIONAL_ID, WRITE, AlterTransactionalId, transactional-id/workbook/0000-1/a.pin",
        "TRANSACTIONAL_ID, DESCRIBE, DescribeTransactionalId, transactional-id/*",
    })
    void eachOfKafkasOperationsIsOneOfIamsActions(
            ResourceType type, AclOperation operation, String action, String resource) {
        configure("kafka-cluster:" + action, "arn:aws:kafka:us-east-1:123456789012:" + resource);
        for (ResourceType other : TYPES) {
            for (AclOperation asked : AclOperation.values()) {
                boolean same = other == type && asked == operation;
                assertEquals(same, allowed(Accounts.LEARNER, other, asked), other + " " + asked);
            }
        }
    }

    @Test
    void whatIamHasNoActionForIsKafkasOwn() {
        assertEquals(false, allowed(Accounts.LEARNER, ResourceType.CLUSTER, AclOperation.CLUSTER_ACTION));
        assertEquals(false, allowed(Accounts.LEARNER, ResourceType.CLUSTER, AclOperation.CREATE));
        assertEquals(true, allowed("CN=broker", ResourceType.CLUSTER, AclOperation.CLUSTER_ACTION));
    }

    @Test
    void aPolicyOfAMomentAgoCounts() throws InterruptedException {
        configure("kafka-cluster:*", "*");
        assertEquals(false, allowed("arn:new", ResourceType.TOPIC, AclOperation.READ));
        String key = Accounts.key("s", null, null).replace(Accounts.LEARNER, "arn:new");
        String policy = Accounts.text(
            Map.of("Statement", Map.of("Effect", "Allow", "Action", "kafka-cluster:ReadData", "Resource", "*")));
        Path file = folder.resolve(Integer.toHexString("kafka-cluster:**".hashCode()) + ".json");
        Accounts.write(file, Accounts.file(key, policy).replace(Accounts.LEARNER, "arn:new"));
        Thread.sleep(2);
        assertEquals(true, allowed("arn:new", ResourceType.TOPIC, AclOperation.READ));
        assertEquals(false, allowed("arn:new", ResourceType.TOPIC, AclOperation.WRITE));
    }

    @Test
    void onlySuperUsersNeedNoPolicy() {
        assertEquals(true, allowed("CN=connect", ResourceType.TOPIC, AclOperation.READ));
        assertEquals(true, allowed(Accounts.LEARNER, ResourceType.TOPIC, AclOperation.READ));
        assertEquals(false, allowed("CN=workbook", ResourceType.TOPIC, AclOperation.READ));
        assertEquals(false, allowed("ANONYMOUS", ResourceType.TOPIC, AclOperation.READ));
    }

    @Test
    void mayWriteToSomeTopicIsNotMayWriteIdempotently() {
        assertEquals(AuthorizationResult.DENIED,
            authorizer.authorizeByResourceType(from(Accounts.LEARNER), AclOperation.WRITE, ResourceType.TOPIC));
    }
}
