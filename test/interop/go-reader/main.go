// Reads one dataset with arrow-go's Flight client, whose gRPC refuses messages above a limit, and writes it to a file as
// an Arrow IPC stream.
// Usage: go-reader HOST:PORT LIMIT_BYTES TICKET FILE; with a limit of 0 grpc-go's own default of 4 MiB holds.
package main

import (
	"context"
	"log"
	"os"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

func main() {
	log.SetFlags(0)
	limit, err := strconv.Atoi(os.Args[2])
	check(err)
	options := []grpc.DialOption{grpc.WithTransportCredentials(insecure.NewCredentials())}
	if limit > 0 {
		options = append(options, grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(limit)))
	}
	client, err := flight.NewClientWithMiddleware(os.Args[1], nil, nil, options...)
	check(err)
	defer client.Close()
	stream, err := client.DoGet(context.Background(), &flight.Ticket{Ticket: []byte(os.Args[3])})
	check(err)
	reader, err := flight.NewRecordReader(stream)
	check(err)
	defer reader.Release()
	file, err := os.Create(os.Args[4])
	check(err)
	writer := ipc.NewWriter(file, ipc.WithSchema(reader.Schema()))
	for reader.Next() {
		check(writer.Write(reader.RecordBatch()))
	}
	check(reader.Err())
	check(writer.Close())
	check(file.Close())
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
