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
	"google.golang.org/protobuf/proto"
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

// The options of a session come back as they were set, each in its type; an option that is unset is gone, one that is
// unknown or wrong is named, and a session that is closed has left nothing.
func TestSession(t *testing.T) {
	ctx := context.Background()
	client, err := flightsql.NewClient(address(), nil, []flight.ClientMiddleware{flight.NewClientCookieMiddleware()}, dialOptions()...)
	require.NoError(t, err)
	defer client.Close()
	initial, err := client.GetSessionOptions(ctx, &flight.GetSessionOptionsRequest{})
	require.NoError(t, err)
	set := func(options map[string]any) map[string]*flight.SetSessionOptionsResultError {
		values, err := flight.NewSessionOptionValues(options)
		require.NoError(t, err)
		result, err := client.SetSessionOptions(ctx, &flight.SetSessionOptionsRequest{SessionOptions: values})
		require.NoError(t, err)
		return result.GetErrors()
	}
	options := map[string]any{
		"catalog": "sterna", "schema": "elsewhere", "query_timeout": 90.5, "time_zone": "Asia/Tokyo",
		"memory_limit": int64(64_000_000), "endpoints": int64(3),
	}
	require.Empty(t, set(options))
	expected, err := flight.NewSessionOptionValues(options)
	require.NoError(t, err)
	found, err := client.GetSessionOptions(ctx, &flight.GetSessionOptionsRequest{})
	require.NoError(t, err)
	require.Len(t, found.GetSessionOptions(), len(expected))
	for name, value := range expected {
		require.True(t, proto.Equal(value, found.GetSessionOptions()[name]), name)
	}
	errors := set(map[string]any{
		"foolong": int64(123), "memory_limit": "little", "query_timeout": -1.0, "endpoints": []string{"a", "b"}, "schema": nil,
		"time_zone": nil,
	})
	require.Len(t, errors, 4)
	require.Equal(t, flight.SetSessionOptionsResultErrorInvalidName, errors["foolong"].GetValue())
	for _, name := range []string{"memory_limit", "query_timeout", "endpoints"} {
		require.Equal(t, flight.SetSessionOptionsResultErrorInvalidValue, errors[name].GetValue(), name)
	}
	found, err = client.GetSessionOptions(ctx, &flight.GetSessionOptionsRequest{})
	require.NoError(t, err)
	left := found.GetSessionOptions()
	require.Len(t, left, 5, "those that were set and not unset, and where a session is")
	require.Equal(t, "main", left["schema"].GetStringValue())
	require.Equal(t, 90.5, left["query_timeout"].GetDoubleValue())
	require.EqualValues(t, 64_000_000, left["memory_limit"].GetInt64Value())
	info, err := client.Execute(ctx, "SELECT length(list(range)) FROM range(11000000)")
	require.NoError(t, err)
	_, err = client.DoGet(ctx, info.Endpoint[0].Ticket)
	require.Equal(t, codes.ResourceExhausted, status.Code(err), err)
	require.ErrorContains(t, err, "64000000 bytes")
	closed, err := client.CloseSession(ctx, &flight.CloseSessionRequest{})
	require.NoError(t, err)
	require.Equal(t, flight.CloseSessionResultClosed, closed.GetStatus())
	found, err = client.GetSessionOptions(ctx, &flight.GetSessionOptionsRequest{})
	require.NoError(t, err)
	require.Equal(t, len(initial.GetSessionOptions()), len(found.GetSessionOptions()))
	_, err = client.DoGet(ctx, info.Endpoint[0].Ticket)
	require.Equal(t, codes.NotFound, status.Code(err), err)
}
