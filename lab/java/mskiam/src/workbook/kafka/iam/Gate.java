package workbook.kafka.iam;

import static workbook.kafka.iam.Refused.shown;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Decides who comes in: a request signed with a secret that IAM knows, by somebody who may connect. */
final class Gate {
    static final String VERSION = "2020_10_22";

    private static final ObjectMapper JSON = new ObjectMapper()
        .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
        .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION);

    private final Settings settings;
    private final Clock clock;

    Gate(Settings settings, Clock clock) {
        this.settings = settings;
        this.clock = clock;
    }

    /** AWS_MSK_IAM: the parameters of the request as a JSON object, with the broker's own host. */
    Identity admitPayload(byte[] payload) throws Refused {
        Map<String, String> parameters = parameters(payload);
        String version = parameters.getOrDefault("version", "");
        Refused.unless(version.equals(VERSION), "the payload's version is " + shown(version) + ", not " + VERSION);
        return admit(new SignedRequest(parameters), settings.hosts());
    }

    private static Map<String, String> parameters(byte[] payload) throws Refused {
        JsonNode json;
        try {
            json = JSON.readTree(payload);
        } catch (JsonProcessingException e) {
            throw new Refused("the payload is not valid JSON");
        } catch (IOException e) {
            throw new Refused("the payload is not text");
        }
        Refused.unless(json.isObject(), "the payload is not a JSON object");
        Map<String, String> parameters = new HashMap<>();
        for (Map.Entry<String, JsonNode> entry : json.properties()) {
            Refused.unless(entry.getValue().isTextual(), shown(entry.getKey()) + " in the payload is not a text");
            add(parameters, entry.getKey(), entry.getValue().asText());
        }
        return parameters;
    }

    /** OAUTHBEARER: a token that is the base64url form of the request's URL, whose host is the service's. */
    Identity admitToken(String token) throws Refused {
        String notAUrl = "the token is not the base64url form of a presigned URL";
        Map<String, String> parameters = new HashMap<>();
        try {
            URI url = URI.create(new String(Base64.getUrlDecoder().decode(token), StandardCharsets.UTF_8));
            Refused.unless(url.getHost() != null && url.getRawQuery() != null, notAUrl);
            for (String pair : url.getRawQuery().split("&")) {
                String[] parts = pair.split("=", 2);
                Refused.unless(parts.length == 2, notAUrl);
                add(parameters, parts[0], URLDecoder.decode(parts[1].replace("+", "%2B"), StandardCharsets.UTF_8));
            }
            parameters.put("host", url.getHost());
        } catch (IllegalArgumentException e) {
            throw new Refused(notAUrl);
        }
        return admit(new SignedRequest(parameters), List.of("kafka." + settings.region() + ".amazonaws.com"));
    }

    private static void add(Map<String, String> parameters, String name, String value) throws Refused {
        String before = parameters.put(name.toLowerCase(Locale.ROOT), value);
        Refused.unless(before == null, shown(name) + " is given twice");
    }

    private Identity admit(SignedRequest request, List<String> hosts) throws Refused {
        Instant now = clock.instant();
        request.checkAddressedTo(settings.region(), hosts);
        request.checkCurrent(now);
        Account current = settings.file().current();
        try {
            return identify(request, current, now);
        } catch (Refused e) {
            Account newest = settings.file().newest();
            if (newest == current) {
                throw e;
            }
            return identify(request, newest, now);
        }
    }

    private Identity identify(SignedRequest request, Account account, Instant now) throws Refused {
        AccessKey key = account.key(request.accessKeyId())
            .orElseThrow(() -> new Refused("the access key id " + shown(request.accessKeyId()) + " is unknown"));
        request.checkSignedWith(key.secret());
        request.checkToken(key.token());
        Refused.unless(key.end() == null || now.isBefore(key.end()),
            "the temporary key " + request.accessKeyId() + " has expired: it ended " + key.end());
        Refused.unless(account.allows(key.principal(), KafkaActions.CONNECT, settings.clusterArn()),
            "no policy of " + key.principal() + " allows " + KafkaActions.CONNECT + " on " + settings.clusterArn());
        return new Identity(key.principal(), key.end());
    }
}
