package workbook.kafka.iam;

import java.nio.charset.StandardCharsets;
import java.util.UUID;
import javax.security.sasl.SaslServer;
import org.apache.kafka.common.security.authenticator.SaslInternalConfigs;

/** One exchange of AWS_MSK_IAM: the client's signed payload comes in, a request id goes out. */
final class IamSaslServer implements SaslServer {
    static final String MECHANISM = "AWS_MSK_IAM";

    private final IamCallbackHandler handler;
    private Identity identity;

    IamSaslServer(IamCallbackHandler handler) {
        this.handler = handler;
    }

    @Override
    public byte[] evaluateResponse(byte[] payload) {
        identity = handler.admit(payload);
        String answer = "{\"version\":\"" + Gate.VERSION + "\",\"request-id\":\"" + UUID.randomUUID() + "\"}";
        return answer.getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public String getMechanismName() {
        return MECHANISM;
    }

    @Override
    public boolean isComplete() {
        return identity != null;
    }

    @Override
    public String getAuthorizationID() {
        return identity.principal();
    }

    /** Kafka asks under this name when a session must end: temporary credentials take it with them. */
    @Override
    public Object getNegotiatedProperty(String name) {
        boolean asked = name.equals(SaslInternalConfigs.CREDENTIAL_LIFETIME_MS_SASL_NEGOTIATED_PROPERTY_KEY);
        return asked && identity.end() != null ? identity.end().toEpochMilli() : null;
    }

    @Override
    public byte[] unwrap(byte[] incoming, int offset, int length) {
        throw new IllegalStateException("AWS_MSK_IAM leaves encryption to TLS");
    }

    @Override
    public byte[] wrap(byte[] outgoing, int offset, int length) {
        throw new IllegalStateException("AWS_MSK_IAM leaves encryption to TLS");
    }

    @Override
    public void dispose() {
        // nothing is held open
    }
}
