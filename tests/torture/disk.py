"""The disk fails: the n-th write or sync, all of them, slowly, for want of room, for good; and pages that rot."""
import contextlib
import errno
import math
import os
import pathlib
import subprocess
import tempfile
import time

from rig import Gate, alarms, broken, everybody, gate_on, harness, is_alarmed

PAGE = 4096


def one_fault(gate, nth, count, error):
    """@return (whether the n-th call came at all, what was wrong)"""
    wrong, before = [], gate.disk.get("calls")
    gate.exit_locks()
    gate.disk.fail(nth, count, error)
    added = gate.connection()
    added.request("POST", "/api/v1/people", b'{"name": "Somebody"}', {"Content-Type": "application/json"})  # waits for the disk
    if gate.exit_works() > 500:
        wrong.append(f"call {nth}: the exit button waited for the disk")
    if count > 1000:  # until it is mended
        harness.wait_until("the alarm", lambda: gate.storage() == "failed" or gate.disk.get("calls") - before < nth, 20)
        gate.disk.mend()
    answer = added.getresponse()
    answer.read()
    added.close()
    harness.wait_until("the log", lambda: gate.storage() == "ok", 30)
    gate.disk.mend()
    if answer.status not in (201, 503):  # 503: refused at once, because the disk was known to fail
        wrong.append(f"call {nth}: answered {answer.status}")
    return gate.disk.get("calls") - before >= nth, wrong


def faults(rng, rounds):
    """An error at the n-th write, sync or truncation of the databases, for every n; then all of them from there on."""
    wrong, done, released = [], 0, 0
    with gate_on() as gate:
        gate.config["doors"][0]["release_ms"] = 400  # long enough to be seen on a busy machine
        gate.start()
        for error, count in ((errno.EIO, 1), (errno.ENOSPC, 1), (errno.EIO, 1 << 40), (errno.EROFS, 1 << 40)):
            for nth in range(1, rounds + 1):
                came, more = one_fault(gate, nth, count, error)
                wrong += more
                done += came
                released += 1
                if not came:
                    break
        told = alarms(gate)
        if done and "storage.failed" not in told:
            wrong.append("no alarm")
        if len(gate.events("storage.restored")) != told.count("storage.failed"):
            wrong.append("not each failure was followed by a recovery")
        if list(gate.state.glob("*.corrupt-*")):
            wrong.append("a healthy file was set aside")
        wrong += broken(gate)
        gate.stop()
    return {"calls_failed": done, "exits": released, "alarms": told.count("storage.failed"), "starts": 1, "wrong": wrong}


def spread(name, times):
    """Half of them, and 99 of 100, were at most so long."""
    ranked = sorted(times)
    return {f"{name}_p50": round(ranked[(len(ranked) - 1) // 2], 1), f"{name}_p99": round(ranked[math.ceil(0.99 * len(ranked)) - 1], 1)}


def slow(rng, rounds):
    """Each sync takes seconds: doors do not wait, storage.slow is an alarm, nothing is lost."""
    wrong, times, grants = [], [], []
    with gate_on() as gate:
        gate.config["doors"][0]["release_ms"] = 400  # long enough to be seen on a busy machine
        gate.start()
        for _ in range(rounds):
            gate.exit_locks()
            gate.disk.set("slow_us", rng.randint(1000, 3000) * 1000)
            times.append(gate.exit_works())
            gate.exit_locks()
            with contextlib.closing(gate.connection()) as connection:  # a grant: waits for slow_ms, no longer
                grants.append(time.monotonic())
                connection.request("POST", "/api/v1/doors/main/open")
                harness.wait_until("the door", lambda: gate.door()["lock"] == "Unlocked", 1.0, 0.002)
                grants[-1] = (time.monotonic() - grants[-1]) * 1000
                gate.disk.set("slow_us", 0)
                connection.getresponse().read()
        gate.wait_event("storage.slow")
        wrong += broken(gate)
        gate.stop()
    return {"syncs_of_s": "1 to 3", "exits": rounds, "grants": rounds, **spread("exit_ms", times), **spread("grant_ms", grants),
            "wrong": wrong}


def full(rng, rounds):
    """A file system without room: the log is told as failing, doors go on, and with room again nothing is missing."""
    if os.geteuid() != 0:
        return {"skipped": "mounting needs root", "wrong": []}
    wrong, folder = [], pathlib.Path(tempfile.mkdtemp(prefix="gatehouse-full-"))
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m,mode=700", "tmpfs", str(folder)], capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        folder.rmdir()
        return {"skipped": f"mount: {done.stderr.strip()}", "wrong": []}
    try:
        with Gate(state_dir=str(folder)) as gate:
            gate.state = folder
            gate.config["doors"][0]["release_ms"] = 400  # long enough to be seen on a busy machine
            gate.start()
            for _ in range(rounds):
                with contextlib.suppress(OSError), open(folder / "filler", "wb", buffering=0) as filler:
                    while filler.write(bytes(PAGE)):  # the log takes its share meanwhile
                        pass
                os.truncate(folder / "filler", max(0, (folder / "filler").stat().st_size - rng.randint(0, 3) * PAGE))
                deadline = 400
                while gate.storage() == "ok" and deadline:
                    gate.tap("main-exit")
                    deadline -= 1
                if not deadline:
                    wrong.append("the disk never filled")
                gate.exit_locks()
                gate.exit_works()
                (folder / "filler").unlink()
                harness.wait_until("the log", lambda: gate.storage() == "ok", 30)
            if not is_alarmed(gate, "storage.failed"):
                wrong.append("no alarm")
            wrong += broken(gate)
            gate.stop()
    finally:
        subprocess.run(["umount", str(folder)], check=False)
        folder.rmdir()
    return {"times_full": rounds, "wrong": wrong}


def overwrite(rng, path, most):
    pages = path.stat().st_size // PAGE
    count = min(pages, rng.randint(1, most))
    with open(path, "r+b") as file:
        for page in rng.sample(range(pages), count):
            file.seek(page * PAGE)
            file.write(rng.randbytes(PAGE))
    return count


def corrupt(rng, rounds):
    """Random pages overwritten: set aside with an alarm, doors on, everybody and every card back, the log goes on."""
    wrong, aside, pages, back, enrolled = [], 0, 0, 0, 0
    for number in range(rounds):
        with Gate() as gate:
            gate.start()
            people = {gate.call("POST", "people", {"name": f"Person {n}"})[1]["id"] for n in range(40)}
            card = gate.gatectl("credential", "add", sorted(people)[0], "card", "4711").strip()
            gone = sorted(people)[-1]
            gate.call("DELETE", f"people/{gone}")
            last = gate.last_seq()
            gate.stop()
            pages += overwrite(rng, gate.state / "gate.db", 8 if number % 4 else 10**6)
            gate.start(log_ready=False)  # doors under control, whatever the file is like
            gate.exit_works()
            harness.wait_until("the log", lambda: gate.storage() == "ok" and gate.last_seq() > 0)
            moved, found = list(gate.state.glob("gate.db.corrupt-*")), everybody(gate)
            aside += bool(moved)
            enrolled += len(people) - 1
            back += len(found & people - {gone})
            if gone in found:
                wrong.append("somebody erased came back")
            if found | {gone} != people:
                wrong.append(f"{len(people - found - {gone})} people missing")
            if card not in [c["id"] for c in gate.call("GET", f"people/{sorted(people)[0]}/copy")[1]["credentials"]]:
                wrong.append("a card is missing")
            if moved and not is_alarmed(gate, "storage.set_aside"):
                wrong.append("set aside without an alarm")
            if moved and min(e["seq"] for e in gate.events()) <= last:
                wrong.append("a seq was given twice")
            if not gate.verify()["ok"]:
                wrong.append("the chain does not hold")
            gate.stop()
    return {"files": rounds, "pages": pages, "set_aside": aside, "people_back_of": [back, enrolled], "wrong": wrong}
