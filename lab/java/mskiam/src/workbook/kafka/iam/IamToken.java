package workbook.kafka.iam;

import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import org.apache.kafka.common.security.oauthbearer.OAuthBearerToken;

/** An OAUTHBEARER token that was found good. */
record IamToken(String value, String principalName, Instant begin, Instant end) implements OAuthBearerToken {
    static final Duration LONGEST_LIFE = Duration.ofMinutes(15);

    @Override
    public Set<String> scope() {
        return Set.of();
    }

    @Override
    public long lifetimeMs() {
        return end.toEpochMilli();
    }

    @Override
    public Long startTimeMs() {
        return begin.toEpochMilli();
    }

    /** The value is as good as a password. */
    @Override
    public String toString() {
        return "IamToken[" + principalName + "]";
    }
}
