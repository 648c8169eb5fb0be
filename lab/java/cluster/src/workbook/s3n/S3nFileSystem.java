package workbook.s3n;

import java.io.IOException;
import java.net.URI;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.s3a.S3AFileSystem;

/**
 * S3 by the addresses of old notebooks, {@code s3n://KEY:SECRET@bucket/folder}, which Hadoop itself refuses by now.
 *
 * <p>It is handed them with the name of the keys in the keys' place, see {@link Keys}. */
public final class S3nFileSystem extends S3AFileSystem {
    private URI address;

    @Override
    public void initialize(URI asked, Configuration settings) throws IOException {
        String bucket = asked.getHost();
        String name = asked.getUserInfo();
        if (name == null) {
            super.initialize(asked, settings);
            return;
        }
        Keys keys = Keys.named(name);
        if (keys == null) {
            throw new IOException(
                "s3n:// wants KEY:SECRET@" + bucket + ", the secret quoted: urllib.parse.quote(SECRET, '').");
        }
        address = URI.create("s3n://" + name + "@" + bucket);
        Configuration own = new Configuration(settings);
        if (keys.equals(new Keys(settings.get("workbook.learner.key"), settings.get("workbook.learner.secret")))) {
            for (String setting : new String[] {"access.key", "secret.key", "endpoint"}) { // a mount may have set others
                own.unset("fs.s3a.bucket." + bucket + "." + setting);
            }
        } else {
            own.set("fs.s3a.bucket." + bucket + ".access.key", keys.id());
            own.set("fs.s3a.bucket." + bucket + ".secret.key", keys.secret());
            own.set("fs.s3a.bucket." + bucket + ".endpoint", settings.get("workbook.door"));
        }
        super.initialize(URI.create("s3n://" + bucket), own);
    }

    /** The files that it lists are read with the keys that listed them. */
    @Override
    public URI getUri() {
        return address == null ? super.getUri() : address;
    }
}
