package workbook.connect.s3;

import static org.apache.kafka.common.config.ConfigDef.Importance.HIGH;
import static org.apache.kafka.common.config.ConfigDef.Importance.LOW;
import static org.apache.kafka.common.config.ConfigDef.Importance.MEDIUM;
import static org.apache.kafka.common.config.ConfigDef.NO_DEFAULT_VALUE;
import static org.apache.kafka.common.config.ConfigDef.Type.INT;
import static org.apache.kafka.common.config.ConfigDef.Type.LONG;
import static org.apache.kafka.common.config.ConfigDef.Type.PASSWORD;
import static org.apache.kafka.common.config.ConfigDef.Type.STRING;

import java.util.Map;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.AbstractConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigException;

/** The connector's properties. What this sink cannot do is refused with a sentence, never ignored. */
final class S3SinkConfig extends AbstractConfig {
    private static final long OFF = -1;

    static final ConfigDef DEFINITION = new ConfigDef()
        .define("s3.bucket.name", STRING, NO_DEFAULT_VALUE, S3SinkConfig::bucketName, HIGH, "Bucket to write to.")
        .define("flush.size", INT, NO_DEFAULT_VALUE, ConfigDef.Range.atLeast(1), HIGH, "Records an object.")
        .define("rotate.schedule.interval.ms", LONG, OFF, MEDIUM,
            "Write a partial object when its first record has waited this long; -1 is off.")
        .define("rotate.interval.ms", LONG, OFF, MEDIUM,
            "Longest span of record timestamps in one object; -1 is off.")
        .define("s3.region", STRING, "us-west-2", MEDIUM, "Region of the bucket.")
        .define("store.url", STRING, "", LOW, "Endpoint; empty means the AWS SDK's own choice.")
        .define("aws.access.key.id", STRING, "", LOW, "Empty means the AWS SDK's chain: environment, role.")
        .define("aws.secret.access.key", PASSWORD, "", LOW, "Goes with aws.access.key.id.")
        .define("topics.dir", STRING, "topics", LOW, "First part of every key.")
        .define("file.delim", STRING, "+", LOW, "Separator inside an object's name.")
        .define("filename.offset.zero.pad.width", INT, 10, ConfigDef.Range.between(0, 19), LOW, "Digits of the offset.")
        .define("behavior.on.null.values", STRING, "fail", ConfigDef.ValidString.in("fail", "ignore"), LOW,
            "A record without a value: stop (or hand it to the dead-letter queue), or pass it over.")
        .define("format.class", STRING, "JsonFormat", only("JsonFormat"), LOW, "JSON lines.")
        .define("storage.class", STRING, "S3Storage", only("S3Storage"), LOW, "S3.")
        .define("partitioner.class", STRING, "DefaultPartitioner", only("DefaultPartitioner"), LOW,
            "One folder a Kafka partition.")
        .define("schema.compatibility", STRING, "NONE", only("NONE"), LOW, "JSON without schemas has nothing to compare.")
        .define("s3.compression.type", STRING, "none", only("none"), LOW, "Objects are plain text.");

    static {
        lacking("store.kafka.keys", "false", "the lab's sink stores the values of records alone");
        lacking("store.kafka.headers", "false", "the lab's sink stores the values of records alone");
        lacking("s3.object.tagging", "false", "the lab's S3 has no tags of objects");
        lacking("s3.ssea.name", "", "the lab's S3 has SSE-S3 for every object, and nothing else");
        lacking("s3.sse.customer.key", "", "the lab's S3 has SSE-S3 for every object, and nothing else");
        lacking("s3.sse.kms.key.id", "", "the lab's S3 has SSE-S3 for every object, and nothing else");
        lacking("s3.acl.canned", "", "the lab's S3 has no ACLs");
        lacking("s3.proxy.url", "", "the lab's sink goes to S3 directly");
        lacking("s3.path.style.access.enabled", "true", "the lab's S3 has addresses by path alone");
        lacking("s3.credentials.provider.class", "com.amazonaws.auth.DefaultAWSCredentialsProviderChain",
            "the lab's sink takes aws.access.key.id or the AWS SDK's chain");
        lacking("s3.schema.partition.affix.type", "NONE", "JSON without schemas has no versions of them");
        lacking("timezone", "UTC", "in the lab's sink a schedule counts from an object's first record, not by the clock");
        lacking("json.decimal.format", "BASE64", "the lab's sink writes what JSON it reads");
        lacking("directory.delim", "/", "the lab's sink makes keys with /");
    }

    /** What Confluent's sink would do and this one would ignore: refused, unless it says how it is anyway. */
    private static void lacking(String property, String asItIs, String why) {
        DEFINITION.define(property, STRING, asItIs, (name, value) -> {
            if (!String.valueOf(value).equalsIgnoreCase(asItIs)) {
                throw new ConfigException(name, value, why + "; Confluent's sink does otherwise. Leave it out");
            }
        }, LOW, "Not in this sink: " + why + ".");
    }

    S3SinkConfig(Map<String, String> properties) {
        super(DEFINITION, properties, false);
    }

    int flushSize() {
        return getInt("flush.size");
    }

    long rotateInterval() {
        return getLong("rotate.interval.ms");
    }

    long rotateScheduleInterval() {
        return getLong("rotate.schedule.interval.ms");
    }

    boolean failsOnNullValues() {
        return getString("behavior.on.null.values").equals("fail");
    }

    /** {@code <topics.dir>/<topic>/partition=<p>/<topic>+<p>+<first offset>.json} */
    String key(TopicPartition partition, long firstOffset) {
        int width = Math.max(1, getInt("filename.offset.zero.pad.width"));
        String delimiter = getString("file.delim");
        return getString("topics.dir") + "/" + partition.topic() + "/partition=" + partition.partition() + "/"
            + partition.topic() + delimiter + partition.partition() + delimiter
            + ("%0" + width + "d").formatted(firstOffset) + ".json";
    }

    /** AWS's naming rules, as far as a mistake in them is likely. */
    private static void bucketName(String name, Object value) {
        if (!String.valueOf(value).matches("[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")) {
            throw new ConfigException(name, value,
                "a bucket's name has 3 to 63 lower-case letters, digits, dots and hyphens");
        }
    }

    /** Compares class names by their last part, so that a configuration written for Confluent's sink is valid. */
    private static ConfigDef.Validator only(String supported) {
        return (name, value) -> {
            String text = String.valueOf(value);
            if (!text.substring(text.lastIndexOf('.') + 1).equals(supported)) {
                throw new ConfigException(name, value, "this sink supports only " + supported);
            }
        };
    }
}
