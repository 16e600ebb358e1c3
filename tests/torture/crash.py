"""The daemon ends without a word: SIGKILL under load, plain restarts, and the power gone in a kernel of its own."""
import contextlib
import os
import pathlib
import random
import shutil
import signal
import subprocess
import tempfile
import time

from rig import DOORS_MS_MAX, READY_MS_MAX, Gate, Load, broken, harness, is_quiet

HERE = pathlib.Path(__file__).resolve().parent
GPIO = HERE.parent / "gpio"
IMAGE_BYTES = 64 << 20
CLOCK_STEPS = 7  # of guest_power.py


def kill(rng, rounds):
    """SIGKILL at random moments under load."""
    quiet, doors, ready, wrong = is_quiet(), [], [], []
    with Gate() as gate:
        gate.start()
        with Load(gate) as load:
            for _ in range(rounds):
                goal = load.acts + rng.randint(1, 8)
                harness.wait_until("load", lambda goal=goal: load.acts >= goal)
                time.sleep(rng.random() * 0.02)
                gate.kill()
                first, second = gate.start_timed()
                doors.append(first)
                ready.append(second)
        wrong += broken(gate, load.added, load.removed)
        gate.exit_locks()
        gate.stop()
    quiet = quiet and is_quiet()
    if quiet and max(doors) > DOORS_MS_MAX:
        wrong.append(f"doors after {max(doors):.0f} ms")
    if quiet and max(ready) > READY_MS_MAX:
        wrong.append(f"log after {max(ready):.0f} ms")
    return {"kills": rounds, "acts": load.acts, "acknowledged": len(load.added) + len(load.removed),
            "doors_ms_max": round(max(doors), 1), "ready_ms_max": round(max(ready)), "times_judged": quiet, "wrong": wrong}


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
        wrong += broken(gate, {id_ for word, id_ in lines if word == "added"}, {id_ for word, id_ in lines if word == "removed"})
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


def clock(rng, rounds):
    """The clock set back, forward and over both changes of summer time, in a kernel of its own: doors keep their times."""
    def case(folder, image):
        acknowledged = folder / "acknowledged"
        words = ["GH_CASE=clock", f"GH_BUILD_DIR={harness.BUILD}", f"GH_ACK={acknowledged}",
                 f"ubd0={image}"]
        done = subprocess.run([str(GPIO / "boot"), str(HERE / "guest"), *words], capture_output=True, text=True, timeout=180, check=False)
        if done.returncode != 0:
            return {"wrong": [f"ended with {done.returncode}: {(done.stdout + done.stderr)[-1500:]}"]}
        lines = [line.split() for line in acknowledged.read_text().splitlines()]
        wrong, events = look_after(folder, image, lines)
        told = [e for e in events if e["type"] == "clock.stepped"]
        if len(told) < CLOCK_STEPS - 1:  # the last may come when the daemon already ends
            wrong.append(f"{len(told)} of {CLOCK_STEPS} steps are in the log")
        return {"steps": CLOCK_STEPS, "told": len(told), "acknowledged": len(lines), "wrong": wrong}

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
