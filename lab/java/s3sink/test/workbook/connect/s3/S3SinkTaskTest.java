package workbook.connect.s3;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Proxy;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.connect.errors.DataException;
import org.apache.kafka.connect.errors.RetriableException;
import org.apache.kafka.connect.sink.ErrantRecordReporter;
import org.apache.kafka.connect.sink.SinkRecord;
import org.apache.kafka.connect.sink.SinkTaskContext;
import org.junit.jupiter.api.Test;

class S3SinkTaskTest {
    private static final TopicPartition PARTITION = new TopicPartition("a.pin", 0);
    private static final String FOLDER = "topics/a.pin/partition=0/a.pin+0+";

    private final MemoryStore store = new MemoryStore();
    private final List<SinkRecord> deadLetters = new ArrayList<>();
    private long now = 1_000_000;

    /** A new life of the task: what the one before had in memory is gone, as after kill -9. */
    private S3SinkTask task(boolean deadLetterQueue, String... properties) {
        Map<String, String> config = new HashMap<>(Map.of("s3.bucket.name", "bucket", "flush.size", "10"));
        for (int i = 0; i < properties.length; i += 2) {
            config.put(properties[i], properties[i + 1]);
        }
        S3SinkTask task = new S3SinkTask(c -> store, new Clock() {
            @Override
            public ZoneId getZone() {
                return ZoneOffset.UTC;
            }

            @Override
            public Clock withZone(ZoneId zone) {
                return this;
            }

            @Override
            public Instant instant() {
                return Instant.ofEpochMilli(now);
            }
        });
        ErrantRecordReporter reporter = (record, error) -> {
            deadLetters.add(record);
            return null;
        };
        task.initialize((SinkTaskContext) Proxy.newProxyInstance(getClass().getClassLoader(),
            new Class<?>[] {SinkTaskContext.class},
            (proxy, method, args) -> method.getName().equals("errantRecordReporter") && deadLetterQueue ? reporter : null));
        task.start(config);
        return task;
    }

    private S3SinkTask task(String... properties) {
        return task(false, properties);
    }

    private static SinkRecord record(long offset, Object value, long timestamp) {
        return new SinkRecord("a.pin", 0, null, null, null, value, offset, timestamp, TimestampType.CREATE_TIME);
    }

    private static List<SinkRecord> records(int from, int to) {
        return IntStream.range(from, to).mapToObj(i -> record(i, i, 0)).toList();
    }

    private static List<String> numbers(int from, int to) {
        return IntStream.range(from, to).mapToObj(String::valueOf).toList();
    }

    private static long committed(S3SinkTask task, long read) {
        return task.preCommit(Map.of(PARTITION, new OffsetAndMetadata(read))).get(PARTITION).offset();
    }

    @Test
    void oneRecordAnObjectUnderConfluentsNames() {
        task("flush.size", "1").put(List.of(record(7, Map.of("index", 5), 0)));
        assertEquals(Map.of(FOLDER + "0000000007.json", "{\"index\":5}\n"), store.objects);
    }

    @Test
    void namesFollowTheProperties() {
        task("flush.size", "1", "topics.dir", "history", "file.delim", "-", "filename.offset.zero.pad.width", "3")
            .put(records(7, 8));
        assertEquals("[history/a.pin/partition=0/a.pin-0-007.json]", store.objects.keySet().toString());
    }

    @Test
    void partialObjectsWaitAndTheCommitWaitsWithThem() {
        S3SinkTask task = task();
        task.put(records(0, 25));
        assertEquals(numbers(0, 20), store.lines());
        assertEquals(20, committed(task, 25));
        task.put(records(25, 30));
        assertEquals(30, committed(task, 30));
    }

    @Test
    void theClockClosesAPartialObject() {
        S3SinkTask task = task("rotate.schedule.interval.ms", "1000");
        task.put(records(0, 5));
        now += 999;
        task.put(List.of());
        assertTrue(store.objects.isEmpty());
        now += 1;
        task.put(List.of());
        assertEquals(numbers(0, 5), store.lines());
        assertEquals(5, committed(task, 5));
    }

    @Test
    void recordTimestampsCloseAnObject() {
        S3SinkTask task = task("rotate.interval.ms", "100");
        task.put(List.of(record(0, 0, 1000), record(1, 1, 1099), record(2, 2, 1100)));
        assertEquals(Map.of(FOLDER + "0000000000.json", "0\n1\n"), store.objects);
    }

    /** The worst moment: an object cut by the clock is stored, the commit is lost, more records have come. */
    @Test
    void aLostCommitAfterAClockCutRepeatsNothing() {
        S3SinkTask first = task("rotate.schedule.interval.ms", "1000");
        first.put(records(0, 5));
        now += 1000;
        first.put(List.of());
        first.put(records(5, 30));
        S3SinkTask second = task("rotate.schedule.interval.ms", "1000");
        second.put(records(0, 30));
        now += 1000;
        second.put(List.of());
        assertEquals(numbers(0, 30), store.lines());
        assertEquals(30, committed(second, 30));
    }

    @Test
    void anotherFlushSizeAfterACrashRepeatsNothing() {
        task("flush.size", "4").put(records(0, 21));
        S3SinkTask larger = task("flush.size", "10");
        larger.put(records(0, 35));
        larger.put(records(35, 40));
        assertEquals(numbers(0, 40), store.lines());
        S3SinkTask smaller = task("flush.size", "1");
        smaller.put(records(20, 45));
        assertEquals(numbers(0, 45), store.lines());
    }

    @Test
    void whatIsStoredIsNotWrittenAgain() {
        task("flush.size", "1").put(records(0, 50));
        task("flush.size", "1").put(records(0, 50));
        assertEquals(50, store.writes);
    }

    @Test
    void redeliveredRecordsMayComeInSmallPortions() {
        task("flush.size", "10").put(records(0, 10));
        S3SinkTask second = task("flush.size", "10");
        for (int i = 0; i < 20; i++) {
            second.put(records(i, i + 1));
        }
        assertEquals(numbers(0, 20), store.lines());
        assertEquals(2, store.writes);
    }

    @Test
    void anObjectOfAnEarlierTopicOfTheSameNameIsReplaced() {
        store.objects.put(FOLDER + "0000000000.json", "\"old\"\n\"older\"\n");
        task("flush.size", "1").put(records(0, 2));
        assertEquals(numbers(0, 2), store.lines());
    }

    @Test
    void aLongerObjectOfAnEarlierTopicHoldsNothingUpForever() {
        store.objects.put(FOLDER + "0000000000.json", "0\n1\n2\n");
        S3SinkTask task = task("flush.size", "1", "rotate.schedule.interval.ms", "1000");
        task.put(records(0, 2));
        assertEquals(0, committed(task, 2));
        now += 1000;
        task.put(List.of());
        assertEquals(numbers(0, 2), store.lines());
    }

    @Test
    void anOutageLosesAndRepeatsNothing() {
        S3SinkTask task = task();
        task.put(records(0, 20));
        store.down = true;
        task.put(records(20, 40));
        assertEquals(20, committed(task, 40));
        assertThrows(RetriableException.class, () -> task.put(records(40, 50)));
        store.down = false;
        task.put(records(40, 50));
        assertEquals(numbers(0, 50), store.lines());
        assertEquals(50, committed(task, 50));
    }

    @Test
    void partitionsAreKeptApartAndForgottenWhenTakenAway() {
        S3SinkTask task = task();
        task.put(records(0, 5));
        task.close(List.of(PARTITION));
        task.put(records(0, 10));
        assertEquals(numbers(0, 10), store.lines());
    }

    @Test
    void aRecordWithoutValueStopsTheTaskWithItsPlace() {
        DataException error = assertThrows(DataException.class, () -> task().put(List.of(record(41, null, 0))));
        assertTrue(error.getMessage().contains("offset 41 of a.pin, partition 0"), error.getMessage());
    }

    @Test
    void aRecordWithoutValueGoesToTheDeadLetterQueueOrIsPassedOver() {
        task(true, "flush.size", "1").put(List.of(record(0, null, 0), record(1, 1, 0)));
        task("flush.size", "1", "behavior.on.null.values", "ignore").put(List.of(record(2, null, 0), record(3, 3, 0)));
        assertEquals(List.of("1", "3"), store.lines());
        assertEquals(1, deadLetters.size());
    }
}
