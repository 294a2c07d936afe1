// Package gosql holds a Sterna server against the Go drivers: ADBC's own validation suite, and arrow-go's client where
// a driver does not ask. The environment variable STERNA_ADDRESS has HOST:PORT.
package gosql

import (
	"context"
	"os"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

func address() string { return os.Getenv("STERNA_ADDRESS") }

func dialOptions() []grpc.DialOption {
	return []grpc.DialOption{grpc.WithTransportCredentials(insecure.NewCredentials())}
}

func connect(t *testing.T) *flightsql.Client {
	client, err := flightsql.NewClient(address(), nil, nil, dialOptions()...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	return client
}

// Puts a batch as a dataset, as clients of Flight without SQL do.
func put(client flight.Client, key string, batch arrow.RecordBatch) error {
	stream, err := client.DoPut(context.Background())
	if err != nil {
		return err
	}
	writer := flight.NewRecordWriter(stream, ipc.WithSchema(batch.Schema()))
	writer.SetFlightDescriptor(&flight.FlightDescriptor{Type: flight.DescriptorPATH, Path: []string{key}})
	if err := writer.Write(batch); err != nil {
		return err
	}
	if err := writer.Close(); err != nil {
		return err
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	for {
		if _, err := stream.Recv(); err != nil {
			return endOf(err)
		}
	}
}

func drop(client flight.Client, key string) error {
	results, err := client.DoAction(context.Background(), &flight.Action{Type: "drop", Body: []byte(key)})
	for err == nil {
		_, err = results.Recv()
	}
	if status.Code(err) == codes.NotFound {
		return nil
	}
	return endOf(err)
}

func endOf(err error) error {
	if err.Error() == "EOF" {
		return nil
	}
	return err
}
