package workbook.kafka.iam;

import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import javax.security.auth.callback.Callback;
import javax.security.auth.callback.UnsupportedCallbackException;
import javax.security.auth.login.AppConfigurationEntry;
import org.apache.kafka.common.errors.SaslAuthenticationException;
import org.apache.kafka.common.security.auth.AuthenticateCallbackHandler;
import org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallback;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Where both mechanisms of the client listener ask who is there. */
public final class IamCallbackHandler implements AuthenticateCallbackHandler {
    private static final Logger LOG = LoggerFactory.getLogger(IamCallbackHandler.class);

    private Gate gate;

    @Override
    public void configure(Map<String, ?> configs, String mechanism, List<AppConfigurationEntry> jaas) {
        gate = new Gate(Settings.of(configs), Clock.systemUTC());
    }

    /** For AWS_MSK_IAM. */
    Identity admit(byte[] payload) {
        try {
            return gate.admitPayload(payload);
        } catch (Refused e) {
            throw new SaslAuthenticationException(answer(e));
        }
    }

    /** For OAUTHBEARER, whose server is Kafka's own. */
    @Override
    public void handle(Callback[] callbacks) throws UnsupportedCallbackException {
        for (Callback callback : callbacks) {
            if (!(callback instanceof OAuthBearerValidatorCallback asked)) {
                throw new UnsupportedCallbackException(callback);
            }
            try {
                asked.token(token(asked.tokenValue()));
            } catch (Refused e) {
                asked.error("invalid_token", null, answer(e));
            }
        }
    }

    private IamToken token(String value) throws Refused {
        Identity identity = gate.admitToken(value);
        Instant now = Instant.now();
        // as on MSK: after 15 minutes a client must bring a new token, or lose its connection
        Instant end = Objects.requireNonNullElse(identity.end(), now.plus(IamToken.LONGEST_LIFE));
        return new IamToken(value, identity.principal(), now, end);
    }

    /** MSK says "Access denied" and keeps the reason to itself; a workbook tells it. */
    private static String answer(Refused refused) {
        String answer = "[" + UUID.randomUUID() + "]: Access denied: " + refused.getMessage();
        LOG.info("{}", answer);
        return answer;
    }

    @Override
    public void close() {
        // nothing is held open
    }
}
