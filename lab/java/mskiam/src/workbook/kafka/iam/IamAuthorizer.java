package workbook.kafka.iam;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.kafka.common.Endpoint;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclBindingFilter;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.errors.InvalidRequestException;
import org.apache.kafka.common.resource.ResourceType;
import org.apache.kafka.server.authorizer.AclCreateResult;
import org.apache.kafka.server.authorizer.AclDeleteResult;
import org.apache.kafka.server.authorizer.Action;
import org.apache.kafka.server.authorizer.AuthorizableRequestContext;
import org.apache.kafka.server.authorizer.AuthorizationResult;
import org.apache.kafka.server.authorizer.Authorizer;
import org.apache.kafka.server.authorizer.AuthorizerServerInfo;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers the broker's questions from IAM policies. The super users, known by certificate, may do everything. */
public final class IamAuthorizer implements Authorizer {
    private static final Logger LOG = LoggerFactory.getLogger(IamAuthorizer.class);

    private Settings settings;
    private Set<String> superUsers;

    @Override
    public void configure(Map<String, ?> configs) {
        settings = Settings.of(configs);
        superUsers = Set.of(String.valueOf(configs.get("super.users")).split(";"));
    }

    @Override
    public Map<Endpoint, ? extends CompletionStage<Void>> start(AuthorizerServerInfo server) {
        return server.endpoints().stream()
            .collect(Collectors.toMap(Function.identity(), endpoint -> CompletableFuture.completedFuture(null)));
    }

    @Override
    public List<AuthorizationResult> authorize(AuthorizableRequestContext context, List<Action> actions) {
        return actions.stream().map(action -> result(superUser(context) || allowed(context, action))).toList();
    }

    /**
     * Kafka asks this when a producer that may not write idempotently may write to some topic. IAM knows
     * WriteDataIdempotently alone.
     */
    @Override
    public AuthorizationResult authorizeByResourceType(
            AuthorizableRequestContext context, AclOperation operation, ResourceType type) {
        return result(superUser(context));
    }

    private static AuthorizationResult result(boolean allowed) {
        return allowed ? AuthorizationResult.ALLOWED : AuthorizationResult.DENIED;
    }

    private boolean superUser(AuthorizableRequestContext context) {
        return superUsers.contains(context.principal().toString());
    }

    private boolean allowed(AuthorizableRequestContext context, Action asked) {
        ResourceType type = asked.resourcePattern().resourceType();
        String principal = context.principal().getName();
        String arn = KafkaActions.arn(settings.clusterArn(), type, asked.resourcePattern().name());
        Optional<String> action = KafkaActions.of(type, asked.operation());
        IamFile file = settings.file();
        boolean allowed = action.isPresent() && (file.current().allows(principal, action.get(), arn)
            || file.newest().allows(principal, action.get(), arn));
        if (!allowed && asked.logIfDenied()) {
            String what = action.orElse(asked.operation() + ", for which IAM has no action,");
            LOG.info("No policy of {} allows {} on {}.", principal, what, Refused.shown(arn));
        }
        return allowed;
    }

    @Override
    public Iterable<AclBinding> acls(AclBindingFilter filter) {
        return List.of();
    }

    @Override
    public List<? extends CompletionStage<AclCreateResult>> createAcls(
            AuthorizableRequestContext context, List<AclBinding> bindings) {
        return refused(bindings, AclCreateResult::new);
    }

    @Override
    public List<? extends CompletionStage<AclDeleteResult>> deleteAcls(
            AuthorizableRequestContext context, List<AclBindingFilter> filters) {
        return refused(filters, AclDeleteResult::new);
    }

    private static <T> List<CompletionStage<T>> refused(
            Collection<?> requests, Function<InvalidRequestException, T> answer) {
        T refusal = answer.apply(
            new InvalidRequestException("Access is governed by IAM policies, not by Kafka's ACLs."));
        return requests.stream().<CompletionStage<T>>map(r -> CompletableFuture.completedFuture(refusal)).toList();
    }

    @Override
    public void close() {
        // nothing is held open
    }
}
