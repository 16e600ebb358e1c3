"""What is round the daemon fails: broker, camera, clock, memory; a day of work; and all of it at once."""
import errno
import os
import pathlib
import random
import re
import shutil
import subprocess
import tempfile
import time

from rig import SHIMS, Gate, broken, gate_on, harness
from load import Load, Worker

DAY = {"exits": 4000, "openings": 2000, "people": 200, "looks": 2000}  # what a busy gate sees in 24 hours
LOOKS = ("status", "events?limit=100", "people", "doors", "report")
HOURS, CLOCK_FACTOR = 24, 288


def broker(rng, rounds):
    """The broker is killed and comes back under load: every event arrives, in order."""
    with Gate() as gate, harness.Broker(gate.folder, record=False) as server:
        server.start()
        gate.config["mqtt"] = {"brokers": [f"127.0.0.1:{server.port}"]}
        gate.start()
        with Load(gate, 0.01) as load:
            for _ in range(rounds):
                time.sleep(rng.random() * 0.3)
                server.kill()
                gate.exit_works()
                load.more(5)
                server.start()
        last = gate.last_seq()
        harness.wait_until("all to be sent", lambda: gate.status()["mqtt"]["acknowledged"] >= last, 60)
        wrong = broken(gate, load)
        gate.stop()
    return {"outages": rounds, "events": last, "wrong": wrong}


def camera(rng, rounds):
    """Cameras that are not there, that give rubbish, and whose film changes to rubbish while it plays."""
    wrong = []
    with Gate() as gate:
        junk = gate.folder / "junk.mp4"
        junk.write_bytes(rng.randbytes(200_000))
        gate.config["doors"][0]["release_ms"] = 400  # long enough to be seen on a busy machine
        gate.config["cameras"] = [{"name": "gone", "role": "facade", "source": "file:/nowhere"},
                                  {"name": "junk", "role": "facade", "source": f"file:{junk}"},
                                  {"name": "deaf", "role": "facade", "source": f"rtsp://127.0.0.1:{harness.free_port()}/a"}]
        gate.start()
        for _ in range(rounds):
            junk.write_bytes(rng.randbytes(rng.randint(0, 500_000)))
            gate.exit_works()
            gate.exit_locks()
        for name in ("gone", "junk", "deaf"):
            gate.wait_event("camera.lost", where=lambda e, name=name: e["source"] == f"camera/{name}")
        wrong += broken(gate)
        gate.stop()
    return {"cameras": 3, "exits": rounds, "wrong": wrong}


def days_work(rng, percent):
    work = [kind for kind, count in DAY.items() for _ in range(count * percent // 100)]
    rng.shuffle(work)
    return work


def do(connection, kind, look):
    if kind == "exits":
        for level in ("active", "inactive"):
            connection.call("POST", "board/lines/main-exit", {"level": level})
    elif kind == "openings":
        connection.call("POST", "doors/main/open")
    elif kind == "people":
        person = connection.call("POST", "people", {"name": "Somebody"})[1]["id"]
        connection.call("DELETE", f"people/{person}")
    else:
        connection.call("GET", look)


def growth(samples):
    """What grew from the first fifth of (descriptors, threads, kB) to the last, by more than coming and going explains."""
    part, wrong = max(4, len(samples) // 5), []
    early, late = samples[:part], samples[-part:]
    for index, name, room in ((0, "descriptors", 2), (1, "threads", 0), (2, "memory", 4096)):
        if min(s[index] for s in late) > max(s[index] for s in early) + room:
            wrong.append(f"{name} grow from {max(s[index] for s in early)} to {min(s[index] for s in late)}")
    return wrong


def measured(samples):
    """First and last, and the most there ever was."""
    return {name: [samples[0][index], samples[-1][index], max(s[index] for s in samples)]
            for index, name in enumerate(("fds", "threads", "rss_kb"))}


def soak(rng, percent):
    """A day's acts, one after another: memory, descriptors and threads stay what they were after its first tenth."""
    samples, work = [], days_work(rng, percent)
    with Gate() as gate:
        gate.config["doors"][0]["release_ms"] = 400  # long enough to be seen on a busy machine
        gate.config["api"]["listen"] = f"127.0.0.1:{harness.free_port()}"
        gate.start()
        harness.wait_until("the models", lambda: re.search("models are ready|is missing", gate.process.log))  # they are memory
        connection = gate.connection()
        for number, kind in enumerate(work):
            do(connection, kind, rng.choice(LOOKS))
            if number % max(1, len(work) // 20) == 0:
                samples.append(gate.counts())
        connection.close()
        wrong = broken(gate)
        gate.stop()
    samples = samples[2:]
    return {"acts": len(work), "part_of_day_percent": percent, **measured(samples), "wrong": wrong + growth(samples)}


class Shift(Worker):
    """A day's acts at their times on a clock that runs fast; one that goes unanswered is done again."""

    def __init__(self, gate, rng):
        super().__init__(gate)
        self.rng, self.work, self.began = rng, days_work(rng, 100), time.monotonic()

    def act(self, connection):
        if self.acts < len(self.work):
            due = self.began + self.acts * HOURS * 3600 / CLOCK_FACTOR / len(self.work)
            self.ended.wait(max(0, due - time.monotonic()))
            do(connection, self.work[self.acts], self.rng.choice(LOOKS))
        else:
            self.ended.wait(0.1)


def day(rng, hours):
    """24 hours on a clock that runs fast, with their acts: anchors, the log's age and the rest come by themselves, nothing grows."""
    env, samples = {"LD_PRELOAD": str(SHIMS / "clock_shim.so"), "GH_CLOCK_FACTOR": str(CLOCK_FACTOR)}, []
    with Gate(env, storage={"keep_days": 1, "slow_ms": 10000}) as gate, harness.Broker(gate.folder, record=False) as server:
        server.start()
        gate.config["mqtt"] = {"brokers": [f"127.0.0.1:{server.port}"]}
        gate.start(log_ready=False)
        harness.wait_until("the models", lambda: re.search("models are ready|is missing", gate.process.log))
        with Shift(gate, rng) as shift:
            for _ in range(hours):
                time.sleep(3600 / CLOCK_FACTOR)
                samples.append(gate.counts())
        gate.stop()
        gate.env, gate.config["storage"] = None, {"keep_days": 0}  # what is left is looked at in true time
        gate.config["mqtt"]["brokers"] = []
        gate.start()
        log, wrong = gate.events(), growth(samples[1:])
        if [e["seq"] for e in log] != list(range(log[0]["seq"], log[0]["seq"] + len(log))) or not gate.verify()["ok"]:
            wrong.append("the log is not whole")
        gate.stop()
    anchors = sum(e["type"] == "audit.anchor" for e in log)
    if anchors < 2:  # one each day, one at the end
        wrong.append("no daily anchor")
    if log[0]["seq"] == 1:
        wrong.append("nothing of the log was too old")
    return {"hours": hours, "acts": shift.acts, "dropped_rows": log[0]["seq"] - 1, "anchors": anchors, **measured(samples[1:]), "wrong": wrong}


def where(program, offset):
    """File and line of whoever asked, and of those it was inlined into."""
    call = f"{int(offset, 16) - 1:x}"
    done = subprocess.run(["addr2line", "-i", "-e", str(program), call], capture_output=True, text=True, check=False)
    return [line.strip() for line in done.stdout.splitlines()]


def run_test(program, nth, folder, also):
    """(how it ended, number of allocations, file and line that were refused)"""
    out = folder / "out"
    env = dict(os.environ, LD_PRELOAD=str(SHIMS / "memory_shim.so"), GH_ALLOC_FAIL=str(nth), GH_ALLOC_OUT=str(out), GH_ALLOC_ALSO=also,
               GH_SOURCE_DIR=str(harness.SOURCE), GH_BUILD_DIR=str(harness.BUILD))
    try:
        done = subprocess.run([str(program)], capture_output=True, env=env, timeout=120, check=False, cwd=harness.SOURCE)
        ended = done.returncode
        if b"with exception" in done.stdout + done.stderr:  # cmocka catches the signal
            ended = -11
    except subprocess.TimeoutExpired:
        ended = "hangs"
    text = out.read_text() if out.exists() else ""
    count, failed = re.search(r"count (\d+)", text), re.search(r"failed ([0-9a-f]+)", text)
    return ended, int(count[1]) if count else 0, failed[1] if failed else None


# of each room, two quick ones first; the others play films or need a network; after a plus, a library whose allocations are refused, too
ROOMS = {"base": ["json", "ulid", "queue"], "hw": ["door", "reader", "wiegand", "board"], "vision": ["ring", "threshold_calibration", "match", "face_engine", "face_engine+libopencv"],
         "mqtt": ["command", "topics", "retained"],
         "daemon": ["config", "event", "crypto", "roster", "schedule", "pass", "policy", "access_rules", "session", "alert", "retention", "audit",
                    "store_roster", "api_csv"]}


def order_of(rng, count, most):
    """Which allocations are refused, in whatever order, should the time run out: each; of very many mostly early ones."""
    if count < 100 * most:
        return rng.sample(range(1, count + 1), min(count, most))
    return [int(count ** rng.random()) for _ in range(most)]


def refuse_in(rng, name, rounds, folder):
    """(refused, what was wrong) in one unit test; (None, []) when it cannot run here"""
    test, _, also = name.partition("+")
    program, refused, wrong = harness.BUILD / "tests" / f"test_{test}", 0, []
    ended, count, _ = run_test(program, 0, folder, also) if program.exists() else (None, 0, None)
    if ended != 0:
        return None, []  # skips itself, or needs what is not here
    until = time.monotonic() + rounds / 2
    for nth in order_of(rng, count, rounds):
        if time.monotonic() > until:
            break
        ended, _, address = run_test(program, nth, folder, also)
        refused += 1
        if ended == "hangs" or (isinstance(ended, int) and ended < 0):
            frames = where(program, address) if address else ["?"]
            if not any("/tests/" in frame for frame in frames):  # a test need not check its own
                wrong.append(f"test_{name}, allocation {nth} ({', '.join(pathlib.Path(f).name for f in frames)}): {ended}")
    return refused, wrong


def memory(rng, rounds):
    """Each allocation of our own C and C++, and some of OpenCV's, refused in turn in each room's tests: an error, no crash, no hang."""
    wrong, refused, tests, folder = [], 0, 0, pathlib.Path(tempfile.mkdtemp(prefix="gatehouse-memory-"))
    names = [name for room in ROOMS.values() for name in room] if rounds > 100 else [rng.choice(room[:2]) for room in ROOMS.values()]
    for name in names:
        count, more = refuse_in(rng, name, rounds, folder)
        if count is not None:
            tests, refused, wrong = tests + 1, refused + count, wrong + more
    shutil.rmtree(folder)
    return {"rooms": len(ROOMS), "tests": tests, "refused": refused, "wrong": wrong}


def everything(rng, rounds):
    """Broker gone, camera rubbish, disk slow and failing, SIGKILL, all at once; then all is well again, and nothing is lost."""
    wrong = []
    with gate_on() as gate, harness.Broker(gate.folder, record=False) as server:
        junk = gate.folder / "junk.mp4"
        junk.write_bytes(random.Random(1).randbytes(100_000))
        gate.config["cameras"] = [{"name": "junk", "role": "facade", "source": f"file:{junk}"}]
        gate.config["mqtt"] = {"brokers": [f"127.0.0.1:{server.port}"]}
        gate.start()
        with Load(gate, 0.005) as load:
            for _ in range(rounds):
                server.start()
                gate.disk.set("slow_us", rng.randint(0, 300) * 1000)
                gate.disk.fail(rng.randint(1, 30), rng.randint(1, 20), rng.choice((errno.EIO, errno.ENOSPC, errno.EROFS)))
                time.sleep(0.3 * rng.random())
                server.kill()
                gate.kill()
                gate.disk.fail(rng.randint(1, 10), rng.randint(1, 5), errno.EIO)  # while it starts, too
                gate.start(log_ready=False)
                gate.exit_works()
                if rng.random() < 0.5:  # a breath, so that there is something to lose
                    gate.disk.mend()
                    gate.disk.set("slow_us", 0)
                    load.more(5)
        gate.disk.mend()
        gate.disk.set("slow_us", 0)
        server.start()
        harness.wait_until("the log", lambda: gate.storage() == "ok", 60)
        harness.wait_until("rest", lambda: gate.status()["mqtt"]["acknowledged"] >= gate.last_seq(), 60)
        wrong += broken(gate, load)
        if list(gate.state.glob("*.corrupt-*")):
            wrong.append("a healthy file was set aside")
        gate.stop()
    return {"rounds": rounds, "acts": load.acts, "acknowledged": load.acknowledged, "wrong": wrong}
