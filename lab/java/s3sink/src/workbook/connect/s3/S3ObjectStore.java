package workbook.connect.s3;

import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import org.apache.kafka.connect.errors.ConnectException;
import org.apache.kafka.connect.errors.RetriableException;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.apache.ApacheHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3ClientBuilder;
import software.amazon.awssdk.services.s3.model.NoSuchBucketException;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;

/** S3 through the AWS SDK. */
final class S3ObjectStore implements ObjectStore {
    private final S3Client s3;
    private final String bucket;

    S3ObjectStore(S3SinkConfig config) {
        bucket = config.getString("s3.bucket.name");
        S3ClientBuilder builder = S3Client.builder()
            .region(Region.of(config.getString("s3.region")))
            .credentialsProvider(credentials(config))
            .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
            .httpClientBuilder(ApacheHttpClient.builder()
                .connectionTimeout(Duration.ofSeconds(5)).socketTimeout(Duration.ofSeconds(30))
                .expectContinueEnabled(false))  // a question before each small object doubles its time
            // a short wait here, then Connect's own retries, so that the task stays answerable
            .overrideConfiguration(o -> o.apiCallTimeout(Duration.ofSeconds(40)));
        String endpoint = config.getString("store.url");
        if (!endpoint.isEmpty()) {
            builder.endpointOverride(URI.create(endpoint)).forcePathStyle(true);
        }
        s3 = builder.build();
    }

    private static AwsCredentialsProvider credentials(S3SinkConfig config) {
        String accessKey = config.getString("aws.access.key.id");
        return accessKey.isEmpty()
            ? DefaultCredentialsProvider.builder().build()
            : StaticCredentialsProvider.create(
                AwsBasicCredentials.create(accessKey, config.getPassword("aws.secret.access.key").value()));
    }

    @Override
    public void put(String key, byte[] body) {
        call("write", key, () -> s3.putObject(r -> r.bucket(bucket).key(key).contentType("application/json"),
            RequestBody.fromBytes(body)));
    }

    @Override
    public Optional<byte[]> get(String key) {
        return call("read", key, () -> {
            try {
                return Optional.of(s3.getObjectAsBytes(r -> r.bucket(bucket).key(key)).asByteArray());
            } catch (NoSuchKeyException e) {
                return Optional.empty();
            }
        });
    }

    private interface Request<T> {
        T send();
    }

    private <T> T call(String verb, String key, Request<T> request) {
        String what = "cannot " + verb + " s3://" + bucket + "/" + key + ": ";
        try {
            return request.send();
        } catch (NoSuchBucketException e) {
            throw new ConnectException(what + "the bucket does not exist. Create it, or correct s3.bucket.name.", e);
        } catch (AwsServiceException e) {
            int status = e.statusCode();
            if (status >= 500 || status == 429 || status == 408) {
                throw new RetriableException(what + e.getMessage(), e);
            }
            String hint = status == 403 ? " The connector's role or keys must allow it." : "";
            throw new ConnectException(what + e.getMessage() + hint, e);
        } catch (SdkClientException e) {
            if (!e.retryable() && String.valueOf(e.getMessage()).contains("credentials")) {
                throw new ConnectException(what + e.getMessage(), e);
            }
            throw new RetriableException(what + e.getMessage(), e);
        }
    }

    @Override
    public void close() {
        s3.close();
    }
}
