package workbook.connect.s3;

import java.time.Clock;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.connect.errors.DataException;
import org.apache.kafka.connect.errors.RetriableException;
import org.apache.kafka.connect.json.JsonConverter;
import org.apache.kafka.connect.sink.ErrantRecordReporter;
import org.apache.kafka.connect.sink.SinkRecord;
import org.apache.kafka.connect.sink.SinkTask;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Hands records to the writer of their partition and tells Kafka how far each has come. */
public class S3SinkTask extends SinkTask {
    private static final Logger LOG = LoggerFactory.getLogger(S3SinkTask.class);
    private static final long WAKE_UP_MS = 500;  // put is called this often even when no record arrives

    private final Function<S3SinkConfig, ObjectStore> storeFactory;
    private final Clock clock;
    private final JsonConverter json = new JsonConverter();
    private final Map<TopicPartition, PartitionWriter> writers = new HashMap<>();
    private S3SinkConfig config;
    private ObjectStore store;

    public S3SinkTask() {
        this(S3ObjectStore::new, Clock.systemUTC());
    }

    /** For tests, which bring a store and a clock of their own. */
    S3SinkTask(Function<S3SinkConfig, ObjectStore> storeFactory, Clock clock) {
        this.storeFactory = storeFactory;
        this.clock = clock;
    }

    @Override
    public String version() {
        return S3SinkConnector.VERSION;
    }

    @Override
    public void start(Map<String, String> properties) {
        config = new S3SinkConfig(properties);
        store = storeFactory.apply(config);
        json.configure(Map.of("schemas.enable", "false"), false);
    }

    /**
     * Takes all records or, while S3 does not answer, none: Connect then stops reading and calls again with the
     * same ones.
     */
    @Override
    public void put(Collection<SinkRecord> records) {
        context.timeout(WAKE_UP_MS);
        writers.values().forEach(PartitionWriter::flush);  // what an outage left behind
        records.forEach(this::add);
        try {
            writers.values().forEach(PartitionWriter::flush);
        } catch (RetriableException e) {
            LOG.warn("will try again: {}", e.getMessage());
        }
    }

    private void add(SinkRecord record) {
        if (record.value() == null) {
            refuse(record);
            return;
        }
        // transforms may rename the topic; offsets are those of the original
        TopicPartition partition = new TopicPartition(record.originalTopic(), record.originalKafkaPartition());
        long timestamp = record.timestamp() == null ? 0 : record.timestamp();
        byte[] line = json.fromConnectData(record.topic(), record.valueSchema(), record.value());
        writers.computeIfAbsent(partition, p -> new PartitionWriter(p, config, store, clock))
            .add(record.originalKafkaOffset(), timestamp, line);
    }

    private void refuse(SinkRecord record) {
        if (!config.failsOnNullValues()) {
            return;
        }
        DataException error = new DataException("The record at offset " + record.originalKafkaOffset() + " of "
            + record.originalTopic() + ", partition " + record.originalKafkaPartition() + ", has no value. Set "
            + "behavior.on.null.values=ignore to pass such records over, or give the connector a dead-letter queue.");
        ErrantRecordReporter deadLetterQueue = context.errantRecordReporter();
        if (deadLetterQueue == null) {
            throw error;
        }
        deadLetterQueue.report(record, error);
    }

    @Override
    public Map<TopicPartition, OffsetAndMetadata> preCommit(Map<TopicPartition, OffsetAndMetadata> current) {
        Map<TopicPartition, OffsetAndMetadata> safe = new HashMap<>(current);
        writers.forEach((partition, writer) ->
            writer.firstUnstored().ifPresent(offset -> safe.put(partition, new OffsetAndMetadata(offset))));
        return safe;
    }

    /** Whoever gets the partitions next reads again from the committed offset. */
    @Override
    public void close(Collection<TopicPartition> partitions) {
        writers.keySet().removeAll(partitions);
    }

    @Override
    public void stop() {
        if (store != null) {
            store.close();
        }
    }
}
