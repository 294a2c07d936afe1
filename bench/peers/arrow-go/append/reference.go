package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"

	"github.com/apache/arrow-go/v18/arrow/flight"
	"golang.org/x/sys/unix"
	"google.golang.org/grpc"
)

// queued is a batch that waits for its sync.
type queued struct {
	body []byte
	done chan error
}

// syncServer is the least that a server of durable appends does: it writes all batches that have come to a file, of
// which it checks nothing, syncs once, and answers each.
type syncServer struct {
	flight.BaseFlightServer
	file  *os.File
	queue chan queued
}

// groupMax is how many batches share a sync at most: more than any run has writers.
const groupMax = 1024

func (s *syncServer) DoPut(stream flight.FlightService_DoPutServer) error {
	for received := 0; ; received++ {
		message, err := stream.Recv()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if received < messagesBefore {
			continue
		}
		batch := queued{body: message.DataBody, done: make(chan error, 1)}
		s.queue <- batch
		if err := <-batch.done; err != nil {
			return err
		}
		if err := stream.Send(&flight.PutResult{AppMetadata: []byte(`{"rows":1000}`)}); err != nil {
			return err
		}
	}
}

// DoAction knows one, which drops everything. No writer writes meanwhile.
func (s *syncServer) DoAction(*flight.Action, flight.FlightService_DoActionServer) error {
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return s.file.Truncate(0)
}

// store writes and syncs, one group after the other.
func (s *syncServer) store() {
	for first := range s.queue {
		group := []queued{first}
		for more := true; more && len(group) < groupMax; {
			select {
			case next := <-s.queue:
				group = append(group, next)
			default:
				more = false
			}
		}
		err := writeAndSync(s.file, group)
		for _, batch := range group {
			batch.done <- err
		}
	}
}

func writeAndSync(file *os.File, group []queued) error {
	bodies := make([][]byte, len(group))
	total := 0
	for index, batch := range group {
		bodies[index] = batch.body
		total += len(batch.body)
	}
	written, err := unix.Writev(int(file.Fd()), bodies)
	if err != nil {
		return err
	}
	if written != total {
		return fmt.Errorf("wrote %d of %d bytes", written, total)
	}
	return unix.Fdatasync(int(file.Fd()))
}

// serveReference prints its port, then serves.
func serveReference(folder string) error {
	file, err := os.Create(filepath.Join(folder, "reference"))
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	service := &syncServer{file: file, queue: make(chan queued, groupMax)}
	go service.store()
	server := grpc.NewServer()
	flight.RegisterFlightServiceServer(server, service)
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	return server.Serve(listener)
}
