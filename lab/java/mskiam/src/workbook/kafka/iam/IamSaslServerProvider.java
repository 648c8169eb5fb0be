package workbook.kafka.iam;

import java.security.Provider;
import java.util.Map;
import javax.security.auth.callback.CallbackHandler;
import javax.security.sasl.SaslServer;
import javax.security.sasl.SaslServerFactory;

/** Makes the server side of AWS_MSK_IAM known to Java. */
public final class IamSaslServerProvider extends Provider {
    private static final long serialVersionUID = 1;

    IamSaslServerProvider() {
        super("WorkbookMskIam", "1", "server side of " + IamSaslServer.MECHANISM);
        put("SaslServerFactory." + IamSaslServer.MECHANISM, Factory.class.getName());
    }

    /** Made by Java, from its name. */
    public static final class Factory implements SaslServerFactory {
        @Override
        public SaslServer createSaslServer(
                String mechanism, String protocol, String server, Map<String, ?> properties, CallbackHandler handler) {
            boolean ours = mechanism.equals(IamSaslServer.MECHANISM);
            return ours && handler instanceof IamCallbackHandler iam ? new IamSaslServer(iam) : null;
        }

        @Override
        public String[] getMechanismNames(Map<String, ?> properties) {
            return new String[] {IamSaslServer.MECHANISM};
        }
    }
}
