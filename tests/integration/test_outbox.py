"""
No event lost, none out of order: while people come and go, the broker and the daemon are killed again and again.

What counts: every event in the log reached an independent MQTT client, for the first time in the order of the
log, with one id each; the chain holds; and what the API had acknowledged is in the log.
"""
import contextlib
import http.client
import random
import sys
import threading
import unittest

import harness
from harness import Broker, Gate, Listener, Wire, wait_until

ROUNDS = 24
ACTS_A_ROUND = 60
SEED = 20261121


class Crowd(threading.Thread):
    """Adds and removes people and taps the button, and remembers what was acknowledged."""

    def __init__(self, gate):
        super().__init__(daemon=True)
        self.gate, self.acts, self.ended = gate, 0, threading.Event()
        self.added, self.removed, self.error = set(), set(), None

    def run(self):
        connection = None
        while not self.ended.is_set():
            try:
                connection = connection or self.gate.connection()
                self.act(connection)
                self.acts += 1
            except (OSError, http.client.HTTPException, ValueError):
                if connection is not None:
                    connection.close()
                connection = None  # the daemon was killed: unanswered is not acknowledged
                self.ended.wait(0.01)
            except Exception as error:  # told in the main thread
                self.error = error
                return
        if connection is not None:
            connection.close()

    def act(self, connection):
        status, person = connection.call("POST", "people", {"name": f"Person {self.acts}"})
        if status == 201:
            self.added.add(person["id"])
            if self.acts % 3 == 0 and connection.call("DELETE", f"people/{person['id']}")[0] == 204:
                self.removed.add(person["id"])
        for level in ("active", "inactive"):
            connection.call("POST", "board/lines/main-exit", {"level": level})


class Outbox(unittest.TestCase):
    def setUp(self):
        self.gate = self.enterContext(Gate())
        self.broker = self.enterContext(Broker(self.gate.folder)).start()
        self.wire = self.enterContext(Wire(self.broker.port))
        self.wire.open()
        self.gate.config["board"]["inputs"][1]["debounce_ms"] = 0
        self.gate.config["mqtt"] = {"enabled": True, "host": "127.0.0.1", "port": self.wire.port}
        self.listener = self.enterContext(Listener(self.broker))
        self.gate.start()

    def fault(self, which):
        """The client listens again before the daemon's line is joined: what goes out is always heard."""
        if which == "daemon":
            self.gate.kill()
            self.gate.start()
            return
        if which in ("broker", "both"):
            self.broker.kill()
        self.wire.cut()
        if which == "both":  # what nobody has heard yet must outlive this, too
            self.more_acts(ACTS_A_ROUND)
            self.gate.kill()
            self.gate.start()
            self.more_acts(ACTS_A_ROUND)
        if which in ("broker", "both"):
            self.broker.start()
            self.listener.wait_subscribed()
        self.wire.open()

    def more_acts(self, count):
        goal = self.crowd.acts + count
        wait_until(f"{goal} acts", lambda: self.crowd.acts >= goal or self.crowd.error)
        self.assertIsNone(self.crowd.error)

    def all_out(self):
        status = self.gate.status()
        return status["mqtt"]["acknowledged"] == status["storage"]["last_seq"]

    def check(self, crowd, faults=ROUNDS):
        gate = self.gate
        gate.stop()
        gate.config["mqtt"]["enabled"] = False  # nobody adds to the log of this test by reading it
        self.assertTrue(gate.verify()["ok"])
        gate.start()
        log = gate.events()
        last = self.last
        heard = self.listener.events()
        ids = {e["seq"]: e["id"] for e in log}
        self.assertEqual([e["seq"] for e in log], list(range(1, len(log) + 1)))
        firsts = list(dict.fromkeys(e["seq"] for e in heard))
        self.assertEqual(sorted(set(range(1, last + 1)) - set(firsts)), [], "lost")
        self.assertEqual(firsts, sorted(firsts), "out of order")
        self.assertEqual({e["id"] for e in heard if ids[e["seq"]] != e["id"]}, set(), "one seq, one id")
        self.assertEqual(len(set(ids.values())), len(ids))
        by_seq = {e["seq"]: e for e in log}
        for event in heard:
            row = by_seq[event["seq"]]
            self.assertEqual({k: event.get(k) for k in ("type", "time", "person", "data")},
                             {k: row.get(k) for k in ("type", "time", "person", "data")})
        self.assertEqual(crowd.added - {e["person"] for e in log if e["type"] == "person.added"}, set())
        self.assertEqual(crowd.removed - {e["person"] for e in log if e["type"] == "person.removed"}, set())
        print(f"{last} events, {len(heard)} messages, {len(crowd.added)} people acknowledged, {faults} faults",
              file=sys.stderr)

    def test_kills(self):
        rng, crowd = random.Random(SEED), Crowd(self.gate)
        self.crowd = crowd
        crowd.start()
        faults = ["daemon", "broker", "wire", "both"] * (ROUNDS // 4)
        rng.shuffle(faults)
        with contextlib.ExitStack() as stack:
            stack.callback(crowd.ended.set)
            for fault in faults:
                self.more_acts(rng.randint(1, ACTS_A_ROUND))
                self.fault(fault)
        crowd.join(harness.LIMIT_S)
        self.assertFalse(crowd.is_alive())
        wait_until("every event acknowledged by the broker", self.all_out, 3 * harness.LIMIT_S)
        self.last = self.gate.last_seq()
        wait_until("the last event at the client", lambda: self.listener.events()[-1]["seq"] >= self.last)
        self.check(crowd)


if __name__ == "__main__":
    harness.main()
