import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Timestamp;
import java.sql.Types;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;

/** Connections: transactions, cancelling, limits, and a pool of them. */
final class JdbcConnectionChecks extends Checks {
  private static final String ENDLESS =
      "SELECT count(*) AS n FROM range(100000000) a, range(100000) b WHERE (a.range * b.range) % 7 = 3";

  static void run(String url) throws SQLException {
    try (Connection connection = DriverManager.getConnection(url)) {
      check("a connection without auto-commit reads, commits and rolls back", () -> {
        connection.setAutoCommit(false);
        same(false, connection.getAutoCommit());
        same("1000", count(connection));
        connection.commit();
        same("1000", count(connection));
        connection.rollback();
        connection.setAutoCommit(true);
        same(true, connection.isValid(5));
      });
      check("a Statement makes, fills and changes a table, with the numbers of rows", () -> {
        try (Statement statement = connection.createStatement()) {
          statement.executeUpdate("CREATE TABLE written (id BIGINT, name VARCHAR, ts TIMESTAMP)");
          same(2, statement.executeUpdate("INSERT INTO written (id, name) VALUES (1, 'a'), (2, 'b')"));
          same(1, statement.executeUpdate("UPDATE written SET name = 'c' WHERE id = 2"));
          same(false, statement.execute("DELETE FROM written WHERE id = 1"));
          same(1, statement.getUpdateCount());
          same(List.of("c"), column(statement.executeQuery("SELECT name FROM written"), 1));
        }
      });
      check("a PreparedStatement writes a row, and a batch of them, with their number", () -> {
        Timestamp at = Timestamp.valueOf("2026-02-03 04:05:06.789");
        try (PreparedStatement insert = connection.prepareStatement("INSERT INTO written VALUES (?, ?, ?)")) {
          insert.setLong(1, 3);
          insert.setString(2, "d");
          insert.setTimestamp(3, at);
          same(1, insert.executeUpdate());
          for (int id = 4; id < 7; id++) {
            insert.setLong(1, id);
            insert.setNull(2, Types.VARCHAR);
            insert.setTimestamp(3, at);
            insert.addBatch();
          }
          // The driver gives the number of all rows for the whole batch.
          same(3, IntStream.of(insert.executeBatch()).sum());
        }
        try (Statement statement = connection.createStatement()) {
          String sql = "SELECT id FROM written WHERE ts = TIMESTAMP '2026-02-03 04:05:06.789' ORDER BY id";
          same(List.of("3", "4", "5", "6"), column(statement.executeQuery(sql), 1));
          statement.executeUpdate("DROP TABLE written");
        }
      });
      check("Statement.cancel ends a query that runs, from another thread", () -> {
        try (Statement statement = connection.createStatement()) {
          Thread canceller =
              new Thread(
                  () -> {
                    try {
                      Thread.sleep(500);
                      statement.cancel();
                    } catch (Exception error) {
                      throw new AssertionError(error);
                    }
                  });
          canceller.start();
          same("Cancelling this FlightStream.", failure(statement));
          canceller.join();
        }
        same("1000", count(connection));
      });
      check("Statement.setQueryTimeout ends a query that runs too long", () -> {
        try (Statement statement = connection.createStatement()) {
          statement.setQueryTimeout(1);
          same("Query timed out after 1 SECONDS", failure(statement));
        }
        same("1000", count(connection));
      });
      check("a Statement takes a number of rows, and reads as many as it may in pieces", () -> {
        try (Statement statement = connection.createStatement()) {
          statement.setMaxRows(3);
          same(3, column(statement.executeQuery("SELECT range FROM range(10)"), 1).size());
        }
        try (Statement statement = connection.createStatement()) {
          statement.setFetchSize(10);
          same(200_000, column(statement.executeQuery("SELECT range FROM range(200000)"), 1).size());
          same(true, statement.execute("SELECT 1"));
          same(-1, statement.getUpdateCount());
        }
      });
    }
    check("a HikariCP pool of four connections serves eight threads", () -> {
      try (HikariDataSource pool = new HikariDataSource(pooled(url))) {
        ExecutorService threads = Executors.newFixedThreadPool(8);
        List<Future<String>> answers = new ArrayList<>();
        for (int i = 0; i < 64; i++) {
          int id = i;
          answers.add(threads.submit(() -> name(pool, id)));
        }
        for (int i = 0; i < 64; i++) same("n" + i, answers.get(i).get());
        threads.shutdown();
      }
    });
    check("a HikariCP pool without auto-commit commits and gives connections back", () -> {
      HikariConfig config = pooled(url);
      config.setAutoCommit(false);
      config.setSchema("main");
      try (HikariDataSource pool = new HikariDataSource(config)) {
        for (int i = 0; i < 10; i++) {
          try (Connection connection = pool.getConnection()) {
            same("1000", count(connection));
            connection.commit();
          }
        }
        same(0, pool.getHikariPoolMXBean().getActiveConnections());
      }
    });
  }

  private static HikariConfig pooled(String url) {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(url);
    config.setMaximumPoolSize(4);
    return config;
  }

  private static String name(HikariDataSource pool, int id) throws SQLException {
    try (Connection connection = pool.getConnection();
        PreparedStatement statement = connection.prepareStatement("SELECT name FROM numbers WHERE id = ?")) {
      statement.setLong(1, id);
      return column(statement.executeQuery(), "name").get(0);
    }
  }

  private static String count(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      return column(statement.executeQuery("SELECT count(*) AS n FROM numbers"), "n").get(0);
    }
  }

  /** The end of the message with which a query without an end fails. */
  private static String failure(Statement statement) throws SQLException {
    try (ResultSet rows = statement.executeQuery(ENDLESS)) {
      rows.next();
      return "nothing failed";
    } catch (SQLException error) {
      String text = error.getMessage();
      return text.substring(text.lastIndexOf(": ") + 2);
    }
  }
}
