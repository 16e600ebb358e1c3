#!/usr/bin/python3
"""
Measures the link of a whole gate; no test. One JSON line a result.

  GH_BUILD_DIR=build tests/integration/bench_mqtt.py [all|commands|queue [ROWS]]

  commands  a signed command and its answer, beside an echo by the same client through the same broker
  queue     memory of the gate while the broker is away and while it drains, with a thousand events and with ROWS
            (1,000,000) waiting; and how fast they drain
"""
import json
import queue
import subprocess
import sys
import time

from harness import BUILD, LIMIT_S, Broker, Gate, wait_until
from signer import Client, Key

COMMANDS, FEW, MANY = 500, 1000, 1_000_000


def tell(case, ours, unit, peer=None, peer_name=None):
    ratio = None if peer is None else round(peer / ours, 3)
    print(json.dumps({"bench": "mqtt", "case": case, "ours": round(ours, 3), "peer": None if peer is None else round(peer, 3),
                      "peer_name": peer_name, "unit": unit, "ratio": ratio}), flush=True)


def at(values, part):
    return sorted(values)[min(len(values) - 1, int(part * len(values)))]


def timed(count, act):
    times = []
    for _ in range(count):
        begin = time.monotonic()
        act()
        times.append((time.monotonic() - begin) * 1000)
    return times


def quiet(broker):
    broker.config_path.write_text(broker.config_path.read_text().replace("log_type all", "log_type information"))
    return broker


def configure(gate, broker, key):
    gate.config["mqtt"] = {"brokers": [f"127.0.0.1:{broker.port}"], "keys": [
        {"id": "desk", "public_key": key.public, "commands": ["ping", "door.open"]}]}


def echo(client):
    """To the broker and back to the same client, QoS 1, no gate: half of the way that a command and its answer go."""
    heard = queue.Queue()
    client.client.message_callback_add("echo", lambda *_: heard.put(True))
    client.client.subscribe("echo", qos=1)
    client.ready.get(timeout=LIMIT_S)
    body = json.dumps({"filler": "x" * 300})

    def act():
        client.client.publish("echo", body, qos=1)
        heard.get(timeout=LIMIT_S)

    return timed(COMMANDS, act)


def bench_commands():
    with Gate() as gate, quiet(Broker(gate.folder, record=False)) as broker:
        broker.start()
        key = Key("desk")
        configure(gate, broker, key)
        gate.start()
        wait_until("the link", lambda: gate.status()["mqtt"]["state"] == "connected")
        with Client(broker.port, LIMIT_S) as client:
            bare = echo(client)
            for name, body in (("ping", {}), ("door.open", {"door": "main"})):
                took = timed(COMMANDS, lambda name=name, body=body: client.command(key, name, body))
                for part, share in (("p50", 0.5), ("p99", 0.99)):
                    tell(f"{name}, signed, recorded, answered, {COMMANDS} times, {part}", at(took, share), "ms", at(bare, share),
                         "the same client's message to itself through the same broker")


def memory_mib(gate, field):
    status = open(f"/proc/{gate.process.child.pid}/status").read()
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith(field))


def bench_queue(rows):
    few = None
    for count in (FEW, rows):
        with Gate() as gate, quiet(Broker(gate.folder, record=False)) as broker:
            configure(gate, broker, Key("desk"))
            brokers, gate.config["mqtt"]["brokers"] = gate.config["mqtt"]["brokers"], []
            gate.config["models_dir"] = str(gate.folder / "none")  # not what is measured
            gate.start()
            gate.stop()
            subprocess.run([str(BUILD / "bench" / "log_fill"), str(gate.state), str(count)], check=True, capture_output=True)
            gate.config["mqtt"]["brokers"] = brokers
            gate.start()
            wait_until("the log", lambda: gate.status()["storage"]["last_seq"] > count)
            last = gate.last_seq()
            away = memory_mib(gate, "VmRSS")
            begin = time.monotonic()
            broker.start()
            wait_until("all of them acknowledged", lambda: gate.status()["mqtt"]["acknowledged"] >= last, limit_s=1200, every_s=0.5)
            took, most = time.monotonic() - begin, memory_mib(gate, "VmHWM")
            few = few or (away, most)
            tell(f"memory with {count} events waiting, broker away", away, "MiB", few[0], f"{FEW} events waiting")
            tell(f"memory at most, while {count} drained", most, "MiB", few[1], f"{FEW} events waiting")
            if count > FEW:
                tell(f"{count} events drained, the connection's back-off included", count / took, "events/s")


def main():
    word, rows = sys.argv[1] if len(sys.argv) > 1 else "all", int(sys.argv[2]) if len(sys.argv) > 2 else MANY
    if word in ("all", "commands"):
        bench_commands()
    if word in ("all", "queue"):
        bench_queue(rows)


if __name__ == "__main__":
    main()
