import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** Named checks, each run whatever became of the others, and their results as test/support/checks.py prints them. */
abstract class Checks {
  interface Check {
    void run() throws Exception;
  }

  private static final List<String> results = new ArrayList<>();

  static void check(String name, Check check) {
    String error = "null";
    try {
      check.run();
    } catch (Throwable thrown) {
      StringBuilder text = new StringBuilder();
      for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
        text.append(cause).append('\n');
        for (int i = 0; i < Math.min(4, cause.getStackTrace().length); i++) {
          text.append("  at ").append(cause.getStackTrace()[i]).append('\n');
        }
      }
      error = quoted(text.toString());
    }
    results.add("{\"name\": " + quoted(name) + ", \"error\": " + error + "}");
  }

  static String quoted(String text) {
    StringBuilder json = new StringBuilder("\"");
    for (char c : text.toCharArray()) {
      if (c == '"' || c == '\\') json.append('\\').append(c);
      else if (c < ' ') json.append(String.format("\\u%04x", (int) c));
      else json.append(c);
    }
    return json.append('"').toString();
  }

  static void same(Object expected, Object found) {
    if (!expected.equals(found)) throw new AssertionError("expected " + expected + ", found " + found);
  }

  static List<String> column(ResultSet rows, String name) throws SQLException {
    List<String> values = new ArrayList<>();
    while (rows.next()) values.add(rows.getString(name));
    rows.close();
    return values;
  }

  static List<String> column(ResultSet rows, int index) throws SQLException {
    List<String> values = new ArrayList<>();
    while (rows.next()) values.add(rows.getString(index));
    rows.close();
    return values;
  }

  static void print() {
    System.out.println("[" + String.join(", ", results) + "]");
  }
}
