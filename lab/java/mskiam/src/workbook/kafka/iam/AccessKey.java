package workbook.kafka.iam;

import java.time.Instant;

/** Credentials that IAM gave out. Token and end belong to temporary ones only; both are null otherwise. */
record AccessKey(String secret, String principal, String token, Instant end) {
    /** Keeps the secrets out of every log. */
    @Override
    public String toString() {
        return "AccessKey[" + principal + "]";
    }
}
