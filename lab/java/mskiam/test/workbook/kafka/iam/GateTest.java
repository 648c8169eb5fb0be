package workbook.kafka.iam;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The signatures were made by botocore and by kafka-python, which agree; the keys are those of AWS's documentation. */
class GateTest {
    private static final Instant SIGNED = Instant.parse("2026-03-01T12:00:00Z");
    private static final String SIGNATURE = "c1148d38c85e0eac2a7cfcbdb708a49c1622d67bafe408ceb58b7058c9968a7a";
    private static final String TOKEN = "Tok/en+with=signs *~";
    private static final String SIGNATURE_WITH_TOKEN =
        "4b1fff54fc186331b77b68a96b024d8c0c3f32794ebe55cf2f39ad718f811fb1";
    private static final String SCOPE = "/20260301/us-east-1/kafka-cluster/aws4_request";
    private static final String URL = "https://kafka.us-east-1.amazonaws.com/?Action=kafka-cluster%3AConnect"
        + "&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20260301%2Fus-east-1"
        + "%2Fkafka-cluster%2Faws4_request&X-Amz-Date=20260301T120000Z&X-Amz-Expires=900&X-Amz-SignedHeaders=host"
        + "&X-Amz-Signature=ba9f6fe2ac056c5750e1f6ef85ac64207eeff7a47a097e90370b646821e6ff9a";

    @TempDir
    private Path folder;
    private Instant now = SIGNED.plusSeconds(1);
    private String file = Accounts.file(Accounts.key(Accounts.SECRET, null, null), Accounts.CONNECT);

    private Gate gate() {
        // a name of its own for each content, which is then read without delay
        Settings settings = Accounts.write(folder.resolve(file.hashCode() + ".json"), file);
        return new Gate(settings, Clock.fixed(now, ZoneOffset.UTC));
    }

    private static Map<String, Object> good() {
        return new LinkedHashMap<>(Map.of("version", "2020_10_22", "host", "127.0.0.1", "user-agent", "test",
            "action", "kafka-cluster:Connect", "x-amz-algorithm", "AWS4-HMAC-SHA256",
            "x-amz-credential", Accounts.KEY + SCOPE, "x-amz-date", "20260301T120000Z",
            "x-amz-signedheaders", "host", "x-amz-expires", "900", "x-amz-signature", SIGNATURE));
    }

    private static Map<String, Object> withToken() {
        Map<String, Object> payload = good();
        payload.put("x-amz-security-token", TOKEN);
        payload.put("x-amz-signature", SIGNATURE_WITH_TOKEN);
        return payload;
    }

    private static byte[] bytes(Object payload) {
        return Accounts.text(payload).getBytes(StandardCharsets.UTF_8);
    }

    private Identity admit(Map<String, Object> payload) throws Refused {
        return gate().admitPayload(bytes(payload));
    }

    private void refused(Map<String, Object> payload, String reason) {
        refused(bytes(payload), reason);
    }

    private void refused(byte[] payload, String reason) {
        String said = assertThrows(Refused.class, () -> gate().admitPayload(payload)).getMessage();
        assertTrue(said.contains(reason), said);
        assertTrue(said.length() < 400 && said.matches("[ -~]*"), said);
    }

    private static Map<String, Object> changed(String name, Object value) {
        Map<String, Object> payload = good();
        payload.put(name, value);
        return payload;
    }

    @Test
    void aGoodSignatureIsLetInUnderTheNameOfItsPrincipal() throws Refused {
        Identity identity = admit(good());
        assertEquals(Accounts.LEARNER, identity.principal());
        assertNull(identity.end());
    }

    @Test
    void theSameSignatureIsGoodForFifteenMinutesAndNoLonger() throws Refused {
        now = SIGNED.plusSeconds(900);
        admit(good());
        now = SIGNED.plusSeconds(901);
        refused(good(), "the signature has expired: signed 2026-03-01T12:00:00Z");
    }

    @Test
    void clocksMayDifferByFiveMinutes() throws Refused {
        now = SIGNED.minusSeconds(300);
        admit(good());
        now = SIGNED.minusSeconds(301);
        refused(good(), "from the future");
    }

    @Test
    void aKeyAndAPolicyOfAMomentAgoAreKnown() throws Refused, InterruptedException {
        Path path = folder.resolve("iam.json");
        String key = Accounts.key(Accounts.SECRET, null, null);
        Gate gate = new Gate(Accounts.write(path, "{\"keys\": {}, \"policies\": {}}"), Clock.fixed(now, ZoneOffset.UTC));
        assertThrows(Refused.class, () -> gate.admitPayload(bytes(good())));
        Accounts.write(path, Accounts.file(key));
        Thread.sleep(2);
        String said = assertThrows(Refused.class, () -> gate.admitPayload(bytes(good()))).getMessage();
        assertTrue(said.contains("no policy of"), said);
        Accounts.write(path, Accounts.file(key, Accounts.CONNECT));
        Thread.sleep(2);
        assertEquals(Accounts.LEARNER, gate.admitPayload(bytes(good())).principal());
    }

    @Test
    void aWrongSecretIsToldFromAnUnknownKey() {
        refused(changed("x-amz-credential", "AKIANOBODY" + SCOPE), "'AKIANOBODY' is unknown");
        file = Accounts.file(Accounts.key("another secret", null, null), Accounts.CONNECT);
        refused(good(), "the secret access key is not that of " + Accounts.KEY);
    }

    @Test
    void aTemporaryKeyNeedsItsTokenUntilItEnds() throws Refused {
        long end = SIGNED.plusSeconds(60).getEpochSecond();
        file = Accounts.file(Accounts.key(Accounts.SECRET, TOKEN, end), Accounts.CONNECT);
        assertEquals(Instant.ofEpochSecond(end), admit(withToken()).end());
        refused(good(), "valid only with its session token");
        now = Instant.ofEpochSecond(end);
        refused(withToken(), "has expired: it ended 2026-03-01T12:01:00Z");
        now = SIGNED;
        file = Accounts.file(Accounts.key(Accounts.SECRET, "another token", end), Accounts.CONNECT);
        refused(withToken(), "the session token does not belong to " + Accounts.KEY);
    }

    @Test
    void aTokenWithALongTermKeyIsRefused() {
        refused(withToken(), "the session token does not belong to");
    }

    @Test
    void whoMayNotConnectIsToldWhatIsMissing() {
        file = Accounts.file(Accounts.key(Accounts.SECRET, null, null));
        refused(good(), "no policy of " + Accounts.LEARNER + " allows kafka-cluster:Connect on " + Accounts.CLUSTER);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "version             | 2019_10_22          | version is '2019_10_22', not 2020_10_22",
        "version             | ''                  | version is ''",
        "host                | localhost           | signature does not match",
        "host                | b-1.evil.example    | 'b-1.evil.example', which is no broker",
        "host                | 127.0.0.1.          | no broker of this cluster",
        "host                | ''                  | host is missing",
        "action              | kafka-cluster:*     | action is 'kafka-cluster:*' where",
        "action              | ''                  | action is missing",
        "x-amz-algorithm     | none                | x-amz-algorithm is 'none' where AWS4-HMAC-SHA256 is expected",
        "x-amz-signedheaders | host;x              | x-amz-signedheaders is 'host;x'",
        "x-amz-date          | 20261399T000000Z    | '20261399T000000Z' is not a date",
        "x-amz-date          | 20260230T000000Z    | is not a date",
        "x-amz-date          | 20260301T120001Z    | signature does not match",
        "x-amz-date          | 20260302T120000Z    | is not of the form <key>/<date>",
        "x-amz-expires       | 901                 | '901' is not in 1 to 900 seconds",
        "x-amz-expires       | 0                   | not in 1 to 900",
        "x-amz-expires       | -5                  | not in 1 to 900",
        "x-amz-expires       | x                   | not in 1 to 900",
        "x-amz-expires       | 99999999999999999999 | not in 1 to 900",
        "x-amz-expires       | 899                 | signature does not match",
        "x-amz-credential    | AKIA/2026           | is not of the form",
        "x-amz-credential    | x                   | is not of the form",
        "x-amz-credential    | /20260301/us-east-1/kafka-cluster/aws4_request | '' is unknown",
        "x-amz-credential    | K/20260301/us-east-1/s3/aws4_request | is not of the form",
        "x-amz-credential    | K/20260301/eu-west-1/kafka-cluster/aws4_request | region 'eu-west-1', this cluster is in",
        "x-amz-credential    | K/20260301/us-east-1/kafka-cluster/aws4_request/x | is not of the form",
        "x-amz-signature     | ''                  | x-amz-signature is missing",
        "x-amz-signature     | C1148D38C85E0EAC2A7CFCBDB708A49C1622D67BAFE408CEB58B7058C9968A7A | does not match",
        "x-amz-security-token | abc                | signature does not match",
    })
    void aChangedPartIsNamed(String name, String value, String reason) {
        refused(changed(name, value), reason);
        if (value.isEmpty()) {
            Map<String, Object> without = good();
            without.remove(name);
            refused(without, reason);
        }
    }

    @Test
    void whatIsNotTextIsRefused() {
        refused(changed("host", 5), "'host' in the payload is not a text");
        refused(changed("host", Map.of("a", 1)), "not a text");
        refused(changed("x-amz-date", null), "not a text");
    }

    static Stream<byte[]> notPayloads() {
        String text = Accounts.text(good());
        byte[] random = new byte[300];
        new Random(1).nextBytes(random);
        return Stream.of(new byte[0], new byte[64], random, "{\"version\":\"é\"}".getBytes(StandardCharsets.ISO_8859_1),
            text.substring(0, text.length() - 20).getBytes(), (text + "{}").getBytes(), "[".repeat(200_000).getBytes(),
            "{\"a\":".repeat(100_000).getBytes(), "[]".getBytes(), "\"x\"".getBytes(), "null".getBytes(),
            "{}".getBytes(),
            "{\"version\":\"2020_10_22\",\"version\":\"2020_10_22\"}".getBytes(),
            "{\"host\":\"a\",\"Host\":\"b\"}".getBytes());
    }

    @ParameterizedTest
    @MethodSource("notPayloads")
    void whatIsNoPayloadIsRefused(byte[] payload) {
        refused(payload, "");
    }

    @Test
    void whatAClientSendsComesBackShortAndPlain() {
        refused(changed("host", "a".repeat(400_000)), "aaa...'");
        refused(changed("host", "a\nERROR forged \u001b[31m"), "'a?ERROR forged ?[31m'");
    }

    private static String token(String url) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(url.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void aTokenIsTheSameProofInAnotherForm() throws Refused {
        assertEquals(Accounts.LEARNER, gate().admitToken(token(URL)).principal());
        assertEquals(Accounts.LEARNER, gate().admitToken(token(URL + "&User-Agent=x%2F1")).principal());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "kafka.us-east-1 | kafka.eu-west-1 | which is no broker of this cluster",
        "Expires=900     | Expires=899     | signature does not match",
        "host&           | host&Action=x&  | 'Action' is given twice",
        "%3AConnect      | %3ADescribe     | action is 'kafka-cluster:Describe'",
        "%3AConnect      | %3              | not the base64url form of a presigned URL",
        "https://        | https:          | not the base64url form of a presigned URL",
        "=900            | ''              | not the base64url form of a presigned URL",
    })
    void aChangedTokenIsRefused(String part, String instead, String reason) {
        String token = token(URL.replace(part, instead));
        String said = assertThrows(Refused.class, () -> gate().admitToken(token)).getMessage();
        assertTrue(said.contains(reason), said);
    }

    @ParameterizedTest
    @CsvSource({"AAAA", "!!!!", "'a b'", "''"})
    void whatIsNoTokenIsRefused(String token) {
        assertThrows(Refused.class, () -> gate().admitToken(token));
    }
}
