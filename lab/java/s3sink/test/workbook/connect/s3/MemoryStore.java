package workbook.connect.s3;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.kafka.connect.errors.RetriableException;

/** A bucket in memory that outlives the tasks and can be taken down. */
final class MemoryStore implements ObjectStore {
    final Map<String, String> objects = new TreeMap<>();
    boolean down;
    int writes;

    @Override
    public void put(String key, byte[] body) {
        answer();
        writes++;
        objects.put(key, new String(body, StandardCharsets.UTF_8));
    }

    @Override
    public Optional<byte[]> get(String key) {
        answer();
        return Optional.ofNullable(objects.get(key)).map(body -> body.getBytes(StandardCharsets.UTF_8));
    }

    private void answer() {
        if (down) {
            throw new RetriableException("the store is down");
        }
    }

    /** Every stored line, in the order of the keys. */
    List<String> lines() {
        List<String> all = new ArrayList<>();
        objects.values().forEach(body -> all.addAll(List.of(body.split("\n"))));
        return all;
    }

    @Override
    public void close() {
        // the bucket stays
    }
}
