package workbook.kafka.iam;

import java.util.Arrays;
import java.util.Locale;

/** The patterns of a policy: * stands for any number of characters, ? for exactly one. */
final class Wildcards {
    private static final int ARN_FIELDS = 6;

    private Wildcards() {
    }

    /** Actions know no case. */
    static boolean matchAction(String pattern, String action) {
        return match(pattern.toLowerCase(Locale.ROOT), action.toLowerCase(Locale.ROOT));
    }

    /** A wildcard stays within its field of the ARN; fields left out at the end match everything, as on AWS. */
    static boolean matchArn(String pattern, String arn) {
        if (pattern.equals("*")) {
            return true;
        }
        String[] patterns = pattern.split(":", ARN_FIELDS);
        String[] fields = arn.split(":", ARN_FIELDS);
        int given = patterns.length;
        patterns = Arrays.copyOf(patterns, ARN_FIELDS);
        Arrays.fill(patterns, given, ARN_FIELDS, "*");
        for (int i = 0; i < ARN_FIELDS; i++) {
            if (!match(patterns[i], fields[i])) {
                return false;
            }
        }
        return true;
    }

    /** Goes back to the last star only, so that no pattern, however made, takes long. */
    private static boolean match(String pattern, String text) {
        int p = 0;
        int t = 0;
        int star = -1;
        int resume = 0;
        while (t < text.length()) {
            char wanted = p < pattern.length() ? pattern.charAt(p) : 0;
            if (p < pattern.length() && wanted == '*') {
                star = p++;
                resume = t;
            } else if (p < pattern.length() && (wanted == '?' || wanted == text.charAt(t))) {
                p++;
                t++;
            } else if (star >= 0) {
                p = star + 1;
                t = ++resume;
            } else {
                return false;
            }
        }
        while (p < pattern.length() && pattern.charAt(p) == '*') {
            p++;
        }
        return p == pattern.length();
    }
}
