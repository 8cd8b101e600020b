"""Processes meet in sums and in what they have to say; one that is gone, or went another way, is told at once."""

import socket
import struct
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from skensemble.distributed import _exchange
from skensemble.distributed._exchange import Alone, LostRank, SilentRank, connect, open_door
from tests.distributed.ranks import TOKEN, on_ranks


@pytest.mark.parametrize("n_ranks", [1, 2, 4])
def test_sums_and_what_ranks_say(n_ranks):
    def meet(exchange):
        rank = exchange.rank
        large = exchange.sum(np.full((300, 1000), rank + 1))
        empty = exchange.sum(np.zeros(0, np.int64))
        said = exchange.gather({"rank": rank})
        swapped = exchange.swap([(rank, other) for other in range(exchange.n_ranks)])
        return large, empty, said, swapped

    for rank, (large, empty, said, swapped) in enumerate(on_ranks(meet, n_ranks)):
        assert (large == n_ranks * (n_ranks + 1) // 2).all()
        assert large.shape == (300, 1000)
        assert empty.size == 0
        assert said == [{"rank": other} for other in range(n_ranks)]
        assert swapped == [(other, rank) for other in range(n_ranks)]


def test_alone():
    alone = Alone()
    assert alone.sum(np.arange(3)).tolist() == [0, 1, 2]
    assert alone.gather("x") == alone.swap(["x"]) == ["x"]


def test_a_rank_that_leaves_is_told():
    def meet(exchange):
        if exchange.rank == 1:
            return "left"
        with pytest.raises(LostRank, match="Rank 1 is gone"):
            exchange.sum(np.arange(3))
        return "told"

    assert on_ranks(meet, 2) == ["told", "left"]


def test_ranks_that_go_different_ways_are_told():
    def meet(exchange):
        exchange._check = exchange.rank  # as if a sum had another result
        with pytest.raises(LostRank, match="went another way|is gone"):
            exchange.gather(1)

    on_ranks(meet, 2)


def test_large_sums_are_shared_out():
    array = np.arange(30_001)

    def meet(exchange):
        return exchange.sum(array * (exchange.rank + 1)), exchange.n_bytes_sent

    for total, n_bytes in on_ranks(meet, 4):
        np.testing.assert_array_equal(total, 10 * array)
        assert n_bytes < 1.51 * array.nbytes  # 2 (ranks - 1) / ranks


def test_a_rank_that_computes_is_waited_for_and_one_that_hangs_is_told(monkeypatch):
    monkeypatch.setattr(_exchange, "PATIENCE", 0.6)
    monkeypatch.setattr(_exchange, "BEAT", 0.05)

    def meet(exchange):
        exchange.gather("here")
        if exchange.rank == 1:
            time.sleep(0.9)
        total = exchange.sum(np.arange(3))
        if exchange.rank == 1:
            exchange._in_use.acquire()  # no pulses
            time.sleep(1.7)
            exchange._in_use.release()
        return exchange.sum(total)

    with pytest.raises(SilentRank, match="Rank 1 hangs: no sign of life for 0.6 s"):
        on_ranks(meet, 3)


def test_a_stranger_who_hangs_up_disturbs_nobody():
    doors = [open_door("127.0.0.1") for _ in range(2)]
    addresses = [door.getsockname()[:2] for door in doors]
    stranger = socket.create_connection(addresses[0])
    stranger.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # hang up without a farewell
    stranger.close()
    with ThreadPoolExecutor(2) as pool:
        ranks = list(pool.map(lambda rank: connect(rank, doors[rank], addresses, TOKEN, patience=10.0), range(2)))
        assert list(pool.map(lambda exchange: exchange.gather(exchange.rank), ranks)) == [[0, 1], [0, 1]]
    for exchange in ranks:
        exchange.close()


def test_who_does_not_come_is_told_and_strangers_are_not_let_in():
    doors = [open_door("127.0.0.1") for _ in range(2)]
    addresses = [door.getsockname()[:2] for door in doors]
    stranger = connect(1, doors[1], addresses, b"another token 16", patience=1.0)
    with pytest.raises(LostRank, match=r"Ranks \[1\] of the fit did not come within 0.3 s"):
        connect(0, doors[0], addresses, TOKEN, patience=0.3)
    stranger.close()
