import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Timestamp;
import java.sql.Types;
import java.sql.Wrapper;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The Arrow Flight SQL JDBC driver against a Sterna server that has the dataset "numbers": id BIGINT from 0 to 999,
 * name VARCHAR, price DECIMAL(10, 2), ts TIMESTAMP. Prints its results as test/support/checks.py does.
 *
 * <p>Usage: java -cp CLASSES:DRIVER.jar JdbcChecks HOST:PORT
 */
public final class JdbcChecks extends Checks {
  /** One that the method can take. */
  private static Object argument(Method method, Class<?> type) {
    String name = method.getName();
    if (type == int.class) return name.startsWith("supportsResultSet") ? ResultSet.TYPE_FORWARD_ONLY : 1;
    if (type == boolean.class) return false;
    boolean isOfKeys = name.endsWith("Keys") || name.equals("getCrossReference");
    return isOfKeys && type == String.class ? "numbers" : null;
  }

  public static void main(String[] args) throws Exception {
    String url = "jdbc:arrow-flight-sql://" + args[0] + "/?useEncryption=false";
    try (Connection connection = DriverManager.getConnection(url)) {
      DatabaseMetaData meta = connection.getMetaData();
      check("DatabaseMetaData names catalog, schemas, tables and columns", () -> {
        same(List.of("sterna"), column(meta.getCatalogs(), "TABLE_CAT"));
        same(List.of("main", "other"), column(meta.getSchemas(), "TABLE_SCHEM"));
        same(List.of("other"), column(meta.getSchemas("sterna", "oth%"), "TABLE_SCHEM"));
        same(List.of("TABLE", "VIEW"), column(meta.getTableTypes(), "TABLE_TYPE"));
        same(List.of("numbers"), column(meta.getTables(null, "main", "num%", null), "TABLE_NAME"));
        same(List.of("a_b"), column(meta.getTables(null, null, "a\\_b", new String[] {"TABLE"}), "TABLE_NAME"));
        same(List.of(), column(meta.getTables(null, null, "%", new String[] {"VIEW"}), "TABLE_NAME"));
        same(List.of("id", "name", "price", "ts"), column(meta.getColumns(null, "main", "numbers", "%"), "COLUMN_NAME"));
        try (ResultSet price = meta.getColumns(null, null, "numbers", "price")) {
          price.next();
          same(Types.DECIMAL, price.getInt("DATA_TYPE"));
          same(10, price.getInt("COLUMN_SIZE"));
          same(2, price.getInt("DECIMAL_DIGITS"));
          same("DECIMAL(10,2)", price.getString("TYPE_NAME"));
        }
      });
      check("DatabaseMetaData knows that there are no keys", () -> {
        same(List.of(), column(meta.getPrimaryKeys(null, "main", "numbers"), "COLUMN_NAME"));
        same(List.of(), column(meta.getImportedKeys(null, "main", "numbers"), "FKCOLUMN_NAME"));
        same(List.of(), column(meta.getExportedKeys(null, "main", "numbers"), "FKCOLUMN_NAME"));
        same(List.of(), column(meta.getCrossReference(null, "main", "numbers", null, "main", "a"), "FKCOLUMN_NAME"));
      });
      check("DatabaseMetaData says what the server is and can", () -> {
        same("Sterna", meta.getDatabaseProductName());
        same("0.1.0", meta.getDatabaseProductVersion());
        same(false, meta.isReadOnly());
        same("\"", meta.getIdentifierQuoteString());
        same("\\", meta.getSearchStringEscape());
        same(true, meta.getSQLKeywords().contains("QUALIFY"));
        same(true, meta.getNumericFunctions().contains("sqrt"));
        same(true, meta.getStringFunctions().contains("upper"));
        same(true, meta.getSystemFunctions().contains("version"));
        same(true, meta.getTimeDateFunctions().contains("time_bucket"));
        same("", meta.getExtraNameCharacters());
        same(true, meta.supportsColumnAliasing());
        same(true, meta.nullPlusNonNullIsNull());
        same(true, meta.supportsConvert(Types.INTEGER, Types.VARCHAR));
        same(false, meta.supportsConvert(Types.DATE, Types.TIME));
        same(true, meta.supportsTableCorrelationNames());
        same(true, meta.supportsExpressionsInOrderBy());
        same(true, meta.supportsOrderByUnrelated());
        same(true, meta.supportsGroupBy());
        same(true, meta.supportsGroupByUnrelated());
        same(true, meta.supportsLikeEscapeClause());
        same(true, meta.supportsNonNullableColumns());
        same(true, meta.supportsMinimumSQLGrammar());
        same(true, meta.supportsANSI92EntryLevelSQL());
        same(true, meta.supportsOuterJoins());
        same(true, meta.supportsFullOuterJoins());
        same("schema", meta.getSchemaTerm());
        same("catalog", meta.getCatalogTerm());
        same(true, meta.isCatalogAtStart());
        same(false, meta.supportsSelectForUpdate());
        same(false, meta.supportsStoredProcedures());
        same(true, meta.supportsSubqueriesInExists());
        same(true, meta.supportsCorrelatedSubqueries());
        same(true, meta.supportsUnion());
        same(true, meta.supportsUnionAll());
        same(200, meta.getMaxTableNameLength());
        same(1048576, meta.getMaxStatementLength());
        // The driver gives the number that Flight SQL has for repeatable read, not JDBC's.
        same(3, meta.getDefaultTransactionIsolation());
        same(true, meta.supportsTransactions());
        same(true, meta.supportsTransactionIsolationLevel(Connection.TRANSACTION_REPEATABLE_READ));
        same(true, meta.supportsResultSetType(ResultSet.TYPE_FORWARD_ONLY));
        same(true, meta.supportsBatchUpdates());
        same(true, meta.supportsSavepoints());
        same(false, meta.supportsNamedParameters());
        same(false, meta.supportsIntegrityEnhancementFacility());
      });
      check("DatabaseMetaData answers every method that the driver has", () -> {
        List<String> failed = new ArrayList<>();
        for (Method method : DatabaseMetaData.class.getMethods()) {
          if (method.getDeclaringClass() == Wrapper.class) continue;
          Object[] arguments =
              Arrays.stream(method.getParameterTypes()).map(type -> argument(method, type)).toArray();
          try {
            Object answer = method.invoke(meta, arguments);
            if (answer instanceof ResultSet) column((ResultSet) answer, 1);
          } catch (InvocationTargetException thrown) {
            failed.add(method.getName());
          }
        }
        // The driver throws "todo: implement this method".
        same(
            List.of(
                "deletesAreDetected", "insertsAreDetected", "othersDeletesAreVisible", "othersInsertsAreVisible",
                "othersUpdatesAreVisible", "ownDeletesAreVisible", "ownInsertsAreVisible", "ownUpdatesAreVisible",
                "supportsResultSetHoldability", "updatesAreDetected"),
            failed.stream().sorted().collect(Collectors.toList()));
      });
      check("a Statement gives rows, their values and types", () -> {
        try (Statement statement = connection.createStatement();
            ResultSet rows = statement.executeQuery(
                "SELECT id, name, price, ts, NULL::DOUBLE AS nothing, [1, 2] AS list FROM numbers WHERE id < 3 ORDER BY id")) {
          ResultSetMetaData columns = rows.getMetaData();
          same(6, columns.getColumnCount());
          same(Types.BIGINT, columns.getColumnType(1));
          same(Types.DECIMAL, columns.getColumnType(3));
          same(10, columns.getPrecision(3));
          same(2, columns.getScale(3));
          int count = 0;
          while (rows.next()) {
            same((long) count, rows.getLong("id"));
            same("n" + count, rows.getString("name"));
            same(new BigDecimal(count).movePointLeft(2).setScale(2), rows.getBigDecimal("price"));
            rows.getTimestamp("ts");
            same(0.0, rows.getDouble("nothing"));
            same(true, rows.wasNull());
            count++;
          }
          same(3, count);
        }
      });
      check("an empty result has its columns", () -> {
        try (Statement statement = connection.createStatement();
            ResultSet rows = statement.executeQuery("SELECT id FROM numbers WHERE id < 0")) {
          same("id", rows.getMetaData().getColumnName(1));
          same(false, rows.next());
        }
      });
      check("a PreparedStatement knows its parameters, and runs again with others", () -> {
        String sql = "SELECT name FROM numbers WHERE id = ? AND price < ? AND name LIKE ? AND ts >= ?";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
          same(4, statement.getParameterMetaData().getParameterCount());
          for (long id : new long[] {7, 8}) {
            statement.setLong(1, id);
            statement.setBigDecimal(2, new BigDecimal("99.99"));
            statement.setString(3, "n%");
            statement.setTimestamp(4, new Timestamp(0));
            same(List.of("n" + id), column(statement.executeQuery(), "name"));
          }
        }
      });
      check("an error of the SQL is an SQLException that names it", () -> {
        try (Statement statement = connection.createStatement()) {
          statement.executeQuery("SELECT * FROM nothing");
          throw new AssertionError("nothing was thrown");
        } catch (SQLException error) {
          same(true, error.toString().contains("DATASET_NOT_FOUND") || String.valueOf(error.getCause()).contains("DATASET_NOT_FOUND"));
        }
      });
    }
    check("a catalog in the URL, which begins a session, and a second connection work", () -> {
      Connection other = DriverManager.getConnection(url + "&catalog=sterna");
      try (Statement statement = other.createStatement();
          ResultSet rows = statement.executeQuery("SELECT count(*) AS n FROM sterna.main.numbers")) {
        rows.next();
        same(1000L, rows.getLong(1));
      }
      try {
        other.close();
      } catch (SQLException error) {
        // Driver 18.3.0 sends its CloseSession over a channel that it has shut down by then.
        same("Channel shutdown invoked", error.getMessage());
      }
    });
    JdbcValueChecks.run(url);
    JdbcConnectionChecks.run(url);
    JdbcWriteChecks.run(url);
    print();
  }
}
