package workbook.kafka.iam;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;

/** What the tests have in common: a cluster, a learner, and the file that tells the broker of both. */
final class Accounts {
    static final String CLUSTER = "arn:aws:kafka:us-east-1:123456789012:cluster/workbook/0000-1";
    static final String LEARNER = "arn:aws:iam::123456789012:user/learner";
    static final String KEY = "AKIAIOSFODNN7EXAMPLE";
    static final String SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    static final String CONNECT = """
        {"Statement": {"Effect": "Allow", "Action": "kafka-cluster:Connect", "Resource": "*"}}""";

    private static final ObjectMapper JSON = new ObjectMapper();

    private Accounts() {
    }

    static String key(String secret, String token, Long expires) {
        return text(Map.of("secret", secret, "principal", LEARNER)).replace("}",
            ", \"token\": " + text(token) + ", \"expires\": " + expires + "}");
    }

    static String file(String key, String... policies) {
        return "{\"keys\": {\"" + KEY + "\": " + key + "}, \"policies\": {\"" + LEARNER + "\": "
            + List.of(policies) + "}}";
    }

    static String text(Object value) {
        try {
            return JSON.writeValueAsString(value);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Replaces the file in one step, as IAM does. */
    static Settings write(Path file, String content) {
        try {
            Path fresh = Files.writeString(file.resolveSibling("fresh"), content);
            Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new Settings(IamFile.at(file.toString()), CLUSTER, List.of("127.0.0.1", "localhost"));
    }
}
