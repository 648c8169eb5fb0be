package workbook.connect.s3;

import java.util.Optional;

/**
 * Where objects go. Failures that may pass are thrown as Connect's RetriableException, all others as its
 * ConnectException.
 */
interface ObjectStore extends AutoCloseable {
    /** Stores an object whole, replacing one of the same key. */
    void put(String key, byte[] body);

    /** Reads an object; empty if there is none of that key. */
    Optional<byte[]> get(String key);

    @Override
    void close();
}
