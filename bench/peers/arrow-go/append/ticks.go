package main

import (
	"fmt"
	"math"
	"math/rand"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

const (
	rowsPerBatch = 1000
	// Schema and dictionary, which have no answer.
	messagesBefore = 2
)

var symbols = []string{
	"BTC-USD", "BTC-EUR", "ETH-USD", "ETH-EUR", "SOL-USD", "SOL-EUR", "XRP-USD", "XRP-EUR", "ADA-USD", "ADA-EUR",
}

// The columns of the ticks of bench/lib/market_data.py.
var schema = arrow.NewSchema([]arrow.Field{
	{Name: "timestamp", Type: arrow.FixedWidthTypes.Timestamp_ns, Nullable: true},
	{
		Name:     "symbol",
		Type:     &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String},
		Nullable: true,
	},
	{Name: "bid", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
	{Name: "ask", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
	{Name: "bid_size", Type: arrow.PrimitiveTypes.Int32, Nullable: true},
	{Name: "ask_size", Type: arrow.PrimitiveTypes.Int32, Nullable: true},
}, nil)

// capture keeps what an Arrow writer sends: encoded once, sent by all writers, so that what is timed has no encoding.
type capture struct{ messages []*flight.FlightData }

func (c *capture) Send(message *flight.FlightData) error {
	c.messages = append(c.messages, &flight.FlightData{
		DataHeader: append([]byte(nil), message.DataHeader...),
		DataBody:   append([]byte(nil), message.DataBody...),
	})
	return nil
}

// ticks returns the messages before the first batch, and the batches.
func ticks(batches int) (before, all []*flight.FlightData, err error) {
	var captured capture
	writer := flight.NewRecordWriter(&captured, ipc.WithSchema(schema))
	random := rand.New(rand.NewSource(3))
	names := array.NewStringBuilder(memory.DefaultAllocator)
	names.AppendValues(symbols, nil)
	dictionary := names.NewArray()
	nanos, cents := int64(1_770_000_000_000_000_000), 10_000
	for range batches {
		builder := array.NewRecordBuilder(memory.DefaultAllocator, schema)
		codes := array.NewInt32Builder(memory.DefaultAllocator)
		for range rowsPerBatch {
			nanos += 1_000 + random.Int63n(999_000)
			cents += random.Intn(5) - 2
			builder.Field(0).(*array.TimestampBuilder).Append(arrow.Timestamp(nanos))
			codes.Append(int32(random.Intn(len(symbols))))
			builder.Field(2).(*array.Float64Builder).Append(dollars(cents))
			builder.Field(3).(*array.Float64Builder).Append(dollars(cents + 1 + random.Intn(3)))
			builder.Field(4).(*array.Int32Builder).Append(1 + random.Int31n(499))
			builder.Field(5).(*array.Int32Builder).Append(1 + random.Int31n(499))
		}
		columns := make([]arrow.Array, 0, schema.NumFields())
		for index := range schema.NumFields() {
			if index == 1 {
				kind := schema.Field(1).Type.(*arrow.DictionaryType)
				columns = append(columns, array.NewDictionaryArray(kind, codes.NewArray(), dictionary))
			} else {
				columns = append(columns, builder.Field(index).NewArray())
			}
		}
		if err := writer.Write(array.NewRecordBatch(schema, columns, rowsPerBatch)); err != nil {
			return nil, nil, err
		}
	}
	if len(captured.messages) != messagesBefore+batches {
		return nil, nil, fmt.Errorf("%d messages for %d batches", len(captured.messages), batches)
	}
	return captured.messages[:messagesBefore], captured.messages[messagesBefore:], writer.Close()
}

func dollars(cents int) float64 {
	return math.Round(float64(cents)) / 100
}
