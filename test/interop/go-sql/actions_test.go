package gosql

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// CancelQuery, which the specification has replaced by CancelFlightInfo, ends a statement that runs.
func TestCancelQuery(t *testing.T) {
	ctx, client := context.Background(), connect(t)
	info, err := client.Execute(ctx, "SELECT a.range AS x FROM range(100000000) a, range(1000) b")
	require.NoError(t, err)
	reader, err := client.DoGet(ctx, info.Endpoint[0].Ticket)
	require.NoError(t, err)
	defer reader.Release()
	require.True(t, reader.Next())
	result, err := client.CancelQuery(ctx, info)
	require.NoError(t, err)
	require.Equal(t, flightsql.CancelResultCancelled, result)
	for reader.Next() {
	}
	require.Equal(t, codes.Canceled, status.Code(reader.Err()), reader.Err())
	_, err = read(client, info.Endpoint[0])
	require.Equal(t, codes.Canceled, status.Code(err), err)
}

// The options of an ingestion are those of the dataset that it makes; others are refused by name, and nothing is made.
func TestIngestOptions(t *testing.T) {
	ctx, client := context.Background(), connect(t)
	schema := arrow.NewSchema([]arrow.Field{{Name: "n", Type: arrow.PrimitiveTypes.Int64}}, nil)
	ingest := func(table string, transaction flightsql.Transaction, options map[string]string) (int64, error) {
		builder := array.NewRecordBuilder(client.Alloc, schema)
		defer builder.Release()
		builder.Field(0).(*array.Int64Builder).AppendValues([]int64{3, 1, 2}, nil)
		batch := builder.NewRecordBatch()
		defer batch.Release()
		reader, err := array.NewRecordReader(schema, []arrow.RecordBatch{batch})
		require.NoError(t, err)
		defer reader.Release()
		return client.ExecuteIngest(ctx, reader, &flightsql.ExecuteIngestOpts{
			TableDefinitionOptions: &flightsql.TableDefinitionOptions{
				IfNotExist: flightsql.TableDefinitionOptionsTableNotExistOptionCreate,
				IfExists:   flightsql.TableDefinitionOptionsTableExistsOptionReplace,
			},
			Table:         table,
			TransactionId: transaction,
			Options:       options,
		})
	}
	rows, err := ingest("told", nil, map[string]string{"order_by": `["n"]`, "durability": "interval"})
	require.NoError(t, err)
	require.EqualValues(t, 3, rows)
	results, err := client.Client.DoAction(ctx, &flight.Action{Type: "describe", Body: []byte("told")})
	require.NoError(t, err)
	result, err := results.Recv()
	require.NoError(t, err)
	var described struct {
		Options map[string]any `json:"options"`
	}
	require.NoError(t, json.Unmarshal(result.Body, &described))
	require.Equal(t, map[string]any{"order_by": []any{"n"}, "durability": "interval"}, described.Options)
	for option, value := range map[string]string{"key1": "val1", "order_by": "n", "durability": "sometimes"} {
		_, err = ingest("untold", nil, map[string]string{option: value})
		require.Equal(t, codes.InvalidArgument, status.Code(err), err)
		require.ErrorContains(t, err, option)
	}
	transaction, err := client.BeginTransaction(ctx)
	require.NoError(t, err)
	_, err = ingest("untold", transaction.ID(), map[string]string{"order_by": `["n"]`})
	require.ErrorContains(t, err, "a commit of its own")
	require.NoError(t, transaction.Rollback(ctx))
	_, err = read(client, &flight.FlightEndpoint{Ticket: &flight.Ticket{Ticket: []byte("untold")}})
	require.Equal(t, codes.NotFound, status.Code(err), err)
}
