package workbook.kafka.iam;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IamFileTest {
    private static final String DENY = """
        {"Statement": {"Effect": "Deny", "Action": "kafka-cluster:*", "Resource": "*"}}""";
    private static final String GOOD = Accounts.file(Accounts.key("s", null, null), Accounts.CONNECT);

    @TempDir
    private Path folder;

    private Account read(String content) {
        return Accounts.write(folder.resolve("iam.json"), content).file().current();
    }

    private static boolean mayConnect(Account account) {
        return account.allows(Accounts.LEARNER, KafkaActions.CONNECT, Accounts.CLUSTER);
    }

    private Account readWhenDue(IamFile file) throws InterruptedException {
        Thread.sleep(250);
        return file.current();
    }

    @Test
    void aReplacedFileIsReadAgain() throws InterruptedException {
        IamFile file = Accounts.write(folder.resolve("iam.json"), GOOD).file();
        assertTrue(mayConnect(file.current()));
        read(Accounts.file(Accounts.key("s", null, null), Accounts.CONNECT, DENY));
        assertFalse(mayConnect(readWhenDue(file)));
        read(GOOD);
        assertTrue(mayConnect(readWhenDue(file)));
    }

    @Test
    void nobodyIsKnownWhileItCannotBeRead() throws IOException, InterruptedException {
        Path path = folder.resolve("iam.json");
        IamFile file = Accounts.write(path, GOOD).file();
        assertTrue(file.current().key(Accounts.KEY).isPresent());
        Files.delete(path);
        Account none = readWhenDue(file);
        assertTrue(none.key(Accounts.KEY).isEmpty());
        assertFalse(mayConnect(none));
        read(GOOD.substring(5));
        assertTrue(readWhenDue(file).key(Accounts.KEY).isEmpty());
        read(GOOD);
        assertTrue(readWhenDue(file).key(Accounts.KEY).isPresent());
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "", "[]", "{}", "null", "{\"keys\": {}}", "{\"keys\": [], \"policies\": {}}",
        "{\"keys\": {\"AKIA\": {\"principal\": \"arn:x\"}}, \"policies\": {}}",
        "{\"keys\": {\"AKIA\": {\"secret\": \"s\", \"principal\": \"CN=broker\"}}, \"policies\": {}}",
        "{\"keys\": {\"AKIA\": {\"secret\": \"s\", \"principal\": \"arn:x\", \"token\": \"t\"}}, \"policies\": {}}",
        "{\"keys\": {\"AKIA\": {\"secret\": \"s\", \"principal\": \"arn:x\"}}, \"policies\": {\"arn:x\": {}}}",
        "{\"keys\": {\"AKIA\": {\"secret\": \"s\", \"principal\": \"arn:x\"}}, \"policies\": {}} trailing",
    })
    void aFileOfAnotherFormLetsNobodyIn(String content) {
        assertTrue(read(content).key("AKIA").isEmpty());
    }

    @Test
    void anExplicitDenyWinsOverEveryAllow() {
        assertTrue(mayConnect(read(GOOD)));
        String key = Accounts.key("s", null, null);
        assertFalse(mayConnect(Account.of(tree(Accounts.file(key, DENY, Accounts.CONNECT)))));
        assertFalse(mayConnect(Account.of(tree(Accounts.file(key)))));
    }

    @Test
    void aKeyShowsNoSecret() {
        assertEquals("AccessKey[arn:x]", new AccessKey("secret", "arn:x", "token", null).toString());
    }

    private static JsonNode tree(String json) {
        try {
            return new ObjectMapper().readTree(json);
        } catch (IOException e) {
            throw new IllegalArgumentException(json, e);
        }
    }
}
