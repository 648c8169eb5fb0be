package workbook.kafka.iam;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * One policy document. Nothing in it is ever ignored: a document with a part that this broker cannot evaluate is
 * refused as a whole and grants nothing. What it denies stays denied, whatever the condition: that errs on the
 * safe side.
 */
final class Policy {
    private static final Set<String> VERSIONS = Set.of("2012-10-17", "2008-10-17");

    private final List<Statement> statements = new ArrayList<>();
    private String refusal;

    Policy(JsonNode document) {
        if (!VERSIONS.contains(document.path("Version").asText("2008-10-17"))) {
            refuse("Version is neither 2012-10-17 nor 2008-10-17");
        }
        JsonNode all = document.path("Statement");
        if (all.isMissingNode()) {
            refuse("there is no Statement");
        } else {
            (all.isArray() ? all : List.of(all)).forEach(this::add);
        }
    }

    private void add(JsonNode json) {
        try {
            Statement statement = new Statement(json);
            statements.add(statement);
            statement.notHonoured().ifPresent(part -> refuse(part + " is not evaluated by this broker"));
        } catch (IllegalArgumentException e) {
            refuse(e.getMessage());
        }
    }

    private void refuse(String why) {
        refusal = refusal == null ? why : refusal;
    }

    /** Why this document grants nothing; empty if all of it holds. */
    Optional<String> refusal() {
        return Optional.ofNullable(refusal);
    }

    boolean allows(String action, String arn) {
        return refusal == null && statements.stream().anyMatch(s -> !s.denies() && s.covers(action, arn));
    }

    boolean denies(String action, String arn) {
        return statements.stream().anyMatch(s -> s.denies() && s.covers(action, arn));
    }
}
