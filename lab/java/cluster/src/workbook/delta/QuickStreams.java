package workbook.delta;

import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.SparkSessionExtensions;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.rules.Rule;
import org.apache.spark.sql.catalyst.streaming.WriteToStream;
import org.apache.spark.sql.delta.sources.DeltaSink;
import scala.runtime.AbstractFunction1;
import scala.runtime.BoxedUnit;

/** An extension of Spark: streams that are written into Delta tables get a {@link QuickDeltaSink}. */
public final class QuickStreams extends AbstractFunction1<SparkSessionExtensions, BoxedUnit> {
    @Override
    public BoxedUnit apply(SparkSessionExtensions extensions) {
        extensions.injectPostHocResolutionRule(new AbstractFunction1<SparkSession, Rule<LogicalPlan>>() {
            @Override
            public Rule<LogicalPlan> apply(SparkSession session) {
                return new Swap();
            }
        });
        return BoxedUnit.UNIT;
    }

    private static final class Swap extends Rule<LogicalPlan> {
        @Override
        public LogicalPlan apply(LogicalPlan plan) {
            if (plan instanceof WriteToStream write && write.sink().getClass() == DeltaSink.class) {
                return write.copy(write.name(), write.sinkName(), write.resolvedCheckpointLocation(),
                    new QuickDeltaSink((DeltaSink) write.sink()), write.outputMode(), write.deleteCheckpointOnStop(),
                    write.inputQuery(), write.catalogAndIdent(), write.catalogTable());
            }
            return plan;
        }
    }
}
