package workbook.dbfs;

import java.io.IOException;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.viewfs.ViewFileSystemOverloadScheme;

/** DBFS: a folder of the lab and the mounts in it. A relative path begins at the root, as on Databricks. */
public final class DbfsFileSystem extends ViewFileSystemOverloadScheme {
    public DbfsFileSystem() throws IOException {
        super(); // which may throw
    }

    @Override
    public Path getHomeDirectory() {
        return makeQualified(new Path("/"));
    }
}
