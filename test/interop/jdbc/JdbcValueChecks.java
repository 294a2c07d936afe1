import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.Date;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Time;
import java.sql.Timestamp;
import java.sql.Types;
import java.util.Calendar;
import java.util.List;
import java.util.TimeZone;

/** Values of every type on their way out of result sets, and into statements by every setter. */
final class JdbcValueChecks extends Checks {
  private interface Setter {
    void set(PreparedStatement statement) throws SQLException;
  }

  /** A value in SQL, its number in java.sql.Types, and what getString gives. */
  private static final Object[][] VALUES = {
    {"true", Types.BOOLEAN, "true"},
    {"(-128)::TINYINT", Types.TINYINT, "-128"},
    {"(-32768)::SMALLINT", Types.SMALLINT, "-32768"},
    {"(-2147483648)::INTEGER", Types.INTEGER, "-2147483648"},
    {"(-9223372036854775808)::BIGINT", Types.BIGINT, "-9223372036854775808"},
    {"170141183460469231731687303715884105::HUGEINT", Types.DECIMAL, "170141183460469231731687303715884105"},
    {"18446744073709551615::UBIGINT", Types.BIGINT, "18446744073709551615"},
    {"1.5::FLOAT", Types.FLOAT, "1.5"},
    {"-0.0::DOUBLE", Types.DOUBLE, "-0.0"},
    {"1234567890.12::DECIMAL(18, 2)", Types.DECIMAL, "1234567890.12"},
    {"'é€😀'", Types.VARCHAR, "é€😀"},
    {"'AB'::BLOB", Types.VARBINARY, "AB"},
    {"DATE '1969-12-31'", Types.DATE, "1969-12-31"},
    {"TIME '01:02:03'", Types.TIME, "01:02:03"},
    {"TIMESTAMP_S '2026-02-03 04:05:06'", Types.TIMESTAMP, "2026-02-03 04:05:06.0"},
    {"TIMESTAMP_MS '2026-02-03 04:05:06.789'", Types.TIMESTAMP, "2026-02-03 04:05:06.789"},
    {"TIMESTAMP '2026-02-03 04:05:06.789'", Types.TIMESTAMP, "2026-02-03 04:05:06.789"},
    {"TIMESTAMP_NS '2026-02-03 04:05:06.789'", Types.TIMESTAMP, "2026-02-03 04:05:06.789"},
    {"TIMESTAMPTZ '2026-02-03 04:05:06+00'", Types.TIMESTAMP_WITH_TIMEZONE, "2026-02-03 04:05:06.0"},
    {"INTERVAL 1 DAY", Types.JAVA_OBJECT, "P1D"},
    {"'00000000-0000-0000-0000-000000000007'::UUID", Types.VARCHAR, "00000000-0000-0000-0000-000000000007"},
    {"[1, NULL, 3]", Types.ARRAY, "[1,null,3]"},
    {"[1, 2]::INTEGER[2]", Types.ARRAY, "[1,2]"},
    {"{'a': 1, 'b': 'x'}", Types.JAVA_OBJECT, "{\"a\":1,\"b\":\"x\"}"},
    {"MAP {'a': 1}", Types.JAVA_OBJECT, "{\"a\":1}"},
  };

  static void run(String url) throws SQLException {
    try (Connection connection = DriverManager.getConnection(url)) {
      check("a ResultSet gives values of every type, and their NULLs", () -> {
        for (Object[] value : VALUES) {
          String sql = "SELECT " + value[0] + " AS v, CASE WHEN random() > 2 THEN v END AS nothing";
          try (Statement statement = connection.createStatement();
              ResultSet rows = statement.executeQuery(sql)) {
            same(value[1], rows.getMetaData().getColumnType(1));
            same(true, rows.next());
            same(value[2], rows.getString(1));
            same(false, rows.wasNull());
            // The driver's getObject has no object for a time with a zone.
            boolean hasObject = !value[1].equals(Types.TIMESTAMP_WITH_TIMEZONE);
            if (hasObject) same(true, rows.getObject(1) != null);
            same(true, rows.getString(2) == null);
            same(true, rows.wasNull());
          } catch (Throwable thrown) {
            throw new AssertionError(value[0].toString(), thrown);
          }
        }
      });
      check("a ResultSet gives numbers, times and bytes by their getters", () -> {
        String sql =
            "SELECT 7::INTEGER AS i, 7.25::DOUBLE AS d, 7.25::DECIMAL(9, 2) AS n, true AS b, DATE '2026-02-03' AS day,"
                + " TIMESTAMP '2026-02-03 04:05:06.789' AS ts, TIME '01:02:03' AS t, 'AB'::BLOB AS x, [1, 2] AS list";
        try (Statement statement = connection.createStatement();
            ResultSet rows = statement.executeQuery(sql)) {
          rows.next();
          same((byte) 7, rows.getByte("i"));
          same((short) 7, rows.getShort("i"));
          same(7, rows.getInt("i"));
          same(7L, rows.getLong("i"));
          same(7.25f, rows.getFloat("d"));
          same(7.25, rows.getDouble("d"));
          same(new BigDecimal("7.25"), rows.getBigDecimal("n"));
          same(true, rows.getBoolean("b"));
          same(Date.valueOf("2026-02-03"), rows.getDate("day"));
          same(Timestamp.valueOf("2026-02-03 04:05:06.789"), rows.getTimestamp("ts"));
          same("01:02:03", rows.getTime("t").toString());
          same("AB", new String(rows.getBytes("x")));
          same(List.of(1, 2), List.of((Object[]) rows.getArray("list").getArray()));
        }
      });
      check("a PreparedStatement takes values by every setter that the driver has", () -> {
        Calendar tokyo = Calendar.getInstance(TimeZone.getTimeZone("Asia/Tokyo"));
        Timestamp moment = Timestamp.valueOf("2026-02-03 04:05:06.789");
        bound(connection, "TINYINT", s -> s.setByte(1, (byte) -5), "-5");
        bound(connection, "SMALLINT", s -> s.setShort(1, (short) -5), "-5");
        bound(connection, "INTEGER", s -> s.setInt(1, -5), "-5");
        bound(connection, "BIGINT", s -> s.setLong(1, Long.MIN_VALUE), "-9223372036854775808");
        bound(connection, "UBIGINT", s -> s.setLong(1, 4_000_000_000L), "4000000000");
        bound(connection, "FLOAT", s -> s.setFloat(1, 1.5f), "1.5");
        bound(connection, "DOUBLE", s -> s.setDouble(1, -1.5), "-1.5");
        bound(connection, "DECIMAL(10, 2)", s -> s.setBigDecimal(1, new BigDecimal("-99.25")), "-99.25");
        bound(connection, "BOOLEAN", s -> s.setBoolean(1, true), "true");
        bound(connection, "VARCHAR", s -> s.setString(1, "é€😀"), "é€😀");
        bound(connection, "VARCHAR", s -> s.setNString(1, "n"), "n");
        bound(connection, "BLOB", s -> s.setBytes(1, new byte[] {65, 66}), "AB");
        bound(connection, "DATE", s -> s.setDate(1, Date.valueOf("2026-02-03")), "2026-02-03");
        bound(connection, "TIME", s -> s.setTime(1, Time.valueOf("01:02:03")), "01:02:03");
        bound(connection, "TIMESTAMP", s -> s.setTimestamp(1, moment), "2026-02-03 04:05:06.789");
        bound(connection, "TIMESTAMP_NS", s -> s.setTimestamp(1, moment), "2026-02-03 04:05:06.789");
        bound(connection, "TIMESTAMPTZ", s -> s.setTimestamp(1, moment), "2026-02-03 04:05:06.789");
        bound(connection, "TIMESTAMP", s -> s.setTimestamp(1, new Timestamp(0), tokyo), "1970-01-01 09:00:00.0");
        bound(connection, "INTEGER[]", s -> s.setArray(1, connection.createArrayOf("INTEGER", new Object[] {1, 2})), "[1,2]");
        bound(connection, "VARCHAR", s -> s.setObject(1, "o"), "o");
        bound(connection, "INTEGER", s -> s.setObject(1, 7), "7");
        bound(connection, "INTEGER", s -> s.setObject(1, 7, Types.INTEGER), "7");
        bound(connection, "BIGINT", s -> s.setObject(1, 7L), "7");
        bound(connection, "DOUBLE", s -> s.setObject(1, 7.5), "7.5");
        bound(connection, "BOOLEAN", s -> s.setObject(1, false), "false");
        bound(connection, "TIMESTAMP", s -> s.setObject(1, moment), "2026-02-03 04:05:06.789");
        for (String type : List.of("VARCHAR", "INTEGER", "DOUBLE", "DATE", "TIMESTAMP", "BLOB", "DECIMAL(10, 2)")) {
          bound(connection, type, s -> s.setNull(1, Types.NULL), null);
          bound(connection, type, s -> s.setObject(1, null), null);
        }
      });
    }
  }

  /** What a value is after it went to the server as a parameter of a type, and came back. */
  private static void bound(Connection connection, String type, Setter setter, String expected) {
    try (PreparedStatement statement = connection.prepareStatement("SELECT ?::" + type + " AS v")) {
      setter.set(statement);
      try (ResultSet rows = statement.executeQuery()) {
        rows.next();
        same(String.valueOf(expected), String.valueOf(rows.getString(1)));
        same(expected == null, rows.wasNull());
      }
    } catch (Throwable thrown) {
      throw new AssertionError(type + " " + expected, thrown);
    }
  }
}
