package workbook.sql;

import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.SparkSessionExtensions;
import org.apache.spark.sql.catalyst.FunctionIdentifier;
import org.apache.spark.sql.catalyst.TableIdentifier;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.parser.ParameterContext;
import org.apache.spark.sql.catalyst.parser.ParameterHandler;
import org.apache.spark.sql.catalyst.parser.ParseException;
import org.apache.spark.sql.catalyst.parser.ParserInterface;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.internal.VariableSubstitution;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructType;
import scala.collection.immutable.Seq;
import scala.runtime.AbstractFunction1;
import scala.runtime.AbstractFunction2;
import scala.runtime.BoxedUnit;

/**
 * An extension of Spark: the parameters of {@code spark.sql(text, args)} arrive, which Delta 4.4's parser loses.
 *
 * <p>Spark 4.2 puts their values into the text when it parses; Delta's parser takes the text before, without them.
 */
public final class Parameters extends AbstractFunction1<SparkSessionExtensions, BoxedUnit> {
    @Override
    public BoxedUnit apply(SparkSessionExtensions extensions) {
        extensions.injectParser(new AbstractFunction2<SparkSession, ParserInterface, ParserInterface>() {
            @Override
            public ParserInterface apply(SparkSession session, ParserInterface next) {
                return new Parser(next);
            }
        });
        return BoxedUnit.UNIT;
    }

    private record Parser(ParserInterface next) implements ParserInterface {
        @Override
        public LogicalPlan parsePlanWithParameters(String text, ParameterContext parameters) throws ParseException {
            // settings first, as Spark does: what looks like one afterwards stands in a value, and must stay
            String settled = new VariableSubstitution().substitute(text);
            String filled;
            try {
                filled = filled(settled, parameters);
            } catch (ParseException error) { // Delta's own, such as VACUUM, which take none, or an error for the parser
                return next.parsePlan(text);
            }
            return next.parsePlan(filled.replace("${", "\\u0024{"));
        }

        private static String filled(String text, ParameterContext parameters) throws ParseException {
            return ParameterHandler.substituteParameters(text, parameters)._1();
        }

        @Override
        public LogicalPlan parsePlan(String text) throws ParseException {
            return next.parsePlan(text);
        }

        @Override
        public Expression parseExpression(String text) throws ParseException {
            return next.parseExpression(text);
        }

        @Override
        public TableIdentifier parseTableIdentifier(String text) throws ParseException {
            return next.parseTableIdentifier(text);
        }

        @Override
        public FunctionIdentifier parseFunctionIdentifier(String text) throws ParseException {
            return next.parseFunctionIdentifier(text);
        }

        @Override
        public Seq<String> parseMultipartIdentifier(String text) throws ParseException {
            return next.parseMultipartIdentifier(text);
        }

        @Override
        public LogicalPlan parseQuery(String text) throws ParseException {
            return next.parseQuery(text);
        }

        @Override
        public StructType parseRoutineParam(String text) throws ParseException {
            return next.parseRoutineParam(text);
        }

        @Override
        public StructType parseTableSchema(String text) throws ParseException {
            return next.parseTableSchema(text);
        }

        @Override
        public DataType parseDataType(String text) throws ParseException {
            return next.parseDataType(text);
        }
    }
}
