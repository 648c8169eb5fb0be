"""S3 at the AWS endpoint: what S3Proxy, which keeps the objects, does not do or does otherwise."""
