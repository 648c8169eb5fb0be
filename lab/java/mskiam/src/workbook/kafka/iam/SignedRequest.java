package workbook.kafka.iam;

import static workbook.kafka.iam.Refused.shown;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.time.format.ResolverStyle;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** A presigned GET (Signature Version 4, query form): what both of MSK's mechanisms carry as proof of a secret. */
final class SignedRequest {
    private static final DateTimeFormatter DATE =
        DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmss'Z'", Locale.ROOT).withResolverStyle(ResolverStyle.STRICT);
    private static final Duration LONGEST_LIFE = Duration.ofMinutes(15);
    private static final Duration CLOCK_DIFFERENCE = Duration.ofMinutes(5);
    /** The query in canonical order; both mechanisms may add unsigned names, such as the user agent. */
    private static final List<String> SIGNED = List.of("Action", "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date",
        "X-Amz-Expires", "X-Amz-Security-Token", "X-Amz-SignedHeaders");

    private final Map<String, String> parameters;
    private final String[] scope;
    private final Instant begin;
    private final Instant end;

    /** @param parameters the request's parameters and its host, names in lower case */
    SignedRequest(Map<String, String> parameters) throws Refused {
        this.parameters = parameters;
        expect("x-amz-algorithm", "AWS4-HMAC-SHA256");
        expect("action", KafkaActions.CONNECT);
        expect("x-amz-signedheaders", "host");
        scope = text("x-amz-credential").split("/", -1);
        begin = begin();
        Refused.unless(scope.length == 5 && scope[1].equals(text("x-amz-date").substring(0, 8))
            && scope[3].equals("kafka-cluster") && scope[4].equals("aws4_request"),
            "x-amz-credential " + shown(text("x-amz-credential")) + " is not of the form"
            + " <key>/<date>/<region>/kafka-cluster/aws4_request");
        end = begin.plus(life());
    }

    private String text(String name) throws Refused {
        String value = parameters.getOrDefault(name, "");
        Refused.unless(!value.isEmpty(), name + " is missing");
        return value;
    }

    private void expect(String name, String value) throws Refused {
        String given = text(name);
        Refused.unless(given.equals(value), name + " is " + shown(given) + " where " + value + " is expected");
    }

    private Instant begin() throws Refused {
        String date = text("x-amz-date");
        try {
            return LocalDateTime.parse(date, DATE).toInstant(ZoneOffset.UTC);
        } catch (DateTimeParseException e) {
            throw new Refused("x-amz-date " + shown(date) + " is not a date");
        }
    }

    private Duration life() throws Refused {
        String seconds = text("x-amz-expires");
        Refused.unless(seconds.matches("[0-9]{1,3}") && Integer.parseInt(seconds) > 0
            && Integer.parseInt(seconds) <= LONGEST_LIFE.toSeconds(),
            "x-amz-expires " + shown(seconds) + " is not in 1 to " + LONGEST_LIFE.toSeconds() + " seconds");
        return Duration.ofSeconds(Integer.parseInt(seconds));
    }

    String accessKeyId() {
        return scope[0];
    }

    Instant end() {
        return end;
    }

    void checkAddressedTo(String region, Iterable<String> hosts) throws Refused {
        Refused.unless(scope[2].equals(region),
            "the request is signed for region " + shown(scope[2]) + ", this cluster is in " + region);
        String host = text("host");
        for (String own : hosts) {
            if (own.equals(host)) {
                return;
            }
        }
        throw new Refused("the request is signed for host " + shown(host) + ", which is no broker of this cluster");
    }

    void checkCurrent(Instant now) throws Refused {
        String clocks = ": signed " + begin + ", the broker's clock says " + now + "; set the clock right";
        Refused.unless(!begin.isAfter(now.plus(CLOCK_DIFFERENCE)), "the signature is from the future" + clocks);
        Refused.unless(!now.isAfter(end), "the signature has expired" + clocks);
    }

    void checkSignedWith(String secret) throws Refused {
        Refused.unless(same(signature(secret), text("x-amz-signature")),
            "the signature does not match: the secret access key is not that of " + accessKeyId());
    }

    /** @param token the session token that belongs to the key; null for a long-term key */
    void checkToken(String token) throws Refused {
        String given = parameters.getOrDefault("x-amz-security-token", "");
        Refused.unless(token == null || !given.isEmpty(),
            "the temporary key " + accessKeyId() + " is valid only with its session token");
        Refused.unless(same(Objects.requireNonNullElse(token, ""), given),
            "the session token does not belong to " + accessKeyId());
    }

    /** Takes the same time wherever the two differ. */
    private static boolean same(String expected, String given) {
        return MessageDigest.isEqual(expected.getBytes(StandardCharsets.UTF_8), given.getBytes(StandardCharsets.UTF_8));
    }

    private String signature(String secret) throws Refused {
        String query = SIGNED.stream().filter(name -> parameters.containsKey(name.toLowerCase(Locale.ROOT)))
            .map(name -> name + "=" + encode(parameters.get(name.toLowerCase(Locale.ROOT))))
            .collect(Collectors.joining("&"));
        String request = "GET\n/\n" + query + "\nhost:" + text("host") + "\n\nhost\n" + sha256("");
        String toSign = String.join("\n", "AWS4-HMAC-SHA256", text("x-amz-date"),
            String.join("/", scope[1], scope[2], scope[3], scope[4]), sha256(request));
        byte[] key = ("AWS4" + secret).getBytes(StandardCharsets.UTF_8);
        for (int i = 1; i < scope.length; i++) {
            key = hmac(key, scope[i]);
        }
        return HexFormat.of().formatHex(hmac(key, toSign));
    }

    private static String encode(String value) {
        return URLEncoder.encode(value, StandardCharsets.UTF_8)
            .replace("+", "%20").replace("*", "%2A").replace("%7E", "~");
    }

    private static String sha256(String text) {
        try {
            return HexFormat.of().formatHex(
                MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);  // every Java has it
        }
    }

    private static byte[] hmac(byte[] key, String text) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);  // every Java has it
        }
    }
}
