package workbook.kafka.iam;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Who is known, by access key id, and what each may do: the content of the IAM file at one moment. */
final class Account {
    static final Account EMPTY = new Account(Map.of(), Map.of());

    private static final Logger LOG = LoggerFactory.getLogger(Account.class);

    private final Map<String, AccessKey> keys;
    private final Map<String, List<Policy>> policies;

    private Account(Map<String, AccessKey> keys, Map<String, List<Policy>> policies) {
        this.keys = keys;
        this.policies = policies;
    }

    /** @throws IllegalArgumentException naming the entry that is not of the agreed form */
    static Account of(JsonNode json) {
        Map<String, AccessKey> keys = new HashMap<>();
        object(json, "keys").properties()
            .forEach(entry -> keys.put(entry.getKey(), key(entry.getKey(), entry.getValue())));
        Map<String, List<Policy>> policies = new HashMap<>();
        object(json, "policies").properties()
            .forEach(entry -> policies.put(entry.getKey(), policies(entry.getKey(), entry.getValue())));
        return new Account(keys, policies);
    }

    private static JsonNode object(JsonNode json, String name) {
        if (!json.path(name).isObject()) {
            throw new IllegalArgumentException("it has no object " + name);
        }
        return json.get(name);
    }

    private static AccessKey key(String id, JsonNode json) {
        String principal = json.path("principal").asText();
        boolean temporary = json.hasNonNull("token");
        // a principal of another form could take the name of one of the super users
        if (!json.path("secret").isTextual() || !principal.startsWith("arn:")
                || temporary != json.hasNonNull("expires")) {
            throw new IllegalArgumentException("key " + id
                + " must have a secret, an ARN as its principal, and both of token and expires or neither");
        }
        return new AccessKey(json.get("secret").asText(), principal, temporary ? json.get("token").asText() : null,
            temporary ? Instant.ofEpochSecond(json.get("expires").asLong()) : null);
    }

    private static List<Policy> policies(String principal, JsonNode documents) {
        if (!documents.isArray()) {
            throw new IllegalArgumentException("the policies of " + principal + " are not a list");
        }
        List<Policy> policies = new ArrayList<>();
        for (JsonNode document : documents) {
            Policy policy = new Policy(document);
            policies.add(policy);
            policy.refusal().ifPresent(why ->
                LOG.warn("Policy {} of {} is refused and grants nothing: {}.", policies.size(), principal, why));
        }
        return policies;
    }

    Optional<AccessKey> key(String id) {
        return Optional.ofNullable(keys.get(id));
    }

    /** As IAM decides: an explicit Deny wins, then an Allow, and silence is no. */
    boolean allows(String principal, String action, String arn) {
        List<Policy> own = policies.getOrDefault(principal, List.of());
        return own.stream().noneMatch(policy -> policy.denies(action, arn))
            && own.stream().anyMatch(policy -> policy.allows(action, arn));
    }
}
