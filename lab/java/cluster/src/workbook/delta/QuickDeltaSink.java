package workbook.delta;

import java.lang.reflect.Field;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.delta.Snapshot;
import org.apache.spark.sql.delta.actions.SetTransaction;
import org.apache.spark.sql.delta.sources.DeltaSink;
import scala.collection.immutable.Map;
import scala.collection.immutable.Map$;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Delta's sink for streams, which asks at each batch for the last one that its query has written. The table's checksum
 * file says it, but Delta 4.4.0 computes it anew from the table's log each time, half of a small batch's time
 * (delta-io/delta#6929 mends that; with a release that has it, this class goes).
 *
 * <p>It puts what the checksum says where Delta would put what it computes. Where Delta has changed, or there is no
 * checksum, Delta computes as ever. */
@SuppressWarnings("serial") // it never leaves the driver
final class QuickDeltaSink extends DeltaSink {
    private static final String FOR_VERSION = "4.4.0";

    /** Which bit of {@code bitmap$0} says that {@code transactions} is there; true of that version only. */
    private static final int HAS_TRANSACTIONS = 0x80000;

    private static final Field TRANSACTIONS = field("transactions");
    private static final Field BITMAP = field("bitmap$0");

    QuickDeltaSink(DeltaSink sink) {
        super(sink.sqlContext(), sink.path(), sink.partitionColumns(), sink.outputMode(), sink.options(),
            sink.catalogTable());
    }

    @Override
    public void addBatch(long number, Dataset<Row> rows) {
        if (TRANSACTIONS != null && BITMAP != null) {
            Snapshot snapshot = org$apache$spark$sql$delta$sources$DeltaSink$$deltaLog().unsafeVolatileSnapshot();
            if (snapshot.checksumOpt().isDefined() && snapshot.checksumOpt().get().setTransactions().isDefined()) {
                remember(snapshot, snapshot.checksumOpt().get().setTransactions().get());
            }
        }
        super.addBatch(number, rows);
    }

    @SuppressWarnings("unchecked") // Scala's long is an object in a map
    private static void remember(Snapshot snapshot, Seq<SetTransaction> known) {
        Map<String, Object> last = (Map<String, Object>) (Map<?, ?>) Map$.MODULE$.empty();
        for (SetTransaction one : CollectionConverters.asJava(known)) {
            last = last.updated(one.appId(), one.version());
        }
        synchronized (snapshot) {
            try {
                int there = BITMAP.getInt(snapshot);
                if ((there & HAS_TRANSACTIONS) == 0) {
                    TRANSACTIONS.set(snapshot, last);
                    BITMAP.setInt(snapshot, there | HAS_TRANSACTIONS);
                }
            } catch (IllegalAccessException closed) {
                throw new IllegalStateException(closed); // both were opened
            }
        }
    }

    private static Field field(String name) {
        try {
            // a name that Java cannot write
            if (!Class.forName("io.delta.package").getMethod("VERSION").invoke(null).equals(FOR_VERSION)) {
                return null;
            }
            Field found = Snapshot.class.getDeclaredField(name);
            found.setAccessible(true);
            return found;
        } catch (ReflectiveOperationException | RuntimeException changed) {
            return null;
        }
    }
}
