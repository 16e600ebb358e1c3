#!/usr/bin/python3
"""
Measures the whole daemon; no test. One JSON line a result; peer null where nothing comparable was run.

  GH_BUILD_DIR=build tests/integration/bench_gate.py [start|exit|pages|log|face]...      (without a word: all)

  start  from the start of the program to doors under control, and to the first answer of the API
  exit   from the edge of the exit button to the relay, without debouncing
  pages  the same with fifty pages open that read what changed, against none
  log    changes asked for over the Unix socket, committed and acknowledged by a local broker
  face   from the arrival of the first good frame to the relay, with 10,000 enrolled (needs build/bench/gate_fill)
"""
import contextlib
import json
import multiprocessing
import os
import re
import selectors
import socket
import subprocess
import sys
import threading
import time

from harness import BUILD, SOURCE, Broker, Gate, free_port, wait_until

STARTS, CLIENTS, PEOPLE_EACH = 20, 8, 1000
PRESSES, PAGES = 400, 50
ENROLLED, PASSAGES = 10000, 30


def tell(bench, case, ours, unit):
    print(json.dumps({"bench": bench, "case": case, "ours": round(ours, 3), "peer": None, "peer_name": None,
                      "unit": unit, "ratio": None}), flush=True)


def at(values, part):
    return sorted(values)[min(len(values) - 1, int(part * len(values)))]


def bench_start():
    doors, seen, answers = [], [], []
    with Gate() as gate:
        gate.write_config()
        for _ in range(STARTS):
            begin = time.monotonic()
            process = gate.launch()
            wait_until("doors", lambda process=process: "doors under control" in process.log, every_s=0.001)
            seen.append((time.monotonic() - begin) * 1000)
            wait_until("an answer", lambda: gate.status()["storage"]["state"] == "ok", every_s=0.001)
            answers.append((time.monotonic() - begin) * 1000)
            doors.append(float(re.search(r"doors under control after (\d+) ms", gate.process.log).group(1)))
            gate.stop()
    tell("gate_start", f"main() to doors under control, p50 of {STARTS}", at(doors, 0.5), "ms")
    tell("gate_start", f"main() to doors under control, worst of {STARTS}", max(doors), "ms")
    tell("gate_start", f"exec to doors under control, as seen in the log, p50 of {STARTS}", at(seen, 0.5), "ms")
    tell("gate_start", f"exec to API and log ready, p50 of {STARTS}", at(answers, 0.5), "ms")


def without_debounce(gate):
    gate.config["board"]["inputs"][1]["debounce_ms"] = 0


def presses_took(gate):
    """Milliseconds from the edge of the button to the relay, for each of PRESSES."""
    before = gate.last_seq()
    for _ in range(PRESSES):
        gate.tap("main-exit")
    wait_until("all of them in the log", lambda: gate.status()["storage"]["pending"] == 0)
    took = [event["data"]["edge_to_relay_ms"] for event in gate.events("door.exit") if event["seq"] > before]
    assert len(took) == PRESSES, len(took)
    return took


def tell_exit(case, took):
    for name, part in (("p50", 0.5), ("p99", 0.99), ("worst", 1)):
        tell("gate_exit", f"exit button's edge to relay, {len(took)} presses, {case}{name}", at(took, part), "ms")


def bench_exit():
    """The way out: from the edge of the button to the relay, debouncing left out."""
    with Gate() as gate:
        without_debounce(gate)
        gate.start()
        tell_exit("", presses_took(gate))


def open_pages(port, headers, ready, heard):
    """A process that is PAGES pages: each hears the stream and reads the doors again after what it heard."""
    os.nice(19)  # elsewhere, as browsers are: they take none of the gate's time
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    ask = {what: f"GET /api/v1/{what} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{head}\r\n".encode() for what in ("events/stream", "doors")}
    selector = selectors.DefaultSelector()
    for _ in range(PAGES):
        stream, calls = (socket.create_connection(("127.0.0.1", port)) for _ in range(2))
        stream.sendall(ask["events/stream"])
        assert stream.recv(4096).startswith(b"HTTP/1.1 200"), "no stream"
        selector.register(stream, selectors.EVENT_READ, calls)
        selector.register(calls, selectors.EVENT_READ, None)
    ready.set()
    while True:
        for key, _ in selector.select():
            got = key.fileobj.recv(65536)
            if not got:
                return
            if key.data is None:
                heard.value += got.count(b"HTTP/1.1 200")
            elif b"data:" in got:
                key.data.sendall(ask["doors"])


def bench_pages():
    """Fifty desks and offices are open: the way out must not notice."""
    with Gate() as gate:
        without_debounce(gate)
        gate.config["api"]["listen"] = f"127.0.0.1:{free_port()}"
        gate.start()
        tell_exit("no page, ", presses_took(gate))
        session, ready, heard = gate.console("guard", "guard"), multiprocessing.Event(), multiprocessing.Value("i", 0)
        pages = multiprocessing.Process(target=open_pages, args=(session.port, session.headers, ready, heard), daemon=True)
        pages.start()
        assert ready.wait(30)
        tell_exit(f"{PAGES} pages, ", presses_took(gate))
        tell("gate_pages", f"answers read by {PAGES} pages meanwhile", heard.value, "1")
        pages.terminate()


def add_people(gate, errors):
    with contextlib.closing(gate.connection()) as connection:
        for number in range(PEOPLE_EACH):
            status, answer = connection.call("POST", "people", {"name": f"Person {number}"})
            if status != 201:
                errors.append(answer)
                return


def bench_log():
    with Gate() as gate, Broker(gate.folder, record=False) as broker:
        broker.config_path.write_text(broker.config_path.read_text().replace("log_type all", "log_type information"))
        broker.start()
        gate.config["mqtt"] = {"brokers": [f"127.0.0.1:{broker.port}"]}
        gate.start()
        errors, first = [], gate.last_seq()
        threads = [threading.Thread(target=add_people, args=(gate, errors)) for _ in range(CLIENTS)]
        begin = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        committed_s = time.monotonic() - begin
        wait_until("all acknowledged", lambda: gate.status()["mqtt"]["acknowledged"] >= first + CLIENTS * PEOPLE_EACH)
        out_s = time.monotonic() - begin
        assert not errors, errors[0]
    count = CLIENTS * PEOPLE_EACH
    tell("gate_log", f"{count} changes by {CLIENTS} API clients, committed and answered", count / committed_s, "1/s")
    tell("gate_log", f"{count} changes by {CLIENTS} API clients, acknowledged by the broker", count / out_s, "1/s")


def bench_face():
    fill, photos = BUILD / "bench" / "gate_fill", sorted((SOURCE / "models" / "demo").glob("franck_*.jpg"))[:5]
    if not fill.exists() or not photos:
        print(f"skipped: {fill} or models/demo is not there", file=sys.stderr)
        return
    with Gate(face={"repeat_ms": 1000}) as gate:
        subprocess.run([str(fill), str(gate.state), str(ENROLLED)], check=True)
        gate.start()
        gate.process.wait_log("face models are ready")
        person = gate.gatectl("person", "add", "Resident").strip()
        gate.gatectl("enrol", person, *photos)
        gate.stop()
        gate.config["cameras"] = [{"name": "entrance", "role": "face", "door": "main", "loop": True,
                                   "source": f"file:{SOURCE}/models/demo/franck.mp4"}]
        gate.start()
        wait_until(f"{PASSAGES} passages", lambda: len(gate.events("access.granted")) >= PASSAGES, 600, every_s=1)
        granted = [e for e in gate.events("access.granted") if e["person"] == person]
        times = [e["data"]["frame_to_relay_ms"] for e in granted]
        case = f"first good frame to relay, {ENROLLED} enrolled, {len(times)} passages, "
        tell("gate_face", case + "p50", at(times, 0.5), "ms")
        tell("gate_face", case + "p99", at(times, 0.99), "ms")
        first = [e["data"]["frame_to_relay_ms"] for e in granted if e["data"]["good_frames"] == 2]
        if first:
            tell("gate_face", case + "those decided by two frames, p50", at(first, 0.5), "ms")


def main():
    benches = {"start": bench_start, "exit": bench_exit, "pages": bench_pages, "log": bench_log, "face": bench_face}
    for name in sys.argv[1:] or benches:
        benches[name]()


if __name__ == "__main__":
    main()
