"""Calls of a Sterna server in a line each."""

import json

import pyarrow.flight as fl


def act(client, action, key=None, **fields):
    """What an action answers."""
    request = fields if key is None else {"key": key, **fields}
    results = client.do_action(fl.Action(action, json.dumps(request).encode() if request else b""))
    return json.loads(b"".join(result.body.to_pybytes() for result in results))


def put(client, key, table, chunk=None, **command):
    """Returns once the table is stored. `chunk`: rows of a batch, those of the table where there is none."""
    writer, _ = client.do_put(descriptor_of(key, command), table.schema)
    writer.write_table(table, max_chunksize=chunk)
    writer.close()


def append(client, key, table, **command):
    """Waits for the answer of each batch before it sends the next one."""
    writer, answers = client.do_put(descriptor_of(key, {"mode": "append", **command}), table.schema)
    for batch in table.to_batches():
        writer.write_batch(batch)
        assert answers.read() is not None
    writer.done_writing()
    writer.close()


def read(client, key=None, **request):
    """What a ticket of JSON gives."""
    ticket = request if key is None else {"key": key, **request}
    return client.do_get(fl.Ticket(json.dumps(ticket).encode())).read_all()


def query(client, sql):
    return read(client, sql=sql)


def descriptor_of(key, command):
    if not command:
        return fl.FlightDescriptor.for_path(key)
    return fl.FlightDescriptor.for_command(json.dumps({"key": key, **command}))
