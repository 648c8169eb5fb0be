package workbook.catalog;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.sql.catalyst.FunctionIdentifier;
import org.apache.spark.sql.catalyst.TableIdentifier;
import org.apache.spark.sql.catalyst.catalog.BucketSpec;
import org.apache.spark.sql.catalyst.catalog.CatalogDatabase;
import org.apache.spark.sql.catalyst.catalog.CatalogFunction;
import org.apache.spark.sql.catalyst.catalog.CatalogStorageFormat;
import org.apache.spark.sql.catalyst.catalog.CatalogTable;
import org.apache.spark.sql.catalyst.catalog.CatalogTableType;
import org.apache.spark.sql.catalyst.catalog.FunctionResource;
import org.apache.spark.sql.catalyst.catalog.FunctionResourceType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructType;
import scala.Option;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Entries of Spark's catalog as JSON and back.
 *
 * <p>Java's own serialization would not outlive an update of Spark. Statistics are left out: they can be computed anew.
 */
final class Entries {
    private Entries() {
    }

    static ObjectNode written(CatalogDatabase database) {
        ObjectNode entry = JsonNodeFactory.instance.objectNode();
        entry.put("name", database.name());
        entry.put("description", database.description());
        entry.put("location", database.locationUri().toString());
        entry.set("properties", written(database.properties()));
        return entry;
    }

    static CatalogDatabase database(JsonNode entry) {
        return new CatalogDatabase(entry.get("name").asText(), entry.get("description").asText(),
            URI.create(entry.get("location").asText()), map(entry.get("properties")));
    }

    static ObjectNode written(CatalogTable table) {
        ObjectNode entry = JsonNodeFactory.instance.objectNode();
        entry.put("database", table.identifier().database().get());
        entry.put("name", table.identifier().table());
        entry.put("type", table.tableType().name());
        entry.put("provider", orNull(table.provider()));
        entry.put("location", table.storage().locationUri().isEmpty() ? null
            : table.storage().locationUri().get().toString());
        entry.set("options", written(table.storage().properties()));
        entry.put("schema", table.schema().json());
        entry.set("partitions", written(table.partitionColumnNames()));
        if (table.bucketSpec().isDefined()) {
            BucketSpec spec = table.bucketSpec().get();
            ObjectNode buckets = entry.putObject("buckets");
            buckets.put("number", spec.numBuckets());
            buckets.set("columns", written(spec.bucketColumnNames()));
            buckets.set("sorted", written(spec.sortColumnNames()));
        }
        entry.put("owner", table.owner());
        entry.put("created", table.createTime());
        entry.put("version", table.createVersion());
        entry.set("properties", written(table.properties()));
        entry.put("view", orNull(table.viewText()));
        entry.put("view_as_written", orNull(table.viewOriginalText()));
        entry.put("comment", orNull(table.comment()));
        entry.put("collation", orNull(table.collation()));
        return entry;
    }

    static CatalogTable table(JsonNode entry) {
        Option<URI> location = text(entry, "location").map(URI::create);
        CatalogStorageFormat storage = new CatalogStorageFormat(location, Option.empty(), Option.empty(),
            Option.empty(), false, map(entry.get("options")), Option.empty());
        TableIdentifier name =
            new TableIdentifier(entry.get("name").asText(), Option.apply(entry.get("database").asText()));
        return new CatalogTable(name, new CatalogTableType(entry.get("type").asText()), storage,
            (StructType) DataType.fromJson(entry.get("schema").asText()), text(entry, "provider"),
            list(entry.get("partitions")), buckets(entry.get("buckets")), entry.get("owner").asText(),
            entry.get("created").asLong(), -1L, entry.get("version").asText(), map(entry.get("properties")),
            Option.empty(), text(entry, "view"), text(entry, "comment"), text(entry, "collation"),
            list(JsonNodeFactory.instance.arrayNode()),
            false, // the catalog does not know the partitions any more: let Spark look for them in the folder
            true, map(JsonNodeFactory.instance.objectNode()), text(entry, "view_as_written"), Option.empty());
    }

    static ObjectNode written(CatalogFunction function) {
        ObjectNode entry = JsonNodeFactory.instance.objectNode();
        entry.put("database", function.identifier().database().get());
        entry.put("name", function.identifier().funcName());
        entry.put("class", function.className());
        ArrayNode resources = entry.putArray("resources");
        for (FunctionResource resource : CollectionConverters.asJava(function.resources())) {
            resources.addObject().put("type", resource.resourceType().resourceType()).put("uri", resource.uri());
        }
        return entry;
    }

    static CatalogFunction function(JsonNode entry) {
        List<FunctionResource> resources = new ArrayList<>();
        for (JsonNode each : entry.get("resources")) {
            resources.add(new FunctionResource(
                FunctionResourceType.fromString(each.get("type").asText()), each.get("uri").asText()));
        }
        FunctionIdentifier name =
            new FunctionIdentifier(entry.get("name").asText(), Option.apply(entry.get("database").asText()));
        return new CatalogFunction(name, entry.get("class").asText(),
            scala.collection.immutable.List.from(CollectionConverters.asScala(resources)));
    }

    private static Option<BucketSpec> buckets(JsonNode entry) {
        return entry == null ? Option.empty() : Option.apply(new BucketSpec(
            entry.get("number").asInt(), list(entry.get("columns")), list(entry.get("sorted"))));
    }

    private static ObjectNode written(scala.collection.immutable.Map<String, String> values) {
        ObjectNode entry = JsonNodeFactory.instance.objectNode();
        new TreeMap<>(CollectionConverters.asJava(values)).forEach(entry::put);
        return entry;
    }

    private static ArrayNode written(scala.collection.immutable.Seq<String> values) {
        ArrayNode entry = JsonNodeFactory.instance.arrayNode();
        CollectionConverters.asJava(values).forEach(entry::add);
        return entry;
    }

    private static String orNull(Option<String> value) {
        return value.isEmpty() ? null : value.get();
    }

    private static Option<String> text(JsonNode entry, String name) {
        return entry.hasNonNull(name) ? Option.apply(entry.get(name).asText()) : Option.empty();
    }

    private static scala.collection.immutable.Map<String, String> map(JsonNode entry) {
        Map<String, String> values = new HashMap<>();
        entry.properties().forEach(each -> values.put(each.getKey(), each.getValue().asText()));
        return scala.collection.immutable.Map.from(CollectionConverters.asScala(values));
    }

    private static scala.collection.immutable.Seq<String> list(JsonNode entry) {
        List<String> values = new ArrayList<>();
        entry.forEach(each -> values.add(each.asText()));
        return scala.collection.immutable.List.from(CollectionConverters.asScala(values));
    }
}
