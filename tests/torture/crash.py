"""The daemon ends without a word: SIGKILL under load, plain restarts, and the power gone in a kernel of its own."""
import collections
import contextlib
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import tempfile
import time
import types

from rig import DOORS_MS_MAX, READY_MS_MAX, Gate, broken, broken_orders, harness, is_quiet
from load import Load, Orders
from signer import Key

HERE = pathlib.Path(__file__).resolve().parent
GPIO = HERE.parent / "gpio"
IMAGE_BYTES = 64 << 20
THROW_EVERY = 5  # kills, of which one comes while a throw is recorded
CLOCK_STEPS = 7  # of guest_power.py


def throw_film(gate):
    """A facade on which somebody throws something, over and over; whether it could be drawn."""
    maker, film = harness.BUILD / "tests" / "scene_make", gate.folder / "facade.mp4"
    if not maker.exists():
        return False
    subprocess.run([str(maker), "--seed", "7", "--width", "640", "--height", "360", "--seconds", "6", "--throw", "2,5,3,bottle",
                    "--out", str(film), "--truth", str(film.with_suffix(".csv"))], check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL)
    gate.config["litter"] = {"pre_roll_s": 1, "post_roll_s": 0}
    gate.config["cameras"] = [{"name": "facade", "role": "facade", "source": f"file:{film}", "loop": True,
                               "calibration": json.loads(film.with_suffix(".json").read_text())["calibration"]}]
    return True


def wait_throw(gate, load, until_shown):
    """Until the next throw's files begin to be written, or its event was shown."""
    def found():
        if until_shown:
            return {seq for seq, event in load.shown.copy().items() if event["type"].startswith("litter.")}
        return {path.name for path in (gate.state / "evidence").glob("**/*")}

    before = found()
    harness.wait_until("the evidence of a throw", lambda: found() - before, every_s=0.005)


@contextlib.contextmanager
def property_system(gate):
    """(broker, key) of somebody who may open the door by signed commands."""
    key = Key("desk")
    with harness.Broker(gate.folder, record=False) as broker:
        broker.start()
        gate.config["mqtt"] = {"brokers": [f"127.0.0.1:{broker.port}"],
                               "keys": [{"id": key.name, "public_key": key.public, "commands": ["door.open"]}]}
        yield broker, key


def give_card(gate, load):
    person = gate.call("POST", "people", {"name": "Resident"})[1]["id"]
    load.added.add(person)
    gate.gatectl("credential", "add", person, "card", str(load.CARD))


def kill(rng, rounds):
    """SIGKILL at random moments under load: entries, throws, signed commands, changes of the roster."""
    quiet, doors, ready, wrong = is_quiet(), [], [], []
    with Gate() as gate, property_system(gate) as (broker, key):
        throws = throw_film(gate)
        gate.config["board"]["inputs"] += [{"name": line, "debounce_ms": 0, "active": "low"} for line in ("d0", "d1")]
        gate.config["readers"] = [{"name": "in", "door": "main", "d0": "d0", "d1": "d1"}]
        gate.start()
        load, orders = Load(gate, reader="in"), Orders(gate, broker, key)
        give_card(gate, load)
        with load, orders:
            for number in range(rounds):
                load.more(rng.randint(1, 8))
                if throws and number % THROW_EVERY == 0:
                    wait_throw(gate, load, number % (2 * THROW_EVERY) == 0)
                time.sleep(rng.random() * 0.1)
                gate.kill()
                first, second = gate.start_timed()
                doors.append(first)
                ready.append(second)
            orders.more(1)
        log = gate.events()
        wrong += broken(gate, load) + broken_orders(log, orders)
        gate.exit_locks()
        gate.stop()
    quiet = quiet and is_quiet()
    if quiet and max(doors) > DOORS_MS_MAX:
        wrong.append(f"doors after {max(doors):.0f} ms")
    if quiet and max(ready) > READY_MS_MAX:
        wrong.append(f"log after {max(ready):.0f} ms")
    count = collections.Counter(event["type"] for event in log)
    return {"kills": rounds, "acts": load.acts, "acknowledged": load.acknowledged, "shown": len(load.shown),
            "entries": count["access.granted"], "throws": count["litter.detected"] + count["litter.suspected"],
            "commands": len(orders.answered), "doors_ms_max": round(max(doors), 1), "ready_ms_max": round(max(ready)),
            "times_judged": quiet, "wrong": wrong}


def restart(rng, rounds):
    """Plain ends and starts: nothing grows in the file's use, the chain holds."""
    with Gate() as gate:
        counts = []
        for _ in range(rounds):
            gate.start()
            for _ in range(rng.randint(1, 20)):
                gate.tap("main-exit")
            counts.append(gate.counts())
            gate.stop()
        gate.start()
        wrong = broken(gate)
        gate.stop()
    fds, threads = [c[0] for c in counts], [c[1] for c in counts]
    half = rounds // 2
    if rounds >= 10 and any(min(n[half:]) > max(n[:half]) for n in (fds, threads)):
        wrong.append("descriptors or threads grow")
    return {"restarts": rounds, "fds": [min(fds), max(fds)], "threads": [min(threads), max(threads)], "wrong": wrong}


def tree(pid):
    done = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    found = [int(word) for word in done.stdout.split()]
    return found + [grand for child in found for grand in tree(child)]


def cut_power(folder, image, acts):
    """Boot, let the daemon write to the image until that many acts were acknowledged, and pull the plug."""
    acknowledged, pid_file = folder / "acknowledged", folder / "kernel.pid"
    before = acknowledged.read_text().count("\n") if acknowledged.exists() else 0
    env = dict(os.environ, GH_KERNEL_PID=str(pid_file), GH_POWER_CUT="1")
    words = [f"GH_BUILD_DIR={harness.BUILD}", f"GH_ACK={acknowledged}", f"ubd0={image}"]
    child = subprocess.Popen([str(GPIO / "boot"), str(HERE / "guest"), *words], env=env, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True)
    try:
        harness.wait_until("acts in the kernel", lambda: child.poll() is not None or (
            acknowledged.exists() and acknowledged.read_text().count("\n") >= before + acts), 120, 0.005)
        if child.poll() is not None:
            raise AssertionError(f"the kernel ended by itself:\n{child.communicate()[0][-3000:]}")
        time.sleep(random.random() * 0.05)
    finally:
        with contextlib.suppress(OSError, ValueError):
            kernel = int(pid_file.read_text())
            for pid in [kernel, *tree(kernel)]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        child.communicate(timeout=60)
    return [line.split() for line in acknowledged.read_text().splitlines()]


def look_after(folder, image, lines):
    """What a second machine finds on the disk: the journal replayed, files intact, every promise kept. (wrong, events)"""
    done = subprocess.run(["e2fsck", "-fy", str(image)], capture_output=True, text=True, check=False)
    wrong = [] if done.returncode in (0, 1) else [f"e2fsck ends with {done.returncode}: {done.stdout[-300:]}"]
    with Gate() as gate:
        gate.state.rmdir()
        subprocess.run(["debugfs", "-R", f"rdump /state {gate.folder}", str(image)], capture_output=True, check=True)
        gate.state.chmod(0o700)
        gate.start()
        wrong += broken(gate, types.SimpleNamespace(added={id_ for word, id_ in lines if word == "added"}, shown={},
                                                    removed={id_ for word, id_ in lines if word == "removed"}))
        if list(gate.state.glob("*.corrupt-*")):
            wrong.append("gate.db was set aside")
        gate.exit_works()
        events = gate.events()
        gate.stop()
    return wrong, events


def on_disk(case):
    """case(folder, image), with an empty ext4 image; skipped without the kernel."""
    have = subprocess.run([str(GPIO / "kernel"), "--have"], capture_output=True, text=True, check=False)
    if have.returncode != 0:
        return {"skipped": have.stderr.strip(), "wrong": []}
    folder = pathlib.Path(tempfile.mkdtemp(prefix="gatehouse-power-", dir="/var/tmp"))
    image = folder / "disk.img"
    try:
        with open(image, "wb") as file:
            file.truncate(IMAGE_BYTES)
        subprocess.run(["mkfs.ext4", "-q", "-F", str(image)], check=True, capture_output=True)
        return case(folder, image)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def in_kernel(folder, image, case, **words):
    """One case of guest_power.py to its end, and what a second daemon finds then: (wrong, events, acknowledged)"""
    acknowledged = folder / "acknowledged"
    words = {"GH_CASE": case, "GH_BUILD_DIR": harness.BUILD, "GH_ACK": acknowledged, "ubd0": image, **words}
    done = subprocess.run([str(GPIO / "boot"), str(HERE / "guest"), *(f"{k}={v}" for k, v in words.items())], capture_output=True,
                          text=True, timeout=180, check=False)
    if done.returncode != 0:
        return [f"ended with {done.returncode}: {(done.stdout + done.stderr)[-1500:]}"], [], 0
    lines = [line.split() for line in acknowledged.read_text().splitlines()]
    wrong, events = look_after(folder, image, lines)
    return wrong, events, len(lines)


def clock(rng, rounds):
    """The clock set back, forward and over both changes of summer time, in a kernel of its own: doors keep their times."""
    def case(folder, image):
        wrong, events, count = in_kernel(folder, image, "clock")
        told = [e for e in events if e["type"] == "clock.stepped"]
        if len(told) < CLOCK_STEPS - 1:  # the last may come when the daemon already ends
            wrong.append(f"{len(told)} of {CLOCK_STEPS} steps are in the log")
        return {"steps": CLOCK_STEPS, "told": len(told), "acknowledged": count, "wrong": wrong}

    return on_disk(case)


def readonly(rng, rounds):
    """The kernel turns the ext4 disk read-only under the open files, and it is remounted: doors, alarm, recovery, no restart."""
    def case(folder, image):
        wrong, events, count = in_kernel(folder, image, "readonly", GH_ROUNDS=rounds)
        told = [e["type"] for e in events if e["type"] in ("storage.failed", "storage.restored")]
        if told != ["storage.failed", "storage.restored"] * rounds:
            wrong.append(f"told: {told}")
        starts = sum(e["type"] == "system.started" for e in events)
        if starts != 2:  # the second looked after it
            wrong.append(f"{starts} starts")
        return {"remounts": rounds, "alarms": told.count("storage.failed"), "acknowledged": count, "starts": starts - 1, "wrong": wrong}

    return on_disk(case)


def aborted(rng, rounds):
    """An ext4 error, after which the kernel lets nobody write: doors, alarm; after a repair nothing acknowledged is missing."""
    def case(folder, image):
        wrong, _, count = in_kernel(folder, image, "aborted")
        return {"acknowledged": count, "wrong": wrong}

    return on_disk(case)


def power(rng, rounds):
    """An ext4 image in the User-Mode Linux kernel, whose process is killed while the daemon writes."""
    def case(folder, image):
        wrong, lines = [], []
        for _ in range(rounds):  # the same disk from cut to cut
            lines = cut_power(folder, image, rng.randint(3, 40))
            wrong += look_after(folder, image, lines)[0]
        return {"cuts": rounds, "acknowledged": len(lines), "wrong": wrong}

    return on_disk(case)
