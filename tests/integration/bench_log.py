#!/usr/bin/python3
"""
Measures a page of a large log at the API; no test. One JSON line a result.

  GH_BUILD_DIR=build tests/integration/bench_log.py [ROWS] [--first] [--keep DIR]

10,000,000 rows without a word; some 3 GB under TMPDIR. --first: only the first second after a start, in which the alerts
of all years are read, three times with the log in memory and three times with a cold disk. --keep: the log is filled in
DIR, stays there, and is used again.
"""
import argparse
import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

from harness import BUILD, Gate, wait_until

TIMES, STARTS, FIRST_S = 20, 3, 1.0
os.environ["OPENBLAS_NUM_THREADS"] = "1"  # as the service's unit says


def at(values, part):
    return sorted(values)[min(len(values) - 1, int(part * len(values)))]


def tell(case, value, **more):
    print(json.dumps({"bench": "log_page", "case": case, "ours": round(value, 2), "peer": None, "peer_name": None, "unit": "ms",
                      "ratio": None, **more}), flush=True)


def ask(connection, question):
    """(milliseconds, the page)"""
    begin = time.monotonic()
    connection.request("GET", "/api/v1/events?" + question)  # bare: checking the answer takes longer than making it
    answer = connection.getresponse()
    page = answer.read()
    took_ms = (time.monotonic() - begin) * 1000
    assert answer.status == 200, page
    return took_ms, json.loads(page)


def fill(gate, rows):
    """Somebody of whom there are rows."""
    noted = gate.state / "bench_log.json"
    if noted.exists():
        return json.loads(noted.read_text())["person"]
    gate.start()
    gate.stop()
    begin = time.monotonic()
    done = subprocess.run([str(BUILD / "bench" / "log_fill"), str(gate.state), str(rows)], check=True, capture_output=True, text=True)
    person = done.stdout.split()[1]
    with open(gate.state / "gate.db", "rb") as file:
        os.fsync(file.fileno())  # else the disk is busy with it while we measure
    noted.write_text(json.dumps({"person": person}))
    print(f"{rows} rows in {time.monotonic() - begin:.0f} s", file=sys.stderr)
    return person


def settle_memory(gate, cold):
    with open(gate.state / "gate.db", "rb") as file:
        if cold:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            return
        while file.read(1 << 24):
            pass


def first_second(gate, rows, cold):
    where = "cold disk" if cold else "log in memory"
    for nth in range(1, STARTS + 1):
        settle_memory(gate, cold)
        gate.start()
        wait_until("the log", lambda: gate.status()["storage"]["last_seq"] > rows)
        begin, times = time.monotonic(), []
        with contextlib.closing(gate.connection()) as connection:
            while time.monotonic() - begin < FIRST_S or len(times) < 6:
                times.append(ask(connection, "limit=100")[0])
        gate.stop()
        tell(f"the newest 100 in the first second after start {nth}, {where}, {rows} rows, first page", times[0])
        tell(f"the newest 100 in the first second after start {nth}, {where}, {rows} rows, worst of {len(times)}", max(times))


def settled(gate, rows, person):
    gate.start()
    wait_until("the log", lambda: gate.status()["storage"]["last_seq"] > rows)
    day = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 86400))
    long_ago = time.strftime("%Y-%m-%d", time.gmtime(time.time() - rows * 1.5 / 2))
    month = time.strftime("%Y-%m-%d", time.gmtime(time.time() - rows * 1.5 / 2 + 30 * 86400))
    questions = {
        "the newest 100": "limit=100",
        "100 in the middle": f"limit=100&before={rows // 2}",
        "100 entries in the middle": f"limit=100&type=access.granted&before={rows // 2}",
        "100 of a person": f"limit=100&person={person}",
        "100 alerts": "limit=100&type=litter.",
        "100 of a day": f"limit=100&from={day}",
        "100 of a month, long ago": f"limit=100&from={long_ago}&to={month}",
        "100 denials of a day": f"limit=100&result=denied&from={day}",
        "100 at a door": "limit=100&door=door-2",
        "a text that is nowhere, as far as one page looks": "limit=100&text=nowhere-at-all",
    }
    with contextlib.closing(gate.connection()) as connection:
        for name, question in questions.items():
            asked = [ask(connection, question) for _ in range(TIMES)]
            times = [took_ms for took_ms, _ in asked]
            for part, value in (("p50", at(times, 0.5)), ("worst", max(times))):
                tell(f"{name}, {rows} rows, {part} of {TIMES}", value, rows_found=len(asked[-1][1]["events"]))
    gate.stop()


def main():
    words = argparse.ArgumentParser()
    words.add_argument("rows", nargs="?", type=int, default=10_000_000)
    words.add_argument("--first", action="store_true")
    words.add_argument("--keep", type=pathlib.Path)
    words = words.parse_args()
    with Gate() as gate:
        if words.keep is not None:
            words.keep.mkdir(mode=0o700, exist_ok=True)
            shutil.rmtree(gate.state)
            gate.state = words.keep
            gate.config["state_dir"] = str(words.keep)
        person = fill(gate, words.rows)
        for cold in (False, True):
            first_second(gate, words.rows, cold)
        if not words.first:
            settled(gate, words.rows, person)


if __name__ == "__main__":
    main()
