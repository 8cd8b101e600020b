import math
import multiprocessing
import os
import signal
import threading
import time
import warnings

import joblib
import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from skensemble import NewtonBoostingRegressor, RandomForestRegressor, _parallel
from skensemble._jit import kernel
from skensemble._parallel import (
    effective_n_jobs,
    for_blocks,
    for_each_with_own,
    helper_pool,
    in_order,
    thread_pool,
    threads_here,
)
from skensemble._team import (
    APART,
    FIRST_LANE,
    MAX_CHUNKS,
    dismiss_team,
    finish_chunk,
    is_dismissed,
    open_job,
    take_chunk,
    team_words,
    wait_for_chunks,
)
from skensemble.tree.histogram import _team_growing
from skensemble.tree.histogram._growing import grow_nodes
from skensemble.tree.histogram._grown_trees import GrownTree
from tests.deadlocks import PATIENCE, in_time
from tests.tree.random_tables import assert_same_tree, fine_targets, new_grower, random_table

# -- how many threads ------------------------------------------------------------------------------------------------


THREADS_OF_ENVIRONMENT = ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "LOKY_MAX_CPU_COUNT")


@pytest.fixture
def eight_cores(monkeypatch):
    """A machine with 8 cores, whose environment and OpenMP set no limit."""
    for name in THREADS_OF_ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    monkeypatch.setattr(_parallel, "_quota_of_cgroups", lambda: math.inf)
    monkeypatch.setattr(_parallel, "_limit_of_openmp", lambda: 8)


def test_default_is_all_cores(eight_cores):
    assert effective_n_jobs(None) == effective_n_jobs(-1) == 8
    assert effective_n_jobs(-2) == 7
    assert effective_n_jobs(-1000) == 1
    assert [effective_n_jobs(n) for n in (1, 3, 50)] == [1, 3, 50]


def test_as_many_cores_as_joblib_finds():
    assert effective_n_jobs(-1) == joblib.cpu_count()


def test_none_is_a_number_of_threads_that_can_run():
    """Of this machine, whatever limits it."""
    assert type(effective_n_jobs(None)) is int
    assert 1 <= effective_n_jobs(None) <= effective_n_jobs(-1)


@pytest.mark.parametrize("name", ["OMP_NUM_THREADS", "NUMBA_NUM_THREADS"])
@pytest.mark.parametrize(
    ("text", "n_threads"), [("3", 3), (" 2 ", 2), ("4,2", 4), ("100", 8), ("0", 8), ("-1", 8), ("many", 8), ("", 8)]
)
def test_none_heeds_the_environment(eight_cores, monkeypatch, name, text, n_threads):
    monkeypatch.setenv(name, text)
    assert effective_n_jobs(None) == n_threads
    assert [effective_n_jobs(n) for n in (-1, -2, 1, 6, 50)] == [8, 7, 1, 6, 50]


def test_the_smallest_limit_counts(eight_cores, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    monkeypatch.setenv("NUMBA_NUM_THREADS", "3")
    with joblib.parallel_config(n_jobs=4):
        assert effective_n_jobs(None) == 3
    monkeypatch.setattr(_parallel, "_limit_of_openmp", lambda: 2)
    assert effective_n_jobs(None) == 2


@pytest.mark.parametrize(
    ("settings", "n_threads"),
    [
        ({"n_jobs": 1}, 1),
        ({"n_jobs": 3}, 3),
        ({"n_jobs": 100}, 8),
        ({"n_jobs": -1}, 8),
        ({"n_jobs": -2}, 7),
        ({"n_jobs": None}, 8),
        ({"backend": "threading", "n_jobs": 2}, 2),
        ({"backend": "threading"}, 8),
        ({"prefer": "threads", "n_jobs": 4}, 4),
        ({"require": "sharedmem"}, 8),
    ],
)
def test_none_heeds_the_context_of_joblib(eight_cores, settings, n_threads):
    with joblib.parallel_config(**settings):
        assert effective_n_jobs(None) == n_threads
        assert [effective_n_jobs(n) for n in (-1, -2, 1, 6, 50)] == [8, 7, 1, 6, 50]
    assert effective_n_jobs(None) == 8


def test_none_heeds_threadpoolctl():
    with threadpool_limits(1):
        assert effective_n_jobs(None) == 1
        assert effective_n_jobs(-1) == joblib.cpu_count()
        assert effective_n_jobs(3) == 3
    before = effective_n_jobs(None)
    with threadpool_limits(1, user_api="blas"):
        assert effective_n_jobs(None) == before


@pytest.mark.parametrize("n_jobs", [None, -1])
def test_affinity_is_heeded_at_once(eight_cores, monkeypatch, n_jobs):
    assert effective_n_jobs(n_jobs) == 8
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {2, 5}, raising=False)
    assert effective_n_jobs(n_jobs) == 2


@pytest.mark.parametrize("n_jobs", [None, -1])
def test_quota_is_heeded(eight_cores, monkeypatch, n_jobs):
    monkeypatch.setattr(_parallel, "_quota_of_cgroups", lambda: 3)
    assert effective_n_jobs(n_jobs) == 3
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "2")
    assert effective_n_jobs(n_jobs) == 2


OF_V1 = "5:memory:/box\n4:cpu,cpuacct:/box/inner\n1:name=systemd:/box\n"
OF_V2 = "0::/box/inner\n"
QUOTAS = {
    "v2, its own": (OF_V2, {"box/inner/cpu.max": "150000 100000"}, 2),
    "v2, the smallest above it": (OF_V2, {"box/inner/cpu.max": "400000 100000", "box/cpu.max": "300000 100000"}, 3),
    "v2, of a container whose path is the host's": (OF_V2, {"cpu.max": "100000 50000"}, 2),
    "v2, less than a core": (OF_V2, {"box/inner/cpu.max": "1000 100000"}, 1),
    "v2, no quota": (OF_V2, {"box/inner/cpu.max": "max 100000", "box/cpu.max": "max 100000"}, math.inf),
    "v2, beside v1": ("1:cpu:/\n0::/box\n", {"unified/box/cpu.max": "200000 100000"}, 2),
    "v1, its own": (OF_V1, {"cpu,cpuacct/box/inner": (250000, 100000)}, 3),
    "v1, above it": (OF_V1, {"cpu,cpuacct/box": (100000, 100000), "cpu,cpuacct/box/inner": (-1, 100000)}, 1),
    "v1, under its short name": (OF_V1, {"cpu": (200000, 100000)}, 2),
    "v1, no quota": (OF_V1, {"cpu,cpuacct/box/inner": (-1, 100000), "cpu,cpuacct": (-1, 100000)}, math.inf),
    "v1, of another controller": ("5:memory:/box\n", {"cpu/box": (100000, 100000)}, math.inf),
    "broken": (OF_V2, {"box/inner/cpu.max": "a lot"}, math.inf),
    "no such files": (OF_V2, {}, math.inf),
    "no groups": (None, {"cpu.max": "100000 100000"}, math.inf),
}


@pytest.mark.parametrize("name", QUOTAS)
def test_quota_of_cgroups(tmp_path, name):
    membership, files, quota = QUOTAS[name]
    texts = {}
    for path, content in files.items():
        parts = {"": content} if isinstance(content, str) else dict(zip(("quota", "period"), content))
        texts |= {path if part == "" else f"{path}/cpu.cfs_{part}_us": f"{text}\n" for part, text in parts.items()}
    for path, text in texts.items():
        (tmp_path / "mount" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "mount" / path).write_text(text)
    if membership is not None:
        (tmp_path / "membership").write_text(membership)
    assert _parallel._quota_of_cgroups(str(tmp_path / "mount"), str(tmp_path / "membership")) == quota


@pytest.mark.parametrize("estimator", [RandomForestRegressor, NewtonBoostingRegressor])
@pytest.mark.parametrize(("limit", "n_jobs", "is_alone"), [(1, None, True), (1, 2, False)])
def test_estimators_heed_the_limits(eight_cores, monkeypatch, estimator, limit, n_jobs, is_alone):
    pools = {}
    monkeypatch.setattr(_parallel, "_pools", pools)
    X = np.random.default_rng(0).normal(size=(5000, 8))
    with joblib.parallel_config(n_jobs=limit):
        estimator(n_estimators=3, n_jobs=n_jobs).fit(X, X[:, 0]).predict(X)
    assert (not pools) == is_alone
    for pool in pools.values():
        pool.shutdown()


def _n_jobs_of_worker(_=None):
    return effective_n_jobs(None), effective_n_jobs(-1), effective_n_jobs(5)


@pytest.mark.parametrize("backend", ["threading", "multiprocessing"])
def test_workers_do_not_multiply(backend):
    results = joblib.Parallel(n_jobs=2, backend=backend)(joblib.delayed(_n_jobs_of_worker)() for _ in range(2))
    assert results == [(1, 1, 5)] * 2


def test_sequential_joblib_leaves_everything():
    (result,) = joblib.Parallel(n_jobs=1)([joblib.delayed(_n_jobs_of_worker)()])
    assert result == _n_jobs_of_worker()


# -- the pool --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n_threads", [1, 2, 5])
@pytest.mark.parametrize(("n", "block"), [(0, 4), (1, 4), (4, 4), (5, 4), (23, 4)])
def test_for_blocks(n, block, n_threads):
    done = for_blocks(lambda start, stop: list(range(start, stop)), n, block, n_threads)
    assert [i for part in done for i in part] == list(range(n))
    assert all(len(part) <= block for part in done)


@pytest.mark.parametrize("n_threads", [1, 3])
def test_for_blocks_raises_what_a_block_raises(n_threads):
    def fail(start, stop):
        raise ValueError(f"block at {start}")

    with pytest.raises(ValueError, match="block at 0"):
        for_blocks(fail, 10, 5, n_threads)


@pytest.mark.parametrize("n_tools", [1, 2, 3])
def test_a_tool_is_in_one_call_at_a_time(n_tools):
    in_use = [threading.Lock() for _ in range(n_tools)]

    def call(tool, k):
        assert tool.acquire(blocking=False)
        time.sleep(0.001)
        tool.release()
        return k

    assert for_each_with_own(in_use, call, 10) == list(range(10))


def test_one_thread_starts_none():
    threads = []
    for_blocks(lambda start, stop: threads.append(threading.current_thread()), 10, 2, 1)
    assert set(threads) == {threading.current_thread()}


def test_pool_is_made_once():
    assert thread_pool(2) is thread_pool(2)
    assert thread_pool(2) is not thread_pool(3)


def _products(n, n_threads, of_block=lambda start: start):
    """Blocks of one number each, inside blocks of one number each: of_block(0) * 0, of_block(0) * 1, ..."""

    def row(start, _):
        return for_blocks(lambda first, _: of_block(start) * first, n, 1, n_threads)

    return for_blocks(row, n, 1, n_threads)


@pytest.mark.parametrize("n_threads", [2, 3])
def test_blocks_inside_blocks(n_threads):
    assert in_time(lambda: _products(8, n_threads)) == _products(8, 1)


def test_blocks_inside_blocks_of_another_pool():
    """Pools that call each other would wait for each other as one does for itself."""

    def nest(n_threads, depth):
        def block(start, _):
            return start if depth == 0 else nest(5 - n_threads, depth - 1)

        return for_blocks(block, 6, 1, n_threads)

    assert in_time(lambda: nest(2, 3))[0][0] == [list(range(6))] * 6


def test_nested_blocks_stay_in_their_thread():
    """In order, too: what one of them leaves behind, the next may use."""
    meet = threading.Barrier(2)

    def outer(start, _):
        meet.wait(PATIENCE)
        own, seen = threading.current_thread(), []
        for_blocks(lambda first, _: seen.append((threading.current_thread() is own, first)), 5, 1, 2)
        return seen

    assert in_time(lambda: for_blocks(outer, 2, 1, 2)) == [[(True, i) for i in range(5)]] * 2


def test_a_worker_has_one_thread():
    assert threads_here(4) == 4
    assert in_time(lambda: thread_pool(2).submit(threads_here, 4).result()) == 1
    assert threads_here(4) == 4


def test_nested_blocks_raise_what_a_block_raises():
    def fail(start):
        raise ValueError(f"block at {start}")

    with pytest.raises(ValueError, match="block at 0"):
        in_time(lambda: _products(4, 2, fail))


def test_blocks_inside_trees_that_are_grown_in_order():
    """As those of a forest: yielded one by one, while the pool is at the others."""

    def grow(t):
        return t + sum(for_blocks(lambda first, _: first, 3, 1, 2))

    assert in_time(lambda: list(in_order(grow, range(7), 2))) == [t + 3 for t in range(7)]


def test_user_threads_nest_at_once():
    done = [[] for _ in range(4)]
    threads = [threading.Thread(target=lambda own=own: own.append(_products(8, 2)), daemon=True) for own in done]

    def run():
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return done

    assert in_time(run) == [[_products(8, 1)]] * 4


def test_joblib_threads_nest_at_once():
    def run():
        return joblib.Parallel(n_jobs=2, backend="threading")(joblib.delayed(_products)(6, 2) for _ in range(3))

    assert in_time(run) == [_products(6, 1)] * 3


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_nested_blocks_after_fork():
    """Also in a child of a worker, whose only thread then is no worker."""
    expected = _products(6, 1)

    def fork_and_nest():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if child == 0:
            signal.alarm(PATIENCE)
            ok = threads_here(2) == 2 and _products(6, 2) == expected
            os._exit(0 if ok else 1)
        return os.waitpid(child, 0)[1]

    in_time(lambda: _products(6, 2))  # the parent has a pool
    assert in_time(fork_and_nest) == 0
    assert in_time(lambda: thread_pool(2).submit(fork_and_nest).result()) == 0


# -- the team, by itself ---------------------------------------------------------------------------------------------


def test_chunks_are_taken_once_each():
    team = np.zeros(team_words(1), np.int64)
    assert take_chunk(team, 0, 1) == -1
    for n_chunks in (3, 1, 100):
        open_job(team, n_chunks, 1)
        assert [take_chunk(team, 0, 1) for _ in range(n_chunks)] == list(range(n_chunks))
        assert take_chunk(team, 0, 1) == take_chunk(team, 0, 1) == -1
        for _ in range(n_chunks):
            finish_chunk(team)
        wait_for_chunks(team, n_chunks)


@pytest.mark.parametrize(
    ("n_chunks", "lane", "expected"),
    [
        (7, 0, [0, 1, 2, 3, 4, 5, 6]),
        (7, 1, [2, 3, 4, 5, 6, 0, 1]),
        (7, 2, [4, 5, 6, 0, 1, 2, 3]),
        (2, 1, [0, 1]),  # of three lanes, the first is empty: the chunks are at the ends of the others
        (2, 2, [1, 0]),
    ],
)
def test_own_lane_first_then_what_the_others_left(n_chunks, lane, expected):
    team = np.zeros(team_words(3), np.int64)
    for _ in range(2):
        open_job(team, n_chunks, 3)
        assert [take_chunk(team, lane, 3) for _ in range(n_chunks + 1)] == [*expected, -1]


def test_lanes_share_what_is_left():
    team = np.zeros(team_words(2), np.int64)
    open_job(team, 6, 2)
    assert [take_chunk(team, lane, 2) for lane in (1, 0, 1, 1, 1, 1, 0)] == [3, 0, 4, 5, 1, 2, -1]


def test_words_of_a_team_share_no_cache_line():
    """Whatever stands in memory beside a team's words, and wherever its lines begin."""
    assert team_words(3) * 8 >= (FIRST_LANE + 2 * APART) * 8 + 128
    assert APART * 8 >= 128
    assert FIRST_LANE * 8 >= 256


def test_as_many_chunks_as_a_ticket_can_number():
    team = np.zeros(team_words(1), np.int64)
    open_job(team, MAX_CHUNKS, 1)
    team[FIRST_LANE] += MAX_CHUNKS - 1
    assert [take_chunk(team, 0, 1), take_chunk(team, 0, 1)] == [MAX_CHUNKS - 1, -1]
    open_job(team, 1, 1)
    assert [take_chunk(team, 0, 1), take_chunk(team, 0, 1)] == [0, -1]


def test_dismissed_team_finds_no_work():
    team = np.zeros(team_words(2), np.int64)
    open_job(team, 5, 2)
    assert not is_dismissed(team)
    dismiss_team(team, 2)
    assert is_dismissed(team)
    for lane in (0, 1) * 5:
        assert take_chunk(team, lane, 2) == -1
    assert is_dismissed(team)


def test_job_numbers_wrap_around():
    team = np.zeros(team_words(1), np.int64)
    team[FIRST_LANE] = ((1 << 20) - 1) << 40
    open_job(team, 2, 1)
    assert not is_dismissed(team)
    assert [take_chunk(team, 0, 1), take_chunk(team, 0, 1), take_chunk(team, 0, 1)] == [0, 1, -1]


@kernel
def lead_jobs(team, log, n_jobs, n_lanes):
    """Jobs of 1, 2, ..., 7, 1, ... chunks; log[job, chunk] counts who did it, with a value that helpers must see."""
    for job in range(n_jobs):
        n_chunks = job % 7 + 1
        log[job, 7] = job + 1  # the description of the job
        log[n_jobs, 0] = job
        open_job(team, n_chunks, n_lanes)
        chunk = take_chunk(team, 0, n_lanes)
        while chunk >= 0:
            work(log, log[n_jobs, 0], chunk)
            finish_chunk(team)
            chunk = take_chunk(team, 0, n_lanes)
        wait_for_chunks(team, n_chunks)
        for i in range(n_chunks):
            log[n_jobs, 1] += log[job, i]  # what others did must be visible now
    dismiss_team(team, n_lanes)


@kernel
def work(log, job, chunk):
    log[job, chunk] += log[job, 7]


@kernel
def help_with_jobs(team, log, n_jobs, lane, n_lanes):
    done = 0
    while not is_dismissed(team):
        chunk = take_chunk(team, lane, n_lanes)
        if chunk >= 0:
            work(log, log[n_jobs, 0], chunk)
            finish_chunk(team)
            done += 1
    return done


def run_team(n_jobs, n_helpers, n_lanes):
    team, log = np.zeros(team_words(n_lanes), np.int64), np.zeros((n_jobs + 1, 8), np.int64)
    lanes = [(1 + k) % n_lanes for k in range(n_helpers)]
    helpers = [thread_pool(3).submit(help_with_jobs, team, log, n_jobs, lane, n_lanes) for lane in lanes]
    lead_jobs(team, log, n_jobs, n_lanes)
    done = [helper.result(PATIENCE) for helper in helpers]
    return log, done


@pytest.mark.parametrize("n_lanes", [1, 2, 4])
def test_every_chunk_is_done_once_by_somebody(n_lanes):
    run_team(1, 1, n_lanes)
    n_jobs = 5000
    log, _ = run_team(n_jobs, 3, n_lanes)
    jobs, chunks = np.arange(n_jobs)[:, None], np.arange(7)
    expected = np.where(chunks <= jobs % 7, jobs + 1, 0)
    np.testing.assert_array_equal(log[:-1, :7], expected)
    assert log[-1, 1] == expected.sum()


# -- the team, growing trees -----------------------------------------------------------------------------------------


def new_task(seed, n_threads=2):
    """A grower with enough work for a team."""
    rng = np.random.default_rng(seed)
    table = random_table(rng, 4000, [40, 30, 20, 60] * 4)
    return new_grower(table, *fine_targets(rng, 1, 4000), max_depth=5, n_threads=n_threads)


def grow_in_worker(seed):
    tree = new_task(seed).tree(0)
    return tuple(tree)


def assert_as_alone(tree, seed):
    alone = new_task(seed, n_threads=1)
    assert_same_tree(GrownTree(*tree), alone.tree(0), alone.grower.binned.n_codes)


def test_threads_grow_at_once():
    tasks = [new_task(seed, n_threads=3) for seed in range(3)]
    trees = [[] for _ in tasks]

    def grow(task, trees):
        for _ in range(5):
            trees.append(task.tree(0))

    threads = [threading.Thread(target=grow, args=pair) for pair in zip(tasks, trees)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive()
    for seed, grown in enumerate(trees):
        for tree in grown:
            assert_as_alone(tree, seed)


def test_helpers_that_never_come():
    """All threads of the pool are busy, even with leaders that wait for helpers of their own."""
    release = threading.Event()
    timer = threading.Timer(PATIENCE, release.set)
    timer.start()
    busy = [helper_pool(2).submit(release.wait) for _ in range(2)]
    try:
        tree = new_task(0, n_threads=3).tree(0)
        assert not release.is_set()
        assert_as_alone(tree, 0)
    finally:
        release.set()
        timer.cancel()
        [task.result() for task in busy]


def test_trees_inside_the_pool_of_their_helpers():
    tasks = [new_task(seed, n_threads=3) for seed in range(6)]
    futures = [helper_pool(2).submit(task.tree, 0) for task in tasks]
    for seed, future in enumerate(futures):
        assert_as_alone(future.result(PATIENCE), seed)


def test_a_worker_asks_for_no_helpers(monkeypatch):
    task = new_task(0, n_threads=3)

    def fail(n_threads):
        raise AssertionError("a worker asks for a pool")

    pool = thread_pool(2)
    monkeypatch.setattr(_team_growing, "helper_pool", fail)
    assert_as_alone(in_time(lambda: pool.submit(task.tree, 0).result()), 0)


def test_helpers_stay_for_the_next_tree_until_they_are_sent_away():
    task = new_task(0)
    task.tree(0)
    team = task.grower._team
    (helper,) = team._helpers
    assert_as_alone(task.tree(0), 0)
    assert team._helpers == [helper] or helper.done()  # or it has waited for too long, and another has come
    helpers = list(team._helpers)
    team.dismiss()
    assert team._helpers == []
    assert all(helper.done() for helper in helpers)
    assert_as_alone(task.tree(0), 0)


def test_helpers_leave_when_their_team_is_forgotten():
    task = new_task(0)
    task.tree(0)
    helpers = list(task.grower._team._helpers)
    task.grower._team = None
    assert helpers
    assert all(helper.done() for helper in helpers)


def test_helpers_of_large_trees_leave_after_each(monkeypatch):
    monkeypatch.setattr(_team_growing, "STAY_ROWS", 1000)
    task = new_task(0)
    assert_as_alone(task.tree(0), 0)
    assert task.grower._team._helpers == []


def test_helper_that_comes_late():
    """One helper finds the pool free only while the tree is growing, or after."""
    for delay in (0.0, 0.001, 0.01):
        blocker = helper_pool(1).submit(time.sleep, delay)
        assert_as_alone(new_task(1).tree(0), 1)
        blocker.result()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_after_fork():
    parent = new_task(0).tree(0)  # the parent has threads now, the child will have none of them
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        with multiprocessing.get_context("fork").Pool(1) as pool:
            child = pool.apply_async(grow_in_worker, (0,)).get(PATIENCE)
    assert_as_alone(parent, 0)
    assert_as_alone(child, 0)


@pytest.mark.skipif(not hasattr(os, "register_at_fork"), reason="needs fork")
def test_fork_while_the_pool_is_being_made():
    with _parallel._pools_lock:
        child = os.fork()
        if child == 0:
            os._exit(0 if thread_pool(2).submit(lambda: 7).result(10) == 7 else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_under_joblib_threads():
    grown = joblib.Parallel(n_jobs=2, backend="threading")(joblib.delayed(grow_in_worker)(seed) for seed in range(3))
    for seed, tree in enumerate(grown):
        assert_as_alone(tree, seed)


def _n_jobs_and_tree(seed):
    return _n_jobs_of_worker(), grow_in_worker(seed)


def test_under_loky():
    with joblib.parallel_config("loky", inner_max_num_threads=3):
        results = joblib.Parallel(n_jobs=2)(joblib.delayed(_n_jobs_and_tree)(seed) for seed in range(3))
    for seed, (n_jobs, tree) in enumerate(results):
        assert n_jobs == (3, 3, 5)
        assert_as_alone(tree, seed)


def test_leader_that_fails_dismisses_its_team(monkeypatch):
    def fail(lane, *arguments):
        if lane == 0:
            raise KeyboardInterrupt
        return grow_nodes(lane, *arguments)

    task = new_task(0)
    with monkeypatch.context() as patch:
        patch.setattr(_team_growing, "grow_nodes", fail)
        with pytest.raises(KeyboardInterrupt):
            task.tree(0)
    assert is_dismissed(task.grower._memory.arrays["team"])
    assert_as_alone(task.tree(0), 0)
