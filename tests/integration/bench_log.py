#!/usr/bin/env python3
"""
Measures a page of a large log at the API; no test. One JSON line a result.

  GH_BUILD_DIR=build tests/integration/bench_log.py [ROWS]    10,000,000 without a word; some 3 GB under TMPDIR
"""
import contextlib
import json
import subprocess
import sys
import time

from harness import BUILD, Gate, wait_until

TIMES = 20


def at(values, part):
    return sorted(values)[min(len(values) - 1, int(part * len(values)))]


def main():
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    with Gate() as gate:
        gate.start()
        gate.stop()
        begin = time.monotonic()
        done = subprocess.run([str(BUILD / "bench" / "log_fill"), str(gate.state), str(rows)], check=True, capture_output=True, text=True)
        person = done.stdout.split()[1]
        print(f"{rows} rows in {time.monotonic() - begin:.0f} s", file=sys.stderr)
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
                times = []
                for _ in range(TIMES):
                    begin = time.monotonic()
                    connection.request("GET", "/api/v1/events?" + question)  # bare: checking the answer takes longer than making it
                    answer = connection.getresponse()
                    page = answer.read()
                    times.append((time.monotonic() - begin) * 1000)
                    assert answer.status == 200, page
                    page = json.loads(page)
                for part, value in (("p50", at(times, 0.5)), ("worst", max(times))):
                    print(json.dumps({"bench": "log_page", "case": f"{name}, {rows} rows, {part} of {TIMES}", "ours": round(value, 2),
                                      "peer": None, "peer_name": None, "unit": "ms", "ratio": None, "rows_found": len(page["events"])}), flush=True)


if __name__ == "__main__":
    main()
