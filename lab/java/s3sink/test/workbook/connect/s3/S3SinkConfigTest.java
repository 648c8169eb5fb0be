package workbook.connect.s3;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.config.ConfigValue;
import org.junit.jupiter.api.Test;

class S3SinkConfigTest {
    private static List<String> errors(Map<String, String> changes) {
        Map<String, String> config = new HashMap<>(Map.of("s3.bucket.name", "user-bucket", "flush.size", "1"));
        config.putAll(changes);
        config.values().removeIf(String::isEmpty);
        return S3SinkConfig.DEFINITION.validate(config).stream()
            .map(ConfigValue::errorMessages).flatMap(List::stream).toList();
    }

    private static void refused(String name, String value, String reason) {
        List<String> errors = errors(Map.of(name, value));
        assertTrue(errors.stream().anyMatch(e -> e.contains(name) && e.contains(reason)), errors.toString());
    }

    @Test
    void confluentsOwnClassNamesAreValid() {
        assertEquals(List.of(), errors(Map.of(
            "format.class", "io.confluent.connect.s3.format.json.JsonFormat",
            "storage.class", "io.confluent.connect.s3.storage.S3Storage",
            "partitioner.class", "io.confluent.connect.storage.partitioner.DefaultPartitioner",
            "schema.compatibility", "NONE")));
    }

    @Test
    void whatConfluentsSinkDoesAndThisOneDoesNotIsRefused() {
        refused("store.kafka.keys", "true", "the values of records alone");
        refused("store.kafka.headers", "true", "the values of records alone");
        refused("s3.sse.kms.key.id", "a", "SSE-S3");
        refused("s3.acl.canned", "public-read", "no ACLs");
        refused("directory.delim", "-", "keys with /");
        assertEquals(List.of(), errors(Map.of("store.kafka.keys", "false", "s3.part.size", "5242880")));
    }

    @Test
    void mistakesAreAnsweredWithASentence() {
        refused("flush.size", "0", "at least 1");
        refused("flush.size", "many", "Not a number");
        refused("flush.size", "", "Missing required configuration");
        refused("s3.bucket.name", "User_Bucket", "lower-case");
        refused("format.class", "io.confluent.connect.s3.format.avro.AvroFormat", "supports only JsonFormat");
        refused("partitioner.class", "TimeBasedPartitioner", "supports only DefaultPartitioner");
        refused("s3.compression.type", "gzip", "supports only none");
        refused("behavior.on.null.values", "write", "one of");
    }
}
