package workbook.kafka.iam;

import java.util.List;
import java.util.Map;
import org.apache.kafka.common.config.ConfigException;

/** The lines of the broker's configuration that are ours. */
record Settings(IamFile file, String clusterArn, List<String> hosts) {
    static Settings of(Map<String, ?> configs) {
        return new Settings(IamFile.at(text(configs, "workbook.iam.file")), text(configs, "workbook.iam.cluster.arn"),
            List.of(text(configs, "workbook.iam.hosts").split(",")));
    }

    private static String text(Map<String, ?> configs, String name) {
        if (configs.get(name) instanceof String text && !text.isEmpty()) {
            return text;
        }
        throw new ConfigException(name + " is missing from the broker's configuration");
    }

    String region() {
        return clusterArn.split(":")[3];
    }
}
