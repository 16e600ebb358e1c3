"""
No event lost, none out of order: while people come and go, the broker and the daemon are killed again and again.

What counts: every event in the log reached an independent MQTT client, for the first time in the order of the
log, with one id each; the chain holds; and what the API had acknowledged is in the log.
"""
import random
import sys
import unittest

import harness
from harness import Broker, Gate, Listener, Wire, wait_until
from load import Load

ROUNDS = 24
ACTS_A_ROUND = 60
SEED = 20261121


class Outbox(unittest.TestCase):
    def setUp(self):
        self.gate = self.enterContext(Gate())
        self.broker = self.enterContext(Broker(self.gate.folder)).start()
        self.wire = self.enterContext(Wire(self.broker.port))
        self.wire.open()
        self.gate.config["board"]["inputs"][1]["debounce_ms"] = 0
        self.gate.config["mqtt"] = {"brokers": [f"127.0.0.1:{self.wire.port}"]}
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
            self.crowd.more(ACTS_A_ROUND)
            self.gate.kill()
            self.gate.start()
            self.crowd.more(ACTS_A_ROUND)
        if which in ("broker", "both"):
            self.broker.start()
            self.listener.wait_subscribed()
        self.wire.open()

    def all_out(self):
        status = self.gate.status()
        return status["mqtt"]["acknowledged"] == status["storage"]["last_seq"]

    def check(self, crowd, faults=ROUNDS):
        gate = self.gate
        gate.stop()
        gate.config["mqtt"]["brokers"] = []  # nobody adds to the log of this test by reading it
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
        rng = random.Random(SEED)
        faults = ["daemon", "broker", "wire", "both"] * (ROUNDS // 4)
        rng.shuffle(faults)
        with Load(self.gate) as self.crowd:
            for fault in faults:
                self.crowd.more(rng.randint(1, ACTS_A_ROUND))
                self.fault(fault)
        wait_until("every event acknowledged by the broker", self.all_out, 3 * harness.LIMIT_S)
        self.last = self.gate.last_seq()
        wait_until("the last event at the client", lambda: self.listener.events()[-1]["seq"] >= self.last)
        self.check(self.crowd)


if __name__ == "__main__":
    harness.main()
