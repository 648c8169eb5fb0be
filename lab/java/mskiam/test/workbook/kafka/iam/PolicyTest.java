package workbook.kafka.iam;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PolicyTest {
    private static final String TOPIC = "arn:aws:kafka:us-east-1:123456789012:topic/workbook/0000-1/";
    private static final String PIN = TOPIC + "0a1b2c3d4e5f.pin";
    private static final String READ = "kafka-cluster:ReadData";

    private static Policy policy(String... statements) {
        String document = "{\"Version\": \"2012-10-17\", \"Statement\": [" + String.join(", ", statements) + "]}";
        try {
            return new Policy(new ObjectMapper().readTree(document.replace('\'', '"')));
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(document, e);
        }
    }

    private static String statement(String effect, String action, String resource) {
        return "{'Effect': '" + effect + "', 'Action': '" + action + "', 'Resource': '" + resource + "'}";
    }

    @ParameterizedTest
    @CsvSource({
        "kafka-cluster:ReadData, true", "KAFKA-CLUSTER:readdata, true", "kafka-cluster:*, true", "*, true",
        "kafka-cluster:*Data, true", "kafka-cluster:Read????, true", "kafka-cluster:R*d*, true",
        "kafka-cluster:Read???, false", "kafka-cluster:Read, false", "kafka-cluster:*Topic*, false", "s3:*, false",
    })
    void actionsMatchWithWildcardsAndWithoutCase(String pattern, boolean allowed) {
        assertEquals(allowed, policy(statement("Allow", pattern, "*")).allows(READ, PIN));
    }

    @ParameterizedTest
    @CsvSource({
        "*, true", "arn:aws:kafka:us-east-1:123456789012:topic/workbook/0000-1/0a1b2c3d4e5f.pin, true",
        "arn:aws:kafka:us-east-1:123456789012:topic/workbook/*/0a1b2c3d4e5f.*, true",
        "arn:aws:kafka:us-east-1:123456789012:topic/*, true", "arn:aws:kafka:*:*:*, true", "arn:aws:kafka, true",
        "arn:aws:kafka:us-east-?:123456789012:topic/*/*.pin, true",
        "arn:aws:kafka:us-east-1:123456789012:topic/workbook/*/0A1B2C3D4E5F.*, false",
        "arn:aws:kafka:us-east-1:123456789012:topic/workbook/*/ffffffffffff.*, false",
        "arn:aws:kafka:us-east-1:123456789012:group/*, false",
        "arn:aws:kafka:us-east-1:*topic/*, false",  // a wildcard stays within its field
        "arn:aws:kafka:eu-west-1:123456789012:topic/*, false",
        "arn:aws:kafka:us-east-1:123456789012:topic/workbook/0000-1/0a1b2c3d4e5f.pi, false",
    })
    void resourcesMatchWithWildcardsFieldByField(String pattern, boolean allowed) {
        assertEquals(allowed, policy(statement("Allow", "kafka-cluster:*", pattern)).allows(READ, PIN));
    }

    @Test
    void notActionAndNotResourceAreHonoured() {
        Policy allButWriting = policy("{'Effect': 'Allow', 'NotAction': 'kafka-cluster:Write*', 'Resource': '*'}");
        assertTrue(allButWriting.allows(READ, PIN));
        assertFalse(allButWriting.allows("kafka-cluster:WriteData", PIN));
        Policy allButMine = policy(
            "{'Effect': 'Deny', 'Action': '*', 'NotResource': ['" + TOPIC + "0a*', 'arn:aws:s3:::x']}");
        assertFalse(allButMine.denies(READ, PIN));
        assertTrue(allButMine.denies(READ, TOPIC + "other.pin"));
    }

    @Test
    void aStatementMayStandAlone() throws JsonProcessingException {
        String document = """
            {"Statement": {"Effect": "Allow", "Action": ["kafka-cluster:*"], "Resource": ["*"]}}""";
        Policy policy = new Policy(new ObjectMapper().readTree(document));
        assertEquals(Optional.empty(), policy.refusal());
        assertTrue(policy.allows(READ, PIN));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "{'Effect': 'Allow', 'Action': '*', 'Resource': '*', 'Condition': {}} | the element Condition is not evaluated",
        "{'Effect': 'Allow', 'Action': '*', 'Resource': '*', 'Principal': '*'} | the element Principal",
        "{'Effect': 'Allow', 'Action': '*', 'Resource': 'arn:aws:kafka:::topic/${aws:username}'} | policy variable",
        "{'Effect': 'allow', 'Action': '*', 'Resource': '*'} | Effect is neither",
        "{'Action': '*', 'Resource': '*'} | Effect is neither",
        "{'Effect': 'Allow', 'Resource': '*'} | one of Action and NotAction",
        "{'Effect': 'Allow', 'Action': '*', 'NotAction': '*', 'Resource': '*'} | one of Action and NotAction",
        "{'Effect': 'Allow', 'Action': '*'} | one of Resource and NotResource",
        "{'Effect': 'Allow', 'Action': [], 'Resource': '*'} | Action is empty",
        "{'Effect': 'Allow', 'Action': 5, 'Resource': '*'} | Action 5 is neither",
        "{'Effect': 'Allow', 'Action': 'ReadData', 'Resource': '*'} | of the form service:action",
        "{'Effect': 'Allow', 'Action': '*', 'Resource': '0a1b2c3d4e5f.*'} | of the form arn:aws:",
        "'Allow' | a statement is not an object",
    })
    void whatCannotBeHonouredGrantsNothingAndIsNamed(String statement, String reason) {
        Policy policy = policy(statement("Allow", "*", "*"), statement);
        assertTrue(policy.refusal().orElse("").contains(reason), policy.refusal().toString());
        assertFalse(policy.allows(READ, PIN));
    }

    @Test
    void aRefusedPolicyStillDenies() {
        Policy policy = policy(
            "{'Effect': 'Deny', 'Action': '*', 'Resource': '" + TOPIC + "a*', 'Condition': {}}",
            "{'Effect': 'Deny', 'Action': 'kafka-cluster:WriteData', 'Resource': 'arn:aws:kafka:::${aws:username}'}");
        assertTrue(policy.refusal().isPresent());
        assertTrue(policy.denies(READ, TOPIC + "a"));
        assertFalse(policy.denies(READ, PIN));
        assertTrue(policy.denies("kafka-cluster:WriteData", PIN));
    }

    @Test
    void conditionsOnWhatIsNotKafkasAreNoneOfItsBusiness() {
        Policy policy = policy(statement("Allow", "kafka-cluster:*", "*"),
            "{'Effect': 'Allow', 'Action': 'iam:PassRole', 'Resource': '*', 'Condition': {}}");
        assertEquals(Optional.empty(), policy.refusal());
        assertTrue(policy.allows(READ, PIN));
    }

    @Test
    void noPatternTakesLong() {
        Policy policy = policy(statement("Allow", "kafka-cluster:" + "*a".repeat(2000) + "b", "*"));
        Assertions.assertTimeout(Duration.ofSeconds(2), () -> policy.allows("kafka-cluster:" + "a".repeat(5000), PIN));
    }
}
