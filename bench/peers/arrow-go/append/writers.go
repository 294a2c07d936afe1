package main

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/apache/arrow-go/v18/arrow/flight"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// load is what the writers of one run do.
type load struct {
	address string
	key     string
	writers int
	batches int
	// Of all writers, offered whether answers come or not; 0: each writer waits for its answer before it sends again.
	rowsPerSecond float64
}

type outcome struct {
	seconds float64
	waits   []time.Duration
}

// run appends from a connection per writer, and gives how long each answer took: from when its batch was to be sent.
func (l load) run(before, ticks []*flight.FlightData) (outcome, error) {
	streams := make([]flight.FlightService_DoPutClient, l.writers)
	for index := range streams {
		client, err := flight.NewClientWithMiddleware(l.address, nil, nil, grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			return outcome{}, err
		}
		defer client.Close()
		if streams[index], err = l.open(client, before); err != nil {
			return outcome{}, err
		}
	}
	waits := make([][]time.Duration, l.writers)
	errors := make([]error, l.writers)
	var running sync.WaitGroup
	start := time.Now()
	for index, stream := range streams {
		running.Go(func() {
			if l.rowsPerSecond == 0 {
				waits[index], errors[index] = l.inLockstep(stream, ticks)
			} else {
				waits[index], errors[index] = l.atItsRate(stream, ticks, start, index)
			}
		})
	}
	running.Wait()
	result := outcome{seconds: time.Since(start).Seconds()}
	for index, stream := range streams {
		if errors[index] != nil {
			return outcome{}, errors[index]
		}
		if err := stream.CloseSend(); err != nil {
			return outcome{}, err
		}
		if _, err := stream.Recv(); err != io.EOF {
			return outcome{}, fmt.Errorf("after the last answer: %v", err)
		}
		result.waits = append(result.waits, waits[index]...)
	}
	return result, nil
}

func (l load) open(client flight.Client, before []*flight.FlightData) (flight.FlightService_DoPutClient, error) {
	stream, err := client.DoPut(context.Background())
	if err != nil {
		return nil, err
	}
	for index, message := range before {
		if index == 0 {
			command := fmt.Sprintf(`{"key": %q, "mode": "append"}`, l.key)
			message = &flight.FlightData{
				FlightDescriptor: &flight.FlightDescriptor{Type: flight.DescriptorCMD, Cmd: []byte(command)},
				DataHeader:       message.DataHeader,
			}
		}
		if err := stream.Send(message); err != nil {
			return nil, err
		}
	}
	return stream, nil
}

func (l load) inLockstep(stream flight.FlightService_DoPutClient, ticks []*flight.FlightData) ([]time.Duration, error) {
	waits := make([]time.Duration, 0, l.batches)
	for index := range l.batches {
		sent := time.Now()
		if err := stream.Send(ticks[index%len(ticks)]); err != nil {
			return nil, err
		}
		if _, err := stream.Recv(); err != nil {
			return nil, err
		}
		waits = append(waits, time.Since(sent))
	}
	return waits, nil
}

// atItsRate keeps to its plan: a batch that is late, because the server holds the writer back, counts as waiting.
func (l load) atItsRate(
	stream flight.FlightService_DoPutClient, ticks []*flight.FlightData, start time.Time, writer int,
) ([]time.Duration, error) {
	between := time.Duration(float64(time.Second) * rowsPerBatch * float64(l.writers) / l.rowsPerSecond)
	first := start.Add(between * time.Duration(writer) / time.Duration(l.writers))
	planned := func(index int) time.Time { return first.Add(between * time.Duration(index)) }
	failed := make(chan error, 1)
	go func() {
		for index := range l.batches {
			time.Sleep(time.Until(planned(index)))
			if err := stream.Send(ticks[index%len(ticks)]); err != nil {
				failed <- err
				return
			}
		}
		failed <- nil
	}()
	waits := make([]time.Duration, 0, l.batches)
	for index := range l.batches {
		if _, err := stream.Recv(); err != nil {
			return nil, err
		}
		waits = append(waits, time.Since(planned(index)))
	}
	return waits, <-failed
}

func drop(address, key string) error {
	client, err := flight.NewClientWithMiddleware(address, nil, nil, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer client.Close()
	results, err := client.DoAction(context.Background(), &flight.Action{Type: "drop", Body: []byte(key)})
	if err != nil {
		return err
	}
	for {
		if _, err := results.Recv(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}
