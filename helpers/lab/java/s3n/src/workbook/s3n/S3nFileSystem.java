package workbook.s3n;

import java.io.IOException;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.s3a.S3AFileSystem;

/**
 * S3 by the addresses of old notebooks, {@code s3n://KEY:SECRET@bucket/folder}, which Hadoop itself refuses by now. */
public final class S3nFileSystem extends S3AFileSystem {
    @Override
    public void initialize(URI address, Configuration settings) throws IOException {
        String keys = address.getUserInfo();
        if (keys == null) {
            super.initialize(address, settings);
            return;
        }
        int colon = keys.indexOf(':');
        if (colon < 1) {
            throw new IOException("s3n:// wants KEY:SECRET@bucket, the secret quoted: urllib.parse.quote(SECRET, '').");
        }
        String bucket = address.getHost();
        Configuration own = new Configuration(settings);
        own.set("fs.s3a.bucket." + bucket + ".access.key", keys.substring(0, colon));
        own.set("fs.s3a.bucket." + bucket + ".secret.key", unquoted(keys.substring(colon + 1)));
        super.initialize(URI.create("s3n://" + bucket), own);
    }

    /** Hadoop's Path quotes what was quoted once more; a secret of AWS holds no per cent sign of its own. */
    private static String unquoted(String secret) {
        String found = secret;
        while (found.indexOf('%') >= 0) {
            found = URLDecoder.decode(found.replace("+", "%2B"), StandardCharsets.UTF_8);
        }
        return found;
    }
}
