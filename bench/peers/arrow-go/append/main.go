// Writers of durable appends that time each acknowledgement, and the reference that they are timed beside.
//
// Usage: append serve FOLDER: the reference server, which prints its port, then serves.
//
//	append run FOLDER ROUNDS BATCHES REFERENCE SERVER RATE...: rounds of eight writers against each address, the rate of
//	each run in rows per second, 0 for in lockstep, beside a loop that writes and syncs the same bytes to FOLDER.
//	The last line printed is the figures as JSON: medians of the rounds, times in ms.
package main

import (
	"encoding/json"
	"log"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/apache/arrow-go/v18/arrow/flight"
	"golang.org/x/sys/unix"
)

const (
	writers = 8
	// Different batches: what is sent repeats them.
	distinct = 100
)

type figures struct {
	RowsPerSecond float64 `json:"rows_per_second,omitempty"`
	P50           float64 `json:"p50_ms"`
	P99           float64 `json:"p99_ms"`
	P999          float64 `json:"p999_ms"`
}

type run struct {
	Offered   float64 `json:"offered_rows_per_second"`
	Sterna    figures `json:"sterna"`
	Reference figures `json:"reference"`
}

func main() {
	var err error
	switch os.Args[1] {
	case "serve":
		err = serveReference(os.Args[2])
	default:
		err = bench(os.Args[2], number(os.Args[3]), number(os.Args[4]), os.Args[5], os.Args[6], os.Args[7:])
	}
	if err != nil {
		log.Fatal(err)
	}
}

func number(text string) int {
	value, err := strconv.Atoi(text)
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func bench(folder string, rounds, batches int, reference, server string, rates []string) error {
	before, all, err := ticks(distinct)
	if err != nil {
		return err
	}
	var syncs []figures
	found := make(map[string]map[string][]figures)
	// The round before the first warms up.
	for round := -1; round < rounds; round++ {
		waits, err := plainLoop(folder, all, batches)
		if err != nil {
			return err
		}
		if round >= 0 {
			syncs = append(syncs, summary(outcome{waits: waits}))
		}
		for _, rate := range rates {
			for _, address := range []string{reference, server} {
				offered := load{address, "eight", writers, batches, float64(number(rate))}
				result, err := offered.run(before, all)
				if err != nil {
					return err
				}
				if err := drop(address, "eight"); err != nil {
					return err
				}
				if round < 0 {
					continue
				}
				if found[rate] == nil {
					found[rate] = make(map[string][]figures)
				}
				found[rate][address] = append(found[rate][address], summary(result))
			}
		}
	}
	runs := make([]run, 0, len(rates))
	for _, rate := range rates {
		runs = append(runs, run{float64(number(rate)), medians(found[rate][server]), medians(found[rate][reference])})
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]any{"sync": medians(syncs), "runs": runs})
}

// plainLoop writes and syncs the batches to a file, one by one.
func plainLoop(folder string, all []*flight.FlightData, batches int) ([]time.Duration, error) {
	file, err := os.Create(filepath.Join(folder, "plain"))
	if err != nil {
		return nil, err
	}
	defer os.Remove(file.Name())
	defer file.Close()
	waits := make([]time.Duration, 0, batches)
	for index := range batches {
		start := time.Now()
		if _, err := file.Write(all[index%len(all)].DataBody); err != nil {
			return nil, err
		}
		if err := unix.Fdatasync(int(file.Fd())); err != nil {
			return nil, err
		}
		waits = append(waits, time.Since(start))
	}
	return waits, nil
}

func summary(result outcome) figures {
	waits := slices.Sorted(slices.Values(result.waits))
	at := func(share float64) float64 {
		return waits[int(float64(len(waits))*share)].Seconds() * 1000
	}
	found := figures{P50: at(0.5), P99: at(0.99), P999: at(0.999)}
	if result.seconds > 0 {
		found.RowsPerSecond = math.Round(float64(len(waits)) * rowsPerBatch / result.seconds)
	}
	return found
}

func medians(all []figures) figures {
	of := func(figure func(figures) float64) float64 {
		values := make([]float64, 0, len(all))
		for _, each := range all {
			values = append(values, figure(each))
		}
		slices.Sort(values)
		return math.Round(values[len(values)/2]*1000) / 1000
	}
	return figures{
		of(func(f figures) float64 { return f.RowsPerSecond }),
		of(func(f figures) float64 { return f.P50 }),
		of(func(f figures) float64 { return f.P99 }),
		of(func(f figures) float64 { return f.P999 }),
	}
}
