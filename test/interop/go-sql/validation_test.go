package gosql

import (
	"context"
	"fmt"
	"testing"

	"github.com/apache/arrow-adbc/go/adbc"
	driver "github.com/apache/arrow-adbc/go/adbc/driver/flightsql"
	"github.com/apache/arrow-adbc/go/adbc/validation"
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/stretchr/testify/suite"
)

// What the suite has to know of Sterna: it does everything but statistics, for which Flight SQL has no command.
type quirks struct {
	client *flightsql.Client
	mem    *memory.CheckedAllocator
}

func (q *quirks) SetupDriver(*testing.T) adbc.Driver {
	q.mem = memory.NewCheckedAllocator(memory.DefaultAllocator)
	return driver.NewDriver(q.mem)
}

func (q *quirks) TearDownDriver(t *testing.T, _ adbc.Driver) { q.mem.AssertSize(t, 0) }

func (q *quirks) DatabaseOptions() map[string]string {
	return map[string]string{adbc.OptionKeyURI: "grpc+tcp://" + address()}
}

func (q *quirks) CreateSampleTable(name string, batch arrow.RecordBatch) error {
	return put(q.client.Client, name, batch)
}

func (q *quirks) DropTable(_ adbc.Connection, name string) error { return drop(q.client.Client, name) }

func (q *quirks) SampleTableSchemaMetadata(table string, kind arrow.DataType) arrow.Metadata {
	facts := map[string]string{
		flightsql.CatalogNameKey: "sterna", flightsql.SchemaNameKey: "main", flightsql.TableNameKey: table,
		flightsql.IsAutoIncrementKey: "0", flightsql.IsReadOnlyKey: "0", flightsql.IsSearchableKey: "1",
	}
	if kind.ID() == arrow.INT64 {
		facts[flightsql.TypeNameKey], facts[flightsql.IsCaseSensitiveKey] = "BIGINT", "0"
		facts[flightsql.PrecisionKey], facts[flightsql.ScaleKey] = "19", "0"
	} else {
		facts[flightsql.TypeNameKey], facts[flightsql.IsCaseSensitiveKey] = "VARCHAR", "1"
	}
	return arrow.MetadataFrom(facts)
}

func (q *quirks) GetMetadata(code adbc.InfoCode) interface{} {
	switch code {
	case adbc.InfoDriverName:
		return "ADBC Flight SQL Driver - Go"
	case adbc.InfoDriverVersion, adbc.InfoDriverArrowVersion:
		return "(unknown or development build)"
	case adbc.InfoDriverADBCVersion:
		return adbc.AdbcVersion1_1_0
	case adbc.InfoVendorName:
		return "Sterna"
	case adbc.InfoVendorVersion:
		return "0.1.0"
	case adbc.InfoVendorArrowVersion:
		return "1.5"
	}
	return nil
}

func (q *quirks) Alloc() memory.Allocator                     { return q.mem }
func (q *quirks) BindParameter(int) string                    { return "?" }
func (q *quirks) Catalog() string                             { return "sterna" }
func (q *quirks) DBSchema() string                            { return "main" }
func (q *quirks) SupportsBulkIngest(string) bool              { return true }
func (q *quirks) SupportsConcurrentStatements() bool          { return true }
func (q *quirks) SupportsCurrentCatalogSchema() bool          { return true }
func (q *quirks) SupportsDynamicParameterBinding() bool       { return true }
func (q *quirks) SupportsErrorIngestIncompatibleSchema() bool { return true }
func (q *quirks) SupportsExecuteSchema() bool                 { return true }
func (q *quirks) SupportsGetParameterSchema() bool            { return true }
func (q *quirks) SupportsGetSetOptions() bool                 { return true }
func (q *quirks) SupportsPartitionedData() bool               { return true }
func (q *quirks) SupportsStatistics() bool                    { return false }
func (q *quirks) SupportsTransactions() bool                  { return true }

// The suite's own statements. Its tests of ingestion are in other words, because no server can make the driver pass
// them: a statement that has ingested runs no query any more, it sets no SQLSTATE, and it gives ALREADY_EXISTS its own
// code, where the suite wants an internal error.
type statements struct {
	validation.StatementTests
}

const table = "bulk_ingest"

func (s *statements) drop() { s.Require().NoError(s.Quirks.DropTable(s.Cnxn, table)) }

// Ingests rows of one value in every column, null in the last row.
func (s *statements) ingest(mode string, rows int, columns ...string) error {
	fields := make([]arrow.Field, len(columns))
	for i, name := range columns {
		fields[i] = arrow.Field{Name: name, Type: arrow.PrimitiveTypes.Int64, Nullable: true}
	}
	// Not the suite's memory, which it counts: the driver never gives a batch back that it has ingested.
	builder := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema(fields, nil))
	defer builder.Release()
	for i := range columns {
		for row := range rows - 1 {
			builder.Field(i).(*array.Int64Builder).Append(int64(row))
		}
		builder.Field(i).AppendNull()
	}
	batch := builder.NewRecordBatch()
	defer batch.Release()
	statement, err := s.Cnxn.NewStatement()
	s.Require().NoError(err)
	defer validation.CheckedClose(s.T(), statement)
	s.Require().NoError(statement.SetOption(adbc.OptionKeyIngestTargetTable, table))
	s.Require().NoError(statement.SetOption(adbc.OptionKeyIngestMode, mode))
	s.Require().NoError(statement.Bind(context.Background(), batch))
	ingested, err := statement.ExecuteUpdate(context.Background())
	if err == nil {
		s.EqualValues(rows, ingested)
	}
	return err
}

// What is stored: the name of its one column, and its values as JSON.
func (s *statements) stored() (string, string) {
	statement, err := s.Cnxn.NewStatement()
	s.Require().NoError(err)
	defer validation.CheckedClose(s.T(), statement)
	s.Require().NoError(statement.SetSqlQuery("SELECT * FROM " + table + " ORDER BY 1 NULLS LAST"))
	reader, rows, err := statement.ExecuteQuery(context.Background())
	s.Require().NoError(err)
	defer reader.Release()
	s.EqualValues(-1, rows)
	s.Require().True(reader.Next())
	name := reader.Schema().Field(0).Name
	values := reader.RecordBatch().Column(0).String()
	s.False(reader.Next())
	s.NoError(reader.Err())
	return name, values
}

func (s *statements) storedIs(name string, values string) {
	foundName, foundValues := s.stored()
	s.Equal([]string{name, values}, []string{foundName, foundValues})
}

func (s *statements) TestSqlIngestInts() {
	s.drop()
	s.NoError(s.ingest(adbc.OptionValueIngestModeCreate, 3, "int64s"))
	s.storedIs("int64s", "[0 1 (null)]")
}

func (s *statements) TestSqlIngestAppend() {
	s.drop()
	s.NoError(s.ingest(adbc.OptionValueIngestModeCreate, 1, "int64s"))
	s.NoError(s.ingest(adbc.OptionValueIngestModeAppend, 2, "int64s"))
	s.storedIs("int64s", "[0 (null) (null)]")
}

func (s *statements) TestSqlIngestReplace() {
	s.drop()
	s.NoError(s.ingest(adbc.OptionValueIngestModeCreate, 3, "int64s"))
	s.NoError(s.ingest(adbc.OptionValueIngestModeReplace, 2, "newintcol"))
	s.storedIs("newintcol", "[0 (null)]")
}

func (s *statements) TestSqlIngestCreateAppend() {
	s.drop()
	for range 2 {
		s.NoError(s.ingest(adbc.OptionValueIngestModeCreateAppend, 2, "int64s"))
	}
	s.storedIs("int64s", "[0 0 (null) (null)]")
}

func (s *statements) TestSqlIngestErrors() {
	code := func(err error) adbc.Status {
		var failure adbc.Error
		s.Require().ErrorAs(err, &failure, fmt.Sprint(err))
		return failure.Code
	}
	s.drop()
	statement, err := s.Cnxn.NewStatement()
	s.Require().NoError(err)
	defer validation.CheckedClose(s.T(), statement)
	s.Require().NoError(statement.SetOption(adbc.OptionKeyIngestTargetTable, table))
	_, _, err = statement.ExecuteQuery(context.Background())
	s.Equal(adbc.StatusInvalidState, code(err), "without a batch")
	s.Equal(adbc.StatusNotFound, code(s.ingest(adbc.OptionValueIngestModeAppend, 2, "int64s")))
	s.NoError(s.ingest(adbc.OptionValueIngestModeCreate, 2, "int64s"))
	s.Equal(adbc.StatusAlreadyExists, code(s.ingest(adbc.OptionValueIngestModeCreate, 2, "int64s")))
	s.Equal(adbc.StatusInvalidArgument, code(s.ingest(adbc.OptionValueIngestModeAppend, 2, "int64s", "coltwo")))
}

func TestValidation(t *testing.T) {
	q := &quirks{client: connect(t)}
	suite.Run(t, &validation.DatabaseTests{Quirks: q})
	suite.Run(t, &validation.ConnectionTests{Quirks: q})
	suite.Run(t, &statements{validation.StatementTests{Quirks: q}})
}
