package workbook.connect.s3;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.OptionalLong;
import org.apache.kafka.common.TopicPartition;

/**
 * The records of one partition on their way into objects: every record ends up in exactly one.
 *
 * <p>An object is named after its first offset. Kafka may hand records out a second time, when a worker died, or
 * lost its group, between storing an object and committing the offset behind it. So after every assignment the
 * writer first looks whether an object of the name it would write is there already, with the very lines it would
 * write; such lines count as stored. S3, not the commit, decides what is done: it does not matter which rule
 * closed the object, or whether that rule has changed since.
 */
final class PartitionWriter {
    private record Line(long offset, long timestamp, byte[] json) { }

    private final TopicPartition partition;
    private final S3SinkConfig config;
    private final ObjectStore store;
    private final Clock clock;
    private final Deque<Line> lines = new ArrayDeque<>();
    private long waitingSince;
    private boolean resuming = true;
    private List<String> stored;  // lines of the object that begins at our first offset; null until looked for

    PartitionWriter(TopicPartition partition, S3SinkConfig config, ObjectStore store, Clock clock) {
        this.partition = partition;
        this.config = config;
        this.store = store;
        this.clock = clock;
    }

    void add(long offset, long timestamp, byte[] json) {
        if (lines.isEmpty()) {
            waitingSince = clock.millis();
        }
        lines.add(new Line(offset, timestamp, json));
    }

    /** The oldest record not yet in S3: where reading must go on after a restart. Empty if all are stored. */
    OptionalLong firstUnstored() {
        return lines.isEmpty() ? OptionalLong.empty() : OptionalLong.of(lines.peek().offset);
    }

    /** Writes every object that is complete. What a failure leaves behind stays for the next call. */
    void flush() {
        while (!lines.isEmpty() && !stillResuming()) {
            int count = complete();
            if (count == 0) {
                return;
            }
            store.put(config.key(partition, lines.peek().offset), body(count));
            drop(count);
        }
    }

    /** Passes over lines that an earlier life of this writer stored; true while more records must come to tell. */
    private boolean stillResuming() {
        while (resuming && !lines.isEmpty()) {
            if (stored == null) {
                stored = store.get(config.key(partition, lines.peek().offset)).map(PartitionWriter::split).orElse(List.of());
            }
            if (stored.isEmpty() || !agree()) {
                resuming = false;
            } else if (lines.size() >= stored.size()) {
                drop(stored.size());
                stored = null;
            } else if (waitedLongEnough()) {
                resuming = false;
            } else {
                return true;
            }
        }
        return false;
    }

    /** An object of another content belongs to an earlier topic of the same name and is replaced. */
    private boolean agree() {
        Iterator<String> old = stored.iterator();
        for (Line line : lines) {
            if (!old.hasNext()) {
                return true;
            }
            if (!Arrays.equals(old.next().getBytes(StandardCharsets.UTF_8), line.json)) {
                return false;
            }
        }
        return true;
    }

    private static List<String> split(byte[] body) {
        return List.of(new String(body, StandardCharsets.UTF_8).split("\n"));
    }

    /** How many of the oldest lines make an object; 0 if none is complete. */
    private int complete() {
        int count = 0;
        for (Line line : lines) {
            boolean late = config.rotateInterval() > 0
                && line.timestamp - lines.peek().timestamp >= config.rotateInterval();
            if (count == config.flushSize() || late) {
                return count;
            }
            count++;
        }
        return count == config.flushSize() || waitedLongEnough() ? count : 0;
    }

    private boolean waitedLongEnough() {
        long limit = config.rotateScheduleInterval();
        return limit > 0 && clock.millis() - waitingSince >= limit;
    }

    private byte[] body(int count) {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        lines.stream().limit(count).forEach(line -> {
            body.writeBytes(line.json);
            body.write('\n');
        });
        return body.toByteArray();
    }

    private void drop(int count) {
        for (int i = 0; i < count; i++) {
            lines.remove();
        }
        waitingSince = clock.millis();
    }
}
