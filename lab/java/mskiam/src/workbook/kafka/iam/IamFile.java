package workbook.kafka.iam;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file in which IAM tells the broker whom it knows. It is replaced by rename and read again when that is seen;
 * while it cannot be read, nobody is known and nothing is allowed.
 */
final class IamFile {
    private static final Logger LOG = LoggerFactory.getLogger(IamFile.class);
    private static final long LOOK_AGAIN_NANOS = Duration.ofMillis(200).toNanos();
    /** Shorter than any sign-in takes, and long enough that a flood of refusals costs next to nothing. */
    private static final long LOOK_BEFORE_REFUSAL_NANOS = Duration.ofMillis(1).toNanos();
    private static final ObjectMapper JSON = new ObjectMapper()
        .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
        .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION);
    private static final Map<Path, IamFile> OPEN = new ConcurrentHashMap<>();

    private record Version(FileTime changed, long size, Object inode) { }

    private final Path path;
    private Account account;
    private Version version;
    private long lookedAt;
    private String complaint;

    private IamFile(Path path) {
        this.path = path;
    }

    /** Listeners and authorizers share one, so that each change is read, and each complaint made, once. */
    static IamFile at(String path) {
        return OPEN.computeIfAbsent(Path.of(path), IamFile::new);
    }

    Account current() {
        return notOlderThan(LOOK_AGAIN_NANOS);
    }

    /** What to look into before anybody is refused: a key or a policy may have come a moment ago. */
    Account newest() {
        return notOlderThan(LOOK_BEFORE_REFUSAL_NANOS);
    }

    private synchronized Account notOlderThan(long nanos) {
        if (account == null || System.nanoTime() - lookedAt > nanos) {
            lookedAt = System.nanoTime();
            look();
        }
        return account;
    }

    private void look() {
        try {
            BasicFileAttributes found = Files.readAttributes(path, BasicFileAttributes.class);
            Version now = new Version(found.lastModifiedTime(), found.size(), found.fileKey());
            if (!now.equals(version)) {
                account = Account.of(JSON.readTree(path.toFile()));
                version = now;
                complaint = null;
            }
        } catch (IOException | RuntimeException e) {
            account = Account.EMPTY;
            version = null;
            complain(reason(e));
        }
    }

    private static String reason(Exception e) {
        if (e instanceof JsonProcessingException json) {  // its own message quotes the text, which holds secrets
            return "it is not valid JSON, " + json.getLocation().offsetDescription();
        }
        return e instanceof IllegalArgumentException ? e.getMessage() : e.toString();
    }

    private void complain(String why) {
        if (!why.equals(complaint)) {
            LOG.error("Nobody is let in until {} can be read: {}.", path, why);
        }
        complaint = why;
    }
}
