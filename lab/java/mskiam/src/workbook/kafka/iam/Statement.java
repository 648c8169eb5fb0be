package workbook.kafka.iam;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** One statement of a policy document: Allow or Deny, of which actions, on which resources. */
final class Statement {
    private static final Set<String> UNDERSTOOD =
        Set.of("Sid", "Effect", "Action", "NotAction", "Resource", "NotResource");

    private final boolean denies;
    private final boolean allActionsBut;
    private final List<String> actions;
    private final boolean allResourcesBut;
    private final List<String> resources;
    private final Optional<String> notHonoured;

    /** @throws IllegalArgumentException with the reason, if this is no statement as IAM's grammar has it */
    Statement(JsonNode json) {
        if (!json.isObject()) {
            throw new IllegalArgumentException("a statement is not an object");
        }
        String effect = json.path("Effect").asText();
        if (!Set.of("Allow", "Deny").contains(effect)) {
            throw new IllegalArgumentException("Effect is neither Allow nor Deny");
        }
        denies = effect.equals("Deny");
        allActionsBut = json.has("NotAction");
        actions = patterns(json, "Action");
        List<String> given = patterns(json, "Resource");
        Optional<String> variable = given.stream().filter(pattern -> pattern.contains("${")).findFirst();
        // a Deny whose resources cannot be told denies all of them
        boolean anyResource = denies && variable.isPresent();
        allResourcesBut = !anyResource && json.has("NotResource");
        resources = anyResource ? List.of("*") : given;
        notHonoured = unknownElement(json).or(() -> variable.map(pattern -> "the policy variable in " + pattern))
            .filter(part -> KafkaActions.all().anyMatch(this::speaksOf));
    }

    private static List<String> patterns(JsonNode statement, String element) {
        if (statement.has(element) == statement.has("Not" + element)) {
            throw new IllegalArgumentException("there must be one of " + element + " and Not" + element);
        }
        JsonNode value = statement.has(element) ? statement.get(element) : statement.get("Not" + element);
        List<String> patterns = new ArrayList<>();
        for (JsonNode pattern : value.isArray() ? value : List.of(value)) {
            String text = pattern.asText();
            boolean formed = element.equals("Action") ? text.contains(":") : text.startsWith("arn:");
            if (!pattern.isTextual() || !formed && !text.equals("*")) {
                throw new IllegalArgumentException(element + " " + pattern + " is neither * nor of the form "
                    + (element.equals("Action") ? "service:action" : "arn:aws:…"));
            }
            patterns.add(text);
        }
        if (patterns.isEmpty()) {
            throw new IllegalArgumentException(element + " is empty");
        }
        return patterns;
    }

    private static Optional<String> unknownElement(JsonNode json) {
        Set<String> unknown = new TreeSet<>();
        json.fieldNames().forEachRemaining(unknown::add);
        unknown.removeAll(UNDERSTOOD);
        return unknown.stream().findFirst().map(name -> "the element " + name);
    }

    /** The part that this broker cannot evaluate; empty if there is none, or if Kafka is not what it speaks of. */
    Optional<String> notHonoured() {
        return notHonoured;
    }

    boolean denies() {
        return denies;
    }

    boolean covers(String action, String arn) {
        return speaksOf(action)
            && allResourcesBut != resources.stream().anyMatch(pattern -> Wildcards.matchArn(pattern, arn));
    }

    private boolean speaksOf(String action) {
        return allActionsBut != actions.stream().anyMatch(pattern -> Wildcards.matchAction(pattern, action));
    }
}
