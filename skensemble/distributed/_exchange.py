"""How processes that each have a part of the rows meet: sums of integers, and what each has to say.

All of them run the same program and meet in the same order.  Each message says how many meetings there were before,
and what came of the last sum, so that processes that went different ways notice it at once.  A process that computes
shows every few seconds that it is alive, so that one that hangs is told from one that is slow.
"""

import pickle
import selectors
import socket
import struct
import time
import zlib
from contextlib import suppress
from itertools import pairwise
from threading import Event, Lock, Thread

import numpy as np

HEADER = struct.Struct("<4sQIQ")  # magic, meeting, check of the last sum, bytes that follow
MAGIC = b"SKE1"
PULSE = HEADER.pack(b"SKEP", 0, 0, 0)  # what a process that computes sends between two meetings
BEAT = 2.0  # seconds between two pulses
PATIENCE = 30.0  # seconds without a byte from a process: it hangs; a machine that is gone is told after as many
DIRECT_BYTES = 1 << 15  # of sums that all send to all; of larger ones each process adds up a slice
CHECKED_BYTES = 1 << 12


class LostRank(ConnectionError):
    """A process that takes part in a fit is gone, or went another way."""


class SilentRank(LostRank):
    """A process that takes part in a fit hangs."""


def says_less(error):
    """Sort key of the errors of all ranks: the reason comes first, then who hangs, then who left because of it."""
    return isinstance(error, LostRank), not isinstance(error, SilentRank)


class Alone:
    """The exchange of one process."""

    rank, n_ranks = 0, 1

    def sum(self, array):
        """The int64 array summed over all ranks."""
        return array

    def gather(self, value):
        """List of the values of all ranks, in order."""
        return [value]

    def swap(self, values):
        """List of what each rank has for this one.  values : one for each rank"""
        return values

    def close(self):
        """Take leave."""


class Sockets(Alone):
    """Processes that are all connected with each other by TCP.

    connections : {rank: connected socket} of all others;  names : {rank: what errors call it}
    """

    def __init__(self, rank, connections, names=None):
        self.rank, self.n_ranks = rank, len(connections) + 1
        self._connections, self._names = connections, names or {}
        self._meeting = self._check = 0
        self.n_bytes_sent = 0  # to all others, so far
        for connection in connections.values():
            connection.setblocking(False)
            _keep_alive(connection)
        self._in_use, self._is_closed = Lock(), Event()
        self._cut_pulses = {}  # rank: what did not fit into its connection
        Thread(target=self._show_life, name="skensemble-pulse", daemon=True).start()

    def sum(self, array):
        flat = np.ascontiguousarray(array, np.int64).reshape(-1)
        is_large = self.n_ranks > 2 and flat.nbytes > DIRECT_BYTES
        total = (
            self._sum_by_slices(flat) if is_large else self._sum_at_once(dict.fromkeys(self._connections, flat), flat)
        )
        self._check = zlib.crc32(total[: CHECKED_BYTES // 8].tobytes())
        return total.reshape(np.shape(array))

    def _sum_by_slices(self, flat):
        """Each process adds up a slice and sends it to all: less than twice the array, however many processes."""
        bounds = [len(flat) * rank // self.n_ranks for rank in range(self.n_ranks + 1)]
        slices = [flat[first:last] for first, last in pairwise(bounds)]
        own = self._sum_at_once({rank: slices[rank] for rank in self._connections}, slices[self.rank])
        received = self._meet(dict.fromkeys(self._connections, _bytes_of(own)))
        parts = {self.rank: own, **{rank: np.frombuffer(data, np.int64) for rank, data in received.items()}}
        return np.concatenate([parts[rank] for rank in range(self.n_ranks)])

    def _sum_at_once(self, arrays, own):
        """What all have for this process, `own` being its part.  arrays : {rank: what this process has for it}"""
        received, total = self._meet({rank: _bytes_of(array) for rank, array in arrays.items()}), own.copy()
        for data in received.values():
            total += np.frombuffer(data, np.int64)
        return total

    def gather(self, value):
        data = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
        received = self._meet(dict.fromkeys(self._connections, memoryview(data)))
        return [value if rank == self.rank else pickle.loads(received[rank]) for rank in range(self.n_ranks)]

    def swap(self, values):
        data = {rank: memoryview(pickle.dumps(values[rank], protocol=5)) for rank in self._connections}
        received = self._meet(data)
        return [values[rank] if rank == self.rank else pickle.loads(received[rank]) for rank in range(self.n_ranks)]

    def close(self):
        """Take leave, also of the thread that shows life."""
        self._is_closed.set()
        with self._in_use:
            for connection in self._connections.values():
                connection.close()

    def _show_life(self):
        """Send pulses while this process computes; where it meets the others, they need none."""
        while not self._is_closed.wait(BEAT):
            if self._in_use.acquire(blocking=False):
                try:
                    self._send_pulses()
                finally:
                    self._in_use.release()

    def _send_pulses(self):
        for rank, connection in self._connections.items():
            pulse = self._cut_pulses.pop(rank, PULSE)
            with suppress(OSError):  # full, as nobody reads yet; or gone, which the next meeting tells
                pulse = pulse[connection.send(pulse) :]
            if 0 < len(pulse) < len(PULSE):
                self._cut_pulses[rank] = pulse

    def _meet(self, data):
        """Send data[rank] to each other rank; returns {rank: what it sent}."""
        with self._in_use:
            return self._swap_bytes(data)

    def _swap_bytes(self, data):
        sending = {
            rank: [memoryview(HEADER.pack(MAGIC, self._meeting, self._check, len(view))), view]
            for rank, view in data.items()
        }
        for rank, rest in self._cut_pulses.items():
            sending[rank].insert(0, memoryview(rest))
        self._cut_pulses = {}
        self.n_bytes_sent += sum(HEADER.size + len(view) for view in data.values())
        incoming = {rank: _Incoming(self._meeting, self._check) for rank in data}
        self._meeting += 1
        with selectors.DefaultSelector() as selector:
            for rank, connection in self._connections.items():
                selector.register(connection, selectors.EVENT_READ | selectors.EVENT_WRITE, rank)
            self._transfer(selector, sending, incoming)
        return {rank: message.data for rank, message in incoming.items()}

    def _transfer(self, selector, sending, incoming):
        heard = dict.fromkeys(sending, time.monotonic())
        while selector.get_map():
            events, now = selector.select(1.0), time.monotonic()
            heard.update((key.data, now) for key, _ in events)
            silent = [key.data for key in selector.get_map().values() if now - heard[key.data] > PATIENCE]
            if silent:
                names = ", ".join(map(self._name, silent))
                raise SilentRank(f"{names} hangs: no sign of life for {PATIENCE:g} s.")
            for key, mask in events:
                rank, connection = key.data, key.fileobj
                try:
                    if mask & selectors.EVENT_WRITE:
                        _send_some(connection, sending[rank])
                    if mask & selectors.EVENT_READ:
                        incoming[rank].receive_some(connection)
                except BlockingIOError:
                    continue
                except (OSError, EOFError) as error:
                    raise LostRank(f"{self._name(rank)} is gone: {error}.") from error
                wanted = selectors.EVENT_WRITE * bool(sending[rank])
                wanted |= selectors.EVENT_READ * (not incoming[rank].is_complete)
                if wanted:
                    selector.modify(connection, wanted, rank)
                else:
                    selector.unregister(connection)

    def _name(self, rank):
        return f"Rank {rank} ({self._names[rank]})" if rank in self._names else f"Rank {rank}"


class _Incoming:
    """A message that comes in pieces."""

    def __init__(self, meeting, check):
        self._expected = meeting, check
        self._header, self._n_received = bytearray(HEADER.size), 0
        self.data, self.is_complete = None, False

    def receive_some(self, connection):
        buffer = self._header if self.data is None else self.data
        n_bytes = connection.recv_into(memoryview(buffer)[self._n_received :])
        if n_bytes == 0:
            raise EOFError("it closed the connection")
        self._n_received += n_bytes
        if self._n_received < len(buffer):
            return
        if self.data is None and self._header == PULSE:
            self._n_received = 0
            return
        if self.data is None:
            magic, meeting, check, size = HEADER.unpack(self._header)
            if magic != MAGIC or (meeting, check) != self._expected:
                raise EOFError("it went another way, so its versions or its processor may differ")
            self.data, self._n_received = bytearray(size), 0
        self.is_complete = self._n_received == len(self.data)


def _bytes_of(array):
    return memoryview(array.view(np.uint8))


def _send_some(connection, views):
    """Send from the front of a list of views, and drop what has been sent."""
    views[0] = views[0][connection.send(views[0]) :]
    while views and len(views[0]) == 0:
        del views[0]


def _keep_alive(connection):
    """Let the system notice within 30 s that the other machine is gone, however long its process computes."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (("TCP_KEEPIDLE", 10), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 4)):
        if hasattr(socket, name):
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


# -- how they find each other ----------------------------------------------------------------------------------------


def open_door(host):
    """A socket that listens at any free port of the host."""
    door = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    door.bind((host, 0))
    door.listen(128)
    return door


def connect(rank, door, addresses, token, names=None, patience=300.0):
    """The Sockets of rank `rank`, whose own door is `door`.

    addresses : (host, port) of the doors of all ranks;  token : bytes that all share, so that no stranger comes in
    """
    connections, deadline = {}, time.monotonic() + patience
    try:
        for other in range(rank):
            connections[other] = socket.create_connection(addresses[other], timeout=patience)
            connections[other].sendall(token + struct.pack("<I", rank))
        while len(connections) < len(addresses) - 1:
            door.settimeout(1.0)  # then look whether the door has been closed
            try:
                connection, _ = door.accept()
            except TimeoutError:
                if time.monotonic() > deadline:
                    raise
                continue
            other = _who_knocks(connection, token)
            if rank < other < len(addresses) and other not in connections:
                connections[other] = connection
            else:
                connection.close()
    except OSError as error:
        missing = [other for other in range(len(addresses)) if other != rank and other not in connections]
        raise LostRank(f"Ranks {missing} of the fit did not come within {patience:g} s: {error}.") from error
    finally:
        door.close()
    return Sockets(rank, dict(sorted(connections.items())), names)


def _who_knocks(connection, token):
    """The rank that has come; -1 of a stranger, who does not know the token, says nothing, or is gone again."""
    connection.settimeout(5.0)
    try:
        greeting = _receive_exactly(connection, len(token) + 4)
    except OSError:
        return -1
    return struct.unpack("<I", greeting[-4:])[0] if greeting[:-4] == token else -1


def _receive_exactly(connection, n_bytes):
    data = b""
    while len(data) < n_bytes:
        piece = connection.recv(n_bytes - len(data))
        if not piece:
            break
        data += piece
    return data
