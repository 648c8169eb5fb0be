package workbook.catalog;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.catalog.ExternalCatalogEvent;
import org.apache.spark.sql.catalyst.catalog.ExternalCatalogEventListener;
import org.apache.spark.sql.catalyst.catalog.ExternalCatalogWithListener;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Keeps Spark's catalog, which lives in memory, in a file: databases, tables, views and functions outlive the cluster.
 *
 * <p>Spark tells a listener of each change in the thread that makes it, so the file is on disk before the statement is
 * answered; on a full disk, as soon as there is room. Hive's metastore would keep the same, and take seconds of every start for it.
 */
public final class KeptCatalog implements ExternalCatalogEventListener {
    private static final Logger LOG = LoggerFactory.getLogger(KeptCatalog.class);
    private static final ObjectMapper JSON = new ObjectMapper();

    private final ExternalCatalogWithListener catalog;
    private final Path file;
    private final ScheduledExecutorService later = Executors.newSingleThreadScheduledExecutor(work -> {
        Thread thread = new Thread(work, "kept-catalog");
        thread.setDaemon(true);
        return thread;
    });
    private boolean isWaiting;
    /** Entries that could not be put back, such as a database in a bucket that does not answer: kept as they are. */
    private final ObjectNode unrestored = emptyLists();

    private KeptCatalog(ExternalCatalogWithListener catalog, Path file) {
        this.catalog = catalog;
        this.file = file;
    }

    /** Put back what the file holds, and write every change from now on. */
    public static void open(SparkSession session, String file) throws IOException {
        ExternalCatalogWithListener catalog = session.sharedState().externalCatalog();
        KeptCatalog kept = new KeptCatalog(catalog, Path.of(file));
        if (Files.exists(kept.file)) {
            kept.restore(JSON.readTree(kept.file.toFile()));
        }
        kept.save();
        catalog.addListener(kept);
    }

    @Override
    public void onEvent(ExternalCatalogEvent event) {
        if (event.getClass().getSimpleName().endsWith("PreEvent")) {
            return;
        }
        keep();
    }

    /** Write the file; where that fails, try until it succeeds: Spark goes on whatever a listener throws. */
    private synchronized void keep() {
        try {
            save();
        } catch (IOException error) {
            LOG.error("The catalog could not be written to {}, and a cluster that ends now forgets the last change. "
                + "Most often the disk is full: make room. It is tried again every second", file, error);
            if (!isWaiting) {
                isWaiting = true;
                later.schedule(this::keepAgain, 1, TimeUnit.SECONDS);
            }
        }
    }

    private synchronized void keepAgain() {
        isWaiting = false;
        keep();
    }

    private void restore(JsonNode kept) {
        for (JsonNode entry : kept.path("databases")) {
            restore("databases", entry, () -> catalog.createDatabase(Entries.database(entry), true));
        }
        for (JsonNode entry : kept.path("tables")) {
            restore("tables", entry, () -> catalog.createTable(Entries.table(entry), true));
        }
        for (JsonNode entry : kept.path("functions")) {
            restore("functions", entry,
                () -> catalog.createFunction(entry.get("database").asText(), Entries.function(entry)));
        }
    }

    private void restore(String kind, JsonNode entry, Runnable work) {
        try {
            work.run();
        } catch (Exception error) { // Scala throws what it does not declare
            LOG.error("One of the {} could not be put back and stays in {}: {}", kind, file, entry, error);
            ((ArrayNode) unrestored.get(kind)).add(entry);
        }
    }

    private synchronized void save() throws IOException {
        ObjectNode all = unrestored.deepCopy();
        for (String database : names(catalog.listDatabases())) {
            try {
                add(all, database);
            } catch (Exception error) { // another thread has dropped it meanwhile, and will write the file too
                LOG.info("Database {} is left out", database, error);
            }
        }
        write(JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(all));
    }

    private void add(ObjectNode all, String database) {
        all.withArray("databases").add(Entries.written(catalog.getDatabase(database)));
        for (String table : names(catalog.listTables(database))) {
            if (catalog.tableExists(database, table)) {
                all.withArray("tables").add(Entries.written(catalog.getTable(database, table)));
            }
        }
        for (String function : names(catalog.listFunctions(database, "*"))) {
            if (catalog.functionExists(database, function)) {
                all.withArray("functions").add(Entries.written(catalog.getFunction(database, function)));
            }
        }
    }

    private void write(byte[] content) throws IOException {
        Path fresh = Files.createTempFile(file.getParent(), file.getFileName().toString(), ".new",
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        try {
            try (FileChannel channel = FileChannel.open(fresh, StandardOpenOption.WRITE)) {
                for (ByteBuffer rest = ByteBuffer.wrap(content); rest.hasRemaining();) {
                    channel.write(rest);
                }
                channel.force(true);
            }
            Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(fresh);
        }
        try (FileChannel folder = FileChannel.open(file.getParent())) {
            folder.force(true);
        }
    }

    private static List<String> names(scala.collection.immutable.Seq<String> found) {
        return new ArrayList<>(CollectionConverters.asJava(found));
    }

    private static ObjectNode emptyLists() {
        ObjectNode lists = JSON.createObjectNode();
        for (String kind : List.of("databases", "tables", "functions")) {
            lists.putArray(kind);
        }
        return lists;
    }
}
