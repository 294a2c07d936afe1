// The reference in Go: an arrow-go Flight server that keeps each table in memory. Prints its port, then serves.
// Usage: arrow-go-server [CERTIFICATE KEY]
package main

import (
	"crypto/tls"
	"fmt"
	"log"
	"math"
	"os"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
)

type table struct {
	schema  *arrow.Schema
	records []arrow.RecordBatch
}

type memoryServer struct {
	flight.BaseFlightServer
	mutex  sync.RWMutex
	tables map[string]table
}

func (s *memoryServer) DoPut(stream flight.FlightService_DoPutServer) error {
	reader, err := flight.NewRecordReader(stream)
	if err != nil {
		return err
	}
	defer reader.Release()
	// Only the first message has a descriptor, and the reader keeps the latest.
	key := reader.LatestFlightDescriptor().Path[0]
	put := table{schema: reader.Schema()}
	for reader.Next() {
		record := reader.RecordBatch()
		record.Retain()
		put.records = append(put.records, record)
	}
	if err := reader.Err(); err != nil {
		return err
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.tables[key] = put
	return nil
}

func (s *memoryServer) DoGet(ticket *flight.Ticket, stream flight.FlightService_DoGetServer) error {
	s.mutex.RLock()
	found, ok := s.tables[string(ticket.Ticket)]
	s.mutex.RUnlock()
	if !ok {
		return fmt.Errorf("no table %q", ticket.Ticket)
	}
	writer := flight.NewRecordWriter(stream, ipc.WithSchema(found.schema))
	defer writer.Close()
	for _, record := range found.records {
		if err := writer.Write(record); err != nil {
			return err
		}
	}
	return nil
}

func main() {
	options := []grpc.ServerOption{grpc.MaxRecvMsgSize(math.MaxInt32)}
	if len(os.Args) == 3 {
		pair, err := tls.LoadX509KeyPair(os.Args[1], os.Args[2])
		if err != nil {
			log.Fatal(err)
		}
		options = append(options, grpc.Creds(credentials.NewServerTLSFromCert(&pair)))
	}
	server := flight.NewServerWithMiddleware(nil, options...)
	if err := server.Init("127.0.0.1:0"); err != nil {
		log.Fatal(err)
	}
	server.RegisterFlightService(&memoryServer{tables: map[string]table{}})
	var port int
	if _, err := fmt.Sscanf(server.Addr().String(), "127.0.0.1:%d", &port); err != nil {
		log.Fatal(err)
	}
	fmt.Println(port)
	if err := server.Serve(); err != nil {
		log.Fatal(err)
	}
}
