package workbook.dbfs;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;

/**
 * The folder that is DBFS's root: local files, of which none is above it, whether by {@code ..} or by a link.
 *
 * <p>Hadoop's own puts its root before a path as text, and {@code /root/../../x} is not below the root. */
public final class RootFileSystem extends LocalFileSystem {
    static final String ROOT = "workbook.dbfs.root";

    public RootFileSystem() {
        super(new Guarded());
        setWriteChecksum(false); // a second file for each: on one disk, nobody but us writes or reads them
    }

    private static final class Guarded extends RawLocalFileSystem {
        private Path root;

        @Override
        public void initialize(URI asked, Configuration settings) throws IOException {
            super.initialize(asked, settings);
            root = Path.of(URI.create(settings.get(ROOT))).toRealPath();
        }

        /** Every operation on a file begins here. */
        @Override
        public File pathToFile(org.apache.hadoop.fs.Path path) {
            File file = super.pathToFile(path);
            Path asked = file.toPath().toAbsolutePath().normalize();
            if (!asked.startsWith(root) || !real(asked).startsWith(root)) {
                throw new SecurityException("dbfs:/" + root.relativize(asked)
                    + " leads out of DBFS: neither '..' nor a link may go above its root.");
            }
            return file;
        }

        /** The root is there; to make a folder, Hadoop would look at the one above it. */
        @Override
        public boolean mkdirs(org.apache.hadoop.fs.Path folder) throws IOException {
            return pathToFile(folder).toPath().equals(root) || super.mkdirs(folder);
        }

        @Override
        public boolean mkdirs(org.apache.hadoop.fs.Path folder, FsPermission permission) throws IOException {
            return pathToFile(folder).toPath().equals(root) || super.mkdirs(folder, permission);
        }

        /** As the system does it; Hadoop would start a {@code chmod} for each file that is made. */
        @Override
        public void setPermission(org.apache.hadoop.fs.Path path, FsPermission wanted) throws IOException {
            String letters = wanted.getUserAction().SYMBOL + wanted.getGroupAction().SYMBOL + wanted.getOtherAction().SYMBOL;
            Files.setPosixFilePermissions(pathToFile(path).toPath(), PosixFilePermissions.fromString(letters));
        }

        /** What there is of a file, links followed: of one that is yet to be made, the folder that will hold it. */
        private static Path real(Path asked) {
            Path there = asked;
            while (!Files.exists(there, LinkOption.NOFOLLOW_LINKS) && there.getParent() != null) {
                there = there.getParent();
            }
            try {
                return there.toRealPath();
            } catch (IOException leadsNowhere) {
                return Path.of("/");
            }
        }
    }
}
