"""
Twenty thousand events while the broker is killed fifty times, the line is cut, stalled and pointed at brokers that
take nothing: every event reaches an independent client, in order, once it can.
"""
import contextlib
import random
import sys
import threading
import time

import harness
import test_outbox
from harness import wait_until
from load import Load
from test_outbox import Outbox

EVENTS = 20000
KILLS, CUTS, STALLS, STINGY = 50, 6, 6, 2
PACE_S = 0.012  # between two acts of the crowd: the faults, not the events, take the time


class Presses(threading.Thread):
    """Somebody opens the door all the while: how long, each time, until the relay has moved."""

    def __init__(self, gate):
        super().__init__(daemon=True)
        self.gate, self.took_ms, self.ended = gate, [], threading.Event()

    def run(self):
        with contextlib.closing(self.gate.connection()) as connection:
            while not self.ended.wait(0.05):
                begin = time.monotonic()
                connection.call("POST", "doors/main/open")
                self.took_ms.append((time.monotonic() - begin) * 1000)


class Faults(Outbox):
    test_kills = None  # runs by itself

    def setUp(self):
        super().setUp()
        self.stingy = self.broker.config_path.read_text() + f"user root\nacl_file {self.acl()}\n"

    def acl(self):
        path = self.broker.folder / "acl"
        path.write_text("topic readwrite gatehouse/+/+/status\ntopic read #\n")
        path.chmod(0o600)
        return path

    def restart_broker(self, config=None):
        """The client hears again before the daemon is let through: what goes out is always heard."""
        usual = self.broker.config_path.read_text()
        self.broker.kill()
        self.wire.cut()
        if config:
            self.broker.config_path.write_text(config)
        self.broker.start()
        self.broker.config_path.write_text(usual)
        self.listener.wait_subscribed()
        self.wire.open()

    def fault(self, which):
        if which == "kill":
            self.restart_broker()
        elif which == "cut":
            self.wire.cut()
            self.crowd.more(20)
            self.wire.open()
        elif which == "stall":
            self.wire.stall()
            self.crowd.more(20)
            self.wire.flow()
        elif which == "stingy":  # it connects and refuses every event
            self.restart_broker(self.stingy)
            self.broker.process.wait_log("Denied PUBLISH")
            self.restart_broker()

    def test_faults(self):
        rng = random.Random(test_outbox.SEED)
        faults = ["kill"] * KILLS + ["cut"] * CUTS + ["stall"] * STALLS + ["stingy"] * STINGY
        rng.shuffle(faults)
        self.crowd = crowd = Load(self.gate, PACE_S)
        presses = Presses(self.gate)
        presses.start()
        wait_until("a hundred openings in quiet", lambda: len(presses.took_ms) >= 100)
        quiet_count = len(presses.took_ms)
        with contextlib.ExitStack() as stack:
            stack.callback(presses.ended.set)
            stack.enter_context(crowd)
            for number, fault in enumerate(faults):
                wait_until("more events", lambda: self.gate.last_seq() >= EVENTS * number // len(faults) or crowd.error)
                self.fault(fault)
            wait_until("all events", lambda: self.gate.last_seq() >= EVENTS or crowd.error)
        presses.join(harness.LIMIT_S)
        wait_until("every event acknowledged by the broker", self.all_out, 3 * harness.LIMIT_S)
        self.last = self.gate.last_seq()
        wait_until("the last event at the client", lambda: self.listener.events()[-1]["seq"] >= self.last)
        self.check(crowd, len(faults))
        took_ms = presses.took_ms
        for name, took in (("quiet", sorted(took_ms[:quiet_count])), ("under faults", sorted(took_ms[quiet_count:]))):
            print(f"door.open over the socket, {name}: n {len(took)} p50 {took[len(took) // 2]:.1f} "
                  f"p99 {took[int(len(took) * 0.99)]:.1f} ms", file=sys.stderr)


if __name__ == "__main__":
    del Outbox
    harness.main()
