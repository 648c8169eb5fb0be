package workbook.kafka.iam;

import java.time.Instant;

/** Who came in, and when their credentials end: null for those that do not. */
record Identity(String principal, Instant end) { }
