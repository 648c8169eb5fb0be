package workbook.s3n;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * The keys that came in addresses, {@code s3n://KEY:SECRET@bucket}, each pair under a name that tells nothing.
 *
 * <p>The name takes the keys' place in the address, {@code s3n://keys-1f0c5e2a@bucket}: whatever Spark says of the
 * address afterwards, in errors, plans and lists of files, can be read by anybody. It is made from the keys alone, so
 * that a stream goes on after a restart, and other keys for the same bucket never meet the wrong client. */
public record Keys(String id, String secret) {
    private static final Map<String, Keys> KNOWN = new ConcurrentHashMap<>();
    private static final Pattern LOGIN = Pattern.compile("\\bs3[an]?://([^:@/\\s]+):([^@\\s]+)@");
    private static final String ADDRESS = "s3n://%s@"; // s3a and s3 do not know of keys in addresses

    /** Puts the name of the keys into the place of the keys, wherever a text has an address that holds some. */
    public static String hidden(String text) {
        return text.contains("s3") && text.contains("@") ? LOGIN.matcher(text).replaceAll(Keys::kept) : text;
    }

    private static String kept(MatchResult login) {
        String secret = login.group(2).indexOf('/') < 0 ? unquoted(login.group(2)) : null;
        if (secret == null) {
            return ADDRESS.formatted("not-quoted");
        }
        Keys keys = new Keys(login.group(1), secret);
        KNOWN.put(keys.name(), keys);
        return ADDRESS.formatted(keys.name());
    }

    /** A secret of AWS holds no per cent sign of its own, so it may have been quoted twice; null if it is not quoted. */
    private static String unquoted(String secret) {
        String found = secret;
        try {
            while (found.indexOf('%') >= 0) {
                found = URLDecoder.decode(found.replace("+", "%2B"), StandardCharsets.UTF_8);
            }
        } catch (IllegalArgumentException notQuoted) {
            return null; // its words would hold a part of the secret
        }
        return found;
    }

    private String name() {
        try {
            byte[] pair = (id + ":" + secret).getBytes(StandardCharsets.UTF_8);
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(pair);
            return "keys-" + HexFormat.of().formatHex(digest, 0, 4);
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible); // every Java has it
        }
    }

    /** Finds keys by their name; null if they have not come in an address since the cluster started. */
    static Keys named(String name) {
        return KNOWN.get(name);
    }
}
