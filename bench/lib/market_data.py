"""
Market data for benches: tables of a fixed seed.

Random walks on a tick grid are the hard case for compression; the quiet series, in which most bars repeat the last
price and trade nothing, is the easy one. Figures of both are reported under their own names.
"""

import numpy as np
import pyarrow as pa

SYMBOLS = [f"{base}-{quote}" for base in ("BTC", "ETH", "SOL", "XRP", "ADA") for quote in ("USD", "EUR")]
START_US = 1_770_000_000_000_000


def _walk(rng, rows, tick, start):
    return np.round(start + np.cumsum(rng.integers(-2, 3, rows)) * tick, 2)


def _symbols(rng, rows, dictionary):
    codes = pa.array(rng.integers(0, len(SYMBOLS), rows, dtype=np.int32))
    column = pa.DictionaryArray.from_arrays(codes, pa.array(SYMBOLS))
    return column if dictionary else column.cast(pa.utf8())


def ohlcv(rows, seed=1, dictionary=False):
    """Bars of one second: timestamp, symbol, open, high, low, close, volume."""
    rng = np.random.default_rng(seed)
    close = _walk(rng, rows, 0.5, 40_000.0)
    open_ = np.concatenate([[40_000.0], close[:-1]])
    high = np.maximum(open_, close) + rng.integers(0, 4, rows) * 0.5
    low = np.minimum(open_, close) - rng.integers(0, 4, rows) * 0.5
    return pa.table(
        {
            "timestamp": pa.array(START_US + np.arange(rows) * 1_000_000, pa.timestamp("us")),
            "symbol": _symbols(rng, rows, dictionary),
            "open": open_,
            "high": high,
            "low": low,
            "close": close,
            "volume": np.round(rng.exponential(10.0, rows), 3),
        }
    )


def trades(rows, seed=2):
    """Trades: timestamp, symbol, price, size, side, trade_id."""
    rng = np.random.default_rng(seed)
    return pa.table(
        {
            "timestamp": pa.array(START_US + np.cumsum(rng.integers(0, 2_000, rows)), pa.timestamp("us")),
            "symbol": _symbols(rng, rows, False),
            "price": _walk(rng, rows, 0.01, 2_000.0),
            "size": np.round(rng.exponential(1.0, rows), 4),
            "is_buy": pa.array(rng.integers(0, 2, rows).astype(bool)),
            "trade_id": np.arange(rows, dtype=np.int64) + 10_000_000,
        }
    )


def ticks(rows, seed=3):
    """Quotes: timestamp in ns, symbol as a dictionary, bid, ask, bid_size, ask_size."""
    rng = np.random.default_rng(seed)
    bid = _walk(rng, rows, 0.01, 100.0)
    return pa.table(
        {
            "timestamp": pa.array(START_US * 1000 + np.cumsum(rng.integers(1_000, 1_000_000, rows)), pa.timestamp("ns")),
            "symbol": _symbols(rng, rows, True),
            "bid": bid,
            "ask": np.round(bid + rng.integers(1, 4, rows) * 0.01, 2),
            "bid_size": rng.integers(1, 500, rows).astype(np.int32),
            "ask_size": rng.integers(1, 500, rows).astype(np.int32),
        }
    )


def contract_ticks(rows, seed=6):
    """
    Quotes of ten contracts that walk each for itself, stamped by a clock of a millisecond: timestamp in ns, contract as a
    dictionary, bid, ask, bid_size, ask_size.
    """
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, len(SYMBOLS), rows)
    steps = rng.integers(-1, 2, rows)
    bid = np.empty(rows)
    for code in range(len(SYMBOLS)):
        mine = np.flatnonzero(codes == code)
        bid[mine] = np.round(100.0 * (code + 1) + np.cumsum(steps[mine]) * 0.01, 2)
    return pa.table(
        {
            "timestamp": pa.array(START_US * 1000 + np.arange(rows) * 1_000_000, pa.timestamp("ns")),
            "symbol": pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int8)), pa.array(SYMBOLS)),
            "bid": bid,
            "ask": np.round(bid + rng.integers(1, 3, rows) * 0.01, 2),
            "bid_size": rng.integers(1, 21, rows).astype(np.float64),
            "ask_size": rng.integers(1, 21, rows).astype(np.float64),
        }
    )


def floats(rows, seed=5):
    """Eight columns of random float64: nothing but bytes."""
    rng = np.random.default_rng(seed)
    return pa.table({f"c{i}": rng.random(rows) for i in range(8)})


def quiet(rows, seed=4):
    """Bars of one second of one quiet symbol: nine in ten repeat the last close and have no volume."""
    rng = np.random.default_rng(seed)
    active = rng.random(rows) < 0.1
    close = np.round(100.0 + np.cumsum(np.where(active, rng.integers(-1, 2, rows), 0)) * 0.01, 2)
    open_ = np.concatenate([[100.0], close[:-1]])
    return pa.table(
        {
            "timestamp": pa.array(START_US + np.arange(rows) * 1_000_000, pa.timestamp("us")),
            "symbol": pa.array(["BTC-USD"] * rows),
            "open": open_,
            "high": np.maximum(open_, close),
            "low": np.minimum(open_, close),
            "close": close,
            "volume": np.where(active, rng.integers(1, 100, rows), 0).astype(np.float64),
        }
    )


DATASETS = {
    "float64": floats,
    "ohlcv_utf8": ohlcv,
    "ohlcv_dictionary": lambda rows: ohlcv(rows, dictionary=True),
    "ticks": ticks,
}
