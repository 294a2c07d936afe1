import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Timestamp;
import java.util.Arrays;

/** Statements that write. */
final class JdbcWriteChecks extends Checks {
  static void run(String url) throws SQLException {
    try (Connection connection = DriverManager.getConnection(url)) {
      check("executeUpdate makes, fills, changes and drops a table, and gives the number of rows", () -> {
        try (Statement statement = connection.createStatement()) {
          same(0, statement.executeUpdate("CREATE TABLE fills (id BIGINT NOT NULL, px DECIMAL(10, 2), ts TIMESTAMP)"));
          same(3, statement.executeUpdate("INSERT INTO fills SELECT range, range / 2, NULL FROM range(3)"));
          same(2, statement.executeUpdate("UPDATE fills SET px = 9.5 WHERE id > 0"));
          same(1, statement.executeUpdate("DELETE FROM fills WHERE id = 0"));
          same(false, statement.execute("INSERT INTO fills (id) VALUES (7)"));
          same("3", text(connection, "SELECT count(*) FROM fills"));
        }
      });
      check("a batch of bound rows is written whole", () -> {
        try (PreparedStatement insert = connection.prepareStatement("INSERT INTO fills VALUES (?, ?, ?)")) {
          for (int row = 0; row < 500; row += 1) {
            insert.setLong(1, 1000 + row);
            insert.setBigDecimal(2, new BigDecimal("1.25"));
            insert.setTimestamp(3, new Timestamp(0));
            insert.addBatch();
          }
          same(500, Arrays.stream(insert.executeBatch()).sum());
        }
        same("500", text(connection, "SELECT count(*) FROM fills WHERE id >= 1000 AND px = 1.25 AND ts IS NOT NULL"));
        try (PreparedStatement update = connection.prepareStatement("UPDATE fills SET px = ? WHERE id = ?")) {
          update.setBigDecimal(1, new BigDecimal("3.75"));
          update.setLong(2, 1001);
          same(1, update.executeUpdate());
        }
        same("3.75", text(connection, "SELECT px FROM fills WHERE id = 1001"));
      });
      check("a statement that fails is an SQLException and writes nothing", () -> {
        try (Statement statement = connection.createStatement()) {
          statement.executeUpdate("INSERT INTO fills VALUES (NULL, 1, NULL)");
          throw new AssertionError("nothing was thrown");
        } catch (SQLException error) {
          String text = error + " " + error.getCause();
          same(true, text.contains("NOT NULL"));
        }
        try (Statement statement = connection.createStatement()) {
          statement.executeUpdate("DROP TABLE fills");
        }
      });
    }
  }

  private static String text(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      rows.next();
      return rows.getString(1);
    }
  }
}
