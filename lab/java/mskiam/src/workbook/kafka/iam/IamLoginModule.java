package workbook.kafka.iam;

import java.security.Security;
import java.util.Map;
import javax.security.auth.Subject;
import javax.security.auth.callback.CallbackHandler;
import javax.security.auth.spi.LoginModule;
import org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule;

/** The broker's entry in JAAS. A broker has nothing to log in with: loading the class is what matters. */
public final class IamLoginModule implements LoginModule {
    static {
        Security.addProvider(new IamSaslServerProvider());
        new OAuthBearerLoginModule();  // registers Kafka's server for OAUTHBEARER in the same way
    }

    @Override
    public void initialize(Subject subject, CallbackHandler handler, Map<String, ?> shared, Map<String, ?> options) {
        // no credentials
    }

    @Override
    public boolean login() {
        return true;
    }

    @Override
    public boolean commit() {
        return true;
    }

    @Override
    public boolean abort() {
        return false;
    }

    @Override
    public boolean logout() {
        return true;
    }
}
