package gosql

import (
	"context"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// Some work for each row of a dataset, which is what DuckDB counts, then one row.
const slow = "SELECT sum(list_sum(list_transform(range(400), x -> x * n)))::BIGINT AS n FROM worked"

func putWorked(t *testing.T, client *flightsql.Client) {
	builder := array.NewRecordBuilder(client.Alloc, arrow.NewSchema([]arrow.Field{{Name: "n", Type: arrow.PrimitiveTypes.Int64}}, nil))
	defer builder.Release()
	for n := range int64(2_000_000) {
		builder.Field(0).(*array.Int64Builder).Append(n)
	}
	batch := builder.NewRecordBatch()
	defer batch.Release()
	require.NoError(t, put(client.Client, "worked", batch))
}

// Reads an endpoint to its end: the values of its first column.
func read(client *flightsql.Client, endpoint *flight.FlightEndpoint) ([]int64, error) {
	reader, err := client.DoGet(context.Background(), endpoint.Ticket)
	if err != nil {
		return nil, err
	}
	defer reader.Release()
	values := []int64{}
	for reader.Next() {
		values = append(values, reader.RecordBatch().Column(0).(*array.Int64).Int64Values()...)
	}
	return values, reader.Err()
}

func readAll(t *testing.T, client *flightsql.Client, info *flight.FlightInfo) []int64 {
	all := []int64{}
	for _, endpoint := range info.Endpoint {
		values, err := read(client, endpoint)
		require.NoError(t, err)
		all = append(all, values...)
	}
	return all
}

// A short query is complete in the first answer, with its number of rows, and can be read again and again.
func TestPollShort(t *testing.T) {
	ctx, client := context.Background(), connect(t)
	poll, err := client.ExecutePoll(ctx, "SELECT range AS n FROM range(10) ORDER BY n", nil)
	require.NoError(t, err)
	for poll.FlightDescriptor != nil {
		poll, err = client.ExecutePoll(ctx, "", poll.FlightDescriptor)
		require.NoError(t, err)
	}
	require.Equal(t, 1.0, poll.GetProgress())
	require.Nil(t, poll.ExpirationTime)
	require.EqualValues(t, 10, poll.Info.TotalRecords)
	require.True(t, poll.Info.Ordered)
	for range 2 {
		require.Equal(t, []int64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, readAll(t, client, poll.Info))
	}
	schema, err := flight.DeserializeSchema(poll.Info.Schema, client.Alloc)
	require.NoError(t, err)
	require.Equal(t, arrow.PrimitiveTypes.Int64, schema.Field(0).Type)
	require.Equal(t, "BIGINT", columnFact(t, schema, flightsql.TypeNameKey))
}

func columnFact(t *testing.T, schema *arrow.Schema, key string) string {
	value, ok := schema.Field(0).Metadata.GetValue(key)
	require.True(t, ok, key)
	return value
}

// A long query answers at once, its progress grows, and CancelFlightInfo ends it with all its descriptors.
func TestPollLong(t *testing.T) {
	ctx, client := context.Background(), connect(t)
	putWorked(t, client)
	first, err := client.ExecutePoll(ctx, slow, nil)
	require.NoError(t, err)
	require.NotNil(t, first.FlightDescriptor)
	require.Empty(t, first.Info.Endpoint)
	require.EqualValues(t, -1, first.Info.TotalRecords)
	require.True(t, first.ExpirationTime.AsTime().After(time.Now()))
	require.Less(t, first.GetProgress(), 1.0)
	poll := first
	for end := time.Now().Add(time.Minute); poll.GetProgress() <= first.GetProgress(); {
		require.True(t, time.Now().Before(end), "no progress")
		// The first descriptor stays valid as well.
		poll, err = client.ExecutePoll(ctx, "", first.FlightDescriptor)
		require.NoError(t, err)
		require.NotNil(t, poll.FlightDescriptor)
	}
	require.Less(t, poll.GetProgress(), 1.0)
	result, err := client.CancelFlightInfo(ctx, &flight.CancelFlightInfoRequest{Info: poll.Info})
	require.NoError(t, err)
	require.Equal(t, flight.CancelStatusCancelled, result.Status)
	_, err = client.ExecutePoll(ctx, "", first.FlightDescriptor)
	require.Equal(t, codes.NotFound, status.Code(err), "%v", err)
}

// Endpoints of a large result only ever become more; all but the last, which waits in the query, can be read again,
// and be renewed.
func TestPollLarge(t *testing.T) {
	ctx, client := context.Background(), connect(t)
	const rows = 10_000_000
	poll, err := client.ExecutePoll(ctx, "SELECT range AS n FROM range(10000000)", nil)
	require.NoError(t, err)
	for poll.FlightDescriptor != nil {
		next, err := client.ExecutePoll(ctx, "", poll.FlightDescriptor)
		require.NoError(t, err)
		require.GreaterOrEqual(t, len(next.Info.Endpoint), len(poll.Info.Endpoint))
		for i, endpoint := range poll.Info.Endpoint {
			require.Equal(t, endpoint.Ticket.Ticket, next.Info.Endpoint[i].Ticket.Ticket)
		}
		poll = next
	}
	endpoints := poll.Info.Endpoint
	require.Greater(t, len(endpoints), 3)
	for _, endpoint := range endpoints[:len(endpoints)-1] {
		require.NotNil(t, endpoint.ExpirationTime)
	}
	rest := endpoints[len(endpoints)-1]
	require.Nil(t, rest.ExpirationTime)
	renewed, err := client.RenewFlightEndpoint(ctx, &flight.RenewFlightEndpointRequest{Endpoint: endpoints[0]})
	require.NoError(t, err)
	require.True(t, proto.Equal(renewed.Ticket, endpoints[0].Ticket))
	require.False(t, renewed.ExpirationTime.AsTime().Before(endpoints[0].ExpirationTime.AsTime()))
	one, err := read(client, endpoints[1])
	require.NoError(t, err)
	again, err := read(client, endpoints[1])
	require.NoError(t, err)
	require.Equal(t, one, again)
	all := readAll(t, client, poll.Info)
	require.Len(t, all, rows)
	seen := make([]bool, rows)
	for _, value := range all {
		require.False(t, seen[value])
		seen[value] = true
	}
	_, err = read(client, rest)
	require.Equal(t, codes.NotFound, status.Code(err), "%v", err)
}

// A query that fails on the way tells why where it is polled.
func TestPollFails(t *testing.T) {
	ctx, client := context.Background(), connect(t)
	poll, err := client.ExecutePoll(ctx, "SELECT sum(CASE WHEN range = 50000000 THEN error('too far') ELSE range END) AS n FROM range(100000000)", nil)
	for err == nil && poll.FlightDescriptor != nil {
		poll, err = client.ExecutePoll(ctx, "", poll.FlightDescriptor)
	}
	require.Equal(t, codes.InvalidArgument, status.Code(err), "%v", err)
	require.ErrorContains(t, err, "SQL_FAILED")
}

// What a client polls for ends with its connection.
func TestPollGone(t *testing.T) {
	ctx := context.Background()
	other := connect(t)
	putWorked(t, other)
	client, err := flightsql.NewClient(address(), nil, nil, dialOptions()...)
	require.NoError(t, err)
	poll, err := client.ExecutePoll(ctx, slow, nil)
	require.NoError(t, err)
	require.NoError(t, client.Close())
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		_, err = other.ExecutePoll(ctx, "", poll.FlightDescriptor)
		if status.Code(err) == codes.NotFound {
			return
		}
		require.True(t, time.Now().Before(end), "it still runs")
	}
}

// A dataset is complete at once: nothing of it runs before it is read.
func TestPollDataset(t *testing.T) {
	ctx, client := context.Background(), connect(t)
	builder := array.NewRecordBuilder(client.Alloc, arrow.NewSchema([]arrow.Field{{Name: "n", Type: arrow.PrimitiveTypes.Int64}}, nil))
	defer builder.Release()
	builder.Field(0).(*array.Int64Builder).AppendValues([]int64{7, 8, 9}, nil)
	require.NoError(t, put(client.Client, "polled", builder.NewRecordBatch()))
	descriptor := &flight.FlightDescriptor{Type: flight.DescriptorPATH, Path: []string{"polled"}}
	poll, err := client.Client.PollFlightInfo(ctx, descriptor)
	require.NoError(t, err)
	require.Nil(t, poll.FlightDescriptor)
	require.EqualValues(t, 3, poll.Info.TotalRecords)
	require.Equal(t, []int64{7, 8, 9}, readAll(t, client, poll.Info))
}
