"""
Who may pass where, when and how, asked of the real daemon: rules, credentials, visitors' passes, guards, areas.
Cards are swiped and PINs typed at the simulated board's readers; a QR reader is a serial line of this test.
"""
import hashlib
import json
import os
import pty
import tty
import unittest

import harness
from harness import Broker, Gate, Listener, wait_until

CARD, OTHER_CARD = 159 << 16 | 12345, 159 << 16 | 12346
LINES = ["in-d0", "in-d1", "out-d0", "out-d1"]


def digest_of(items):
    """As docs/reference/access.md says: [(kind, id, value)] in any order."""
    def canonical(item):
        return json.dumps({"kind": item[0], "id": item[1], "value": item[2]}, sort_keys=True, separators=(",", ":"),
                          ensure_ascii=False).encode()

    parts = [hashlib.blake2b(canonical(item), digest_size=32).digest() for item in sorted(items, key=lambda i: i[:2])]
    return hashlib.blake2b(b"".join(parts), digest_size=32).hexdigest()


class Access(unittest.TestCase):
    def gate(self, **changes):
        gate = Gate()
        gate.config["board"]["outputs"] += [{"name": "side-lock"}]
        gate.config["board"]["inputs"] += [{"name": line, "debounce_ms": 0, "active": "low"} for line in LINES]
        gate.config["doors"].append({"name": "side", "lock": "side-lock", "release_ms": 500})
        gate.config["doors"][0]["release_ms"] = 500
        gate.config["readers"] = [
            {"name": "in", "door": "main", "d0": "in-d0", "d1": "in-d1"},
            {"name": "out", "door": "main", "direction": "out", "d0": "out-d0", "d1": "out-d1", "keypad": False},
            {"name": "qr", "door": "main", "kind": "serial", "device": str(gate.folder / "reader"), "baud": 115200},
        ]
        gate.config["lockout"] = {"tries": 100, "seconds": 1}
        gate.config["access"] = {"combine_s": 60, "guard_s": 60}
        gate.config.update(changes)
        self.far, near = pty.openpty()
        tty.setraw(near)
        (gate.folder / "reader").symlink_to(os.ttyname(near))
        self.near = near  # kept open: a reader whose far end closed is unplugged
        self.addCleanup(os.close, self.far)
        self.addCleanup(os.close, near)
        return self.enterContext(gate)

    def setUp(self):
        self.seq = 0

    def person(self, gate, name, *words, card=None, pin=None):
        person = gate.gatectl("person", "add", name).strip()
        if words:
            gate.gatectl("person", "access", person, *words)
        if card is not None:
            gate.gatectl("credential", "add", person, "card", card)
        if pin is not None:
            gate.gatectl("credential", "add", person, "pin", pin)
        return person

    def next(self, gate, *types):
        """The next event of one of these types."""
        def first():
            return next((e for e in gate.events("access.") if e["seq"] > self.seq and e["type"] in types), None)

        event = wait_until(f"one of {types} after {self.seq}", first)
        self.seq = event["seq"]
        return event

    def swipe(self, gate, card, reader="in"):
        gate.gatectl("board", "swipe", reader, card)

    def granted(self, gate):
        event = self.next(gate, "access.granted", "access.denied")
        self.assertEqual(event["type"], "access.granted", event)
        return event

    def denied(self, gate, reason):
        event = self.next(gate, "access.granted", "access.denied")
        self.assertEqual((event["type"], event["data"].get("reason")), ("access.denied", reason), event)
        return event

    # ---- rules ----

    def test_without_rules_a_residents_card_opens(self):
        gate = self.gate().start()
        person = self.person(gate, "Li Wei", card=CARD)
        self.swipe(gate, CARD)
        event = self.granted(gate)
        self.assertEqual((event["person"], event["data"]["rule"]), (person, "residents"))
        self.person(gate, "Wang Fang", card=OTHER_CARD)
        of_person = gate.call("GET", f"access/credentials?person={person}")[1]["items"]
        self.assertEqual([c["person"] for c in of_person], [person])
        for wrong in ("access/credentials?person=x", f"access/rules?person={person}"):
            self.assertEqual(gate.call("GET", wrong)[0], 400)
        gate.gatectl("person", "remove", person)
        self.swipe(gate, CARD)
        self.denied(gate, "CredentialNotFound")
        gate.stop()
        gate.start()
        self.assertEqual(gate.call("GET", f"access/credentials?person={person}")[1]["items"], [])

    def test_gatectl_alone_sets_up_a_site_and_says_why(self):
        gate = self.gate().start()
        gate.gatectl("group", "add", "staff", "title=Staff")
        gate.gatectl("schedule", "add", "never")
        gate.gatectl("schedule", "add", "always", "daily 00:00-24:00")
        gate.gatectl("rule", "add", "residents", "open=card", "doors=main", "schedule=always")
        gate.gatectl("rule", "add", "staff-side", "open=card", "doors=side", "groups=staff", "schedule=never")
        self.person(gate, "Li Wei", card=CARD)
        self.swipe(gate, CARD)
        self.assertEqual(self.granted(gate)["data"]["rule"], "residents")
        gate.gatectl("schedule", "add", "always", "daily 00:00-24:00", "holidays=ignore")
        gate.gatectl("rule", "add", "residents", "open=card", "doors=main", "schedule=never")
        self.swipe(gate, CARD)
        event = self.denied(gate, "NotPermittedAtThisTime")
        self.assertEqual(event["data"]["rules"], [{"rule": "residents", "why": "its schedule is closed",
                                                  "problem": {"code": "rule-closed", "params": {}}}])
        why = gate.gatectl("explain", event["seq"])
        for words in ("card", "NotPermittedAtThisTime", "rule residents", "schedule never"):
            self.assertIn(words, why)
        # what is wrong is refused with a sentence, and nothing changes
        for words, says in ((("schedule", "remove", "never"), "rule residents"),
                            (("schedule", "add", "x", "mon 18:00-08:00"), "+1"),
                            (("holiday", "add", "x", "date=2026-02-30"), "expected a date"),
                            (("rule", "add", "x", "open=card", "doors=back"), 'no door "back"')):
            done = gate.gatectl_run(*words)
            self.assertEqual(done.returncode, 1, done)
            self.assertIn(says, done.stderr)
        gate.gatectl("holiday", "add", "one", "date=2026-10-01")
        self.assertIn("already", gate.gatectl_run("holiday", "add", "two", "date=2026-10-01").stderr)
        gate.stop()
        gate.start()
        self.swipe(gate, CARD)
        self.denied(gate, "NotPermittedAtThisTime")
        self.assertNotIn(str(CARD).encode(), (gate.state / "gate.db").read_bytes())
        gate.stop()
        gate.verify()

    def test_what_if_moves_nothing(self):
        gate = self.gate().start()
        gate.gatectl("schedule", "add", "office", "mon-fri 08:00-18:00", "except=2026-12-24 closed")
        gate.gatectl("holiday", "add", "swapped", "date=2026-10-10", "as=mon")
        gate.gatectl("rule", "add", "day", "open=face,card+pin", "schedule=office")
        person = self.person(gate, "Li Wei", card=CARD, pin="4711")
        for factors, time, says in (("face", "2026-11-23T07:59", "NotPermittedAtThisTime"), ("face", "2026-11-23T08:00", "grant"),
                                    ("face", "2026-11-23T17:59", "grant"), ("face", "2026-11-23T18:00", "its schedule is closed"),
                                    ("card", "2026-11-23T09:00", "also pin"), ("card,pin", "2026-11-23T09:00", "grant"),
                                    ("qr", "2026-11-23T09:00", "CredentialNotFound"), ("face", "2026-12-24T09:00", "deny"),
                                    ("face", "2026-10-10T09:00", "grant"), ("face", "2026-10-11T09:00", "deny")):
            with self.subTest(factors, time=time):
                self.assertIn(says, gate.gatectl("access", "test", "main", person, factors, f"time={time}"))
        self.assertEqual([e["type"] for e in gate.events("access.")], ["access.changed"] * 5)

    def test_what_comes_over_the_api_is_checked(self):
        gate = self.gate().start()
        nobody = "01HF7YAT00000000000000000A"
        for method, route, body, status in (
            ("GET", "access/colours", None, 404), ("GET", "access/rules/none", None, 404), ("POST", "access/rules", {}, 405),
            ("PUT", "access/rules/Not-A-Name", {"open": ["card"]}, 422), ("PUT", "access/rules/x", [], 400),
            ("PUT", "access/rules/x", b"{", 400), ("PUT", "access/rules/x", {"open": ["card"], "colour": 1}, 422),
            ("PUT", f"access/holders/{nobody}", {}, 404), ("DELETE", "access/rules/x", None, 404),
            ("POST", "access/credentials", {"person": nobody, "type": "card", "number": "1"}, 422),
            ("PUT", f"access/passes/{nobody}", {"valid_to": "2099-01-01"}, 409), ("DELETE", f"access/passes/{nobody}", None, 404),
            ("GET", f"access/passes/{nobody}/code", None, 404), ("GET", "access/explain/x", None, 404),
            ("GET", "access/explain/1", None, 404), ("POST", f"access/requests/{nobody}", {"admit": True}, 404),
            ("POST", f"access/requests/{nobody}", {"admit": 1}, 400), ("POST", "access/areas/x/reset", None, 404),
            ("POST", "access/decide", {"door": "main"}, 422), ("POST", "access/decide", {"door": "x", "factors": ["face"]}, 422),
            ("GET", "access/rules?limit=0", None, 400), ("PUT", f"people/{nobody}", {"name": ""}, 422),
            ("PUT", "access/groups/x", {"title": "x" * 70000}, 413),
        ):
            with self.subTest(method=method, route=route, body=str(body)[:60]):
                self.assertEqual(gate.call(method, route, body)[0], status)
        self.assertEqual(gate.events("access."), [])
        for number in range(5):
            gate.gatectl("group", "add", f"g{number}")
        page = gate.call("GET", "access/groups?limit=2")[1]
        self.assertEqual(([g["id"] for g in page["items"]], page["next"]), (["g0", "g1"], "g1"))
        page = gate.call("GET", "access/groups?limit=3&after=g1")[1]
        self.assertEqual(([g["id"] for g in page["items"]], page["next"]), (["g2", "g3", "g4"], None))

    def test_card_and_pin_are_wanted_together(self):
        gate = self.gate().start()
        gate.gatectl("rule", "add", "both", "open=card+pin")
        person = self.person(gate, "Li Wei", card=CARD, pin="4711")
        gate.gatectl("credential", "add", person, "pin", "4712", "duress=yes")
        self.person(gate, "Wang Fang", card=OTHER_CARD, pin="4711")
        self.swipe(gate, CARD)
        gate.gatectl("board", "type", "in", "4711#")
        event = self.granted(gate)
        self.assertEqual((event["person"], event["data"]["factors"]), (person, ["card", "pin"]))
        self.swipe(gate, CARD)
        gate.gatectl("board", "type", "in", "9999#")
        self.denied(gate, "InvalidPIN")
        gate.gatectl("board", "type", "in", "4712#")  # the card still stands
        self.assertEqual(self.next(gate, "access.request")["person"], person)
        duress = gate.wait_event("access.duress")
        self.assertEqual((duress["severity"], duress["person"]), ("alarm", person))
        self.granted(gate)
        for text in ("4711", "4712", "9999", str(CARD)):
            self.assertFalse(any(text in json.dumps(e["data"]) for e in gate.events()), text)
            self.assertNotIn(text, gate.process.log.replace(gate.state.name, ""))

    def test_what_is_not_completed_in_time_is_one_denial(self):
        gate = self.gate(access={"combine_s": 2}).start()
        gate.gatectl("rule", "add", "both", "open=card+pin")
        self.person(gate, "Li Wei", card=CARD, pin="4711")
        self.swipe(gate, CARD)
        event = self.denied(gate, "Unauthorized")
        self.assertTrue(event["data"]["timed_out"])
        self.assertEqual(event["data"]["needed"], "also pin")
        gate.gatectl("board", "type", "in", "4711#")  # alone again
        self.assertTrue(self.denied(gate, "Unauthorized")["data"]["timed_out"])

    def test_two_persons_open_what_one_may_not(self):
        gate = self.gate().start()
        gate.gatectl("rule", "add", "two", "open=card", "persons=2")
        self.person(gate, "Li Wei", card=CARD)
        second = self.person(gate, "Wang Fang", card=OTHER_CARD)
        self.swipe(gate, CARD)
        self.swipe(gate, CARD)
        self.swipe(gate, OTHER_CARD)
        self.assertEqual(self.granted(gate)["person"], second)
        self.assertEqual(len(gate.events("access.request")), 1)

    def test_a_guard_has_the_last_word(self):
        gate = self.gate(access={"guard_s": 5}).start()
        gate.gatectl("rule", "add", "ask", "open=card", "guard=yes")
        self.person(gate, "Li Wei", card=CARD)
        for answer in ("yes", "no", None):
            self.swipe(gate, CARD)
            asked = self.next(gate, "access.guard_asked")
            if answer is None:
                self.swipe(gate, CARD)  # again, long before the time is over: one question is enough
            self.assertEqual(gate.call("GET", "access/requests")[1]["requests"][0]["id"], asked["data"]["id"])
            if answer is not None:
                gate.gatectl("access", "answer", asked["data"]["id"], answer)
            if answer == "yes":
                self.assertEqual(self.granted(gate)["data"]["guard"], "socket")
            else:
                event = self.denied(gate, "Other")
                self.assertEqual(event["data"].get("timed_out", False), answer is None)
            self.assertEqual(gate.gatectl_run("access", "answer", asked["data"]["id"], "yes").returncode, 1)
        self.assertEqual(len(gate.events("access.guard_asked")), 3)

    def test_blocklisted_people_raise_an_alarm_either_way(self):
        gate = self.gate().start()
        person = self.person(gate, "Li Wei", "blocked=deny", card=CARD)
        self.swipe(gate, CARD)
        self.denied(gate, "Unauthorized")
        alarm = gate.wait_event("access.blocklisted")
        self.assertEqual((alarm["severity"], alarm["data"]["admitted"]), ("alarm", False))
        gate.gatectl("person", "access", person, "blocked=admit")
        self.swipe(gate, CARD)
        self.granted(gate)
        self.assertTrue(gate.wait_event("access.blocklisted", after=alarm["seq"])["data"]["admitted"])

    # ---- areas ----

    def walk(self, gate):
        """Somebody opens the leaf and lets it close behind them."""
        gate.press("main-contact")
        self.assertEqual(self.next(gate, "access.taken", "access.not_taken")["type"], "access.taken")
        gate.release("main-contact")
        wait_until("locked again", lambda: gate.door()["mode"] == "Locked")

    def test_nobody_enters_twice_without_having_left(self):
        gate = self.gate().start()
        gate.gatectl("area", "add", "yard", "entries=main", "antipassback=hard")
        self.person(gate, "Li Wei", card=CARD)
        self.swipe(gate, CARD)
        self.granted(gate)
        self.walk(gate)
        self.swipe(gate, CARD)
        self.denied(gate, "AntiPassback")
        gate.kill()
        gate.start()
        self.swipe(gate, CARD)
        self.denied(gate, "AntiPassback")
        self.swipe(gate, CARD, "out")
        self.assertTrue(self.granted(gate)["data"]["leaving"])
        self.walk(gate)
        self.swipe(gate, CARD)
        self.granted(gate)
        self.walk(gate)
        gate.gatectl("area", "reset", "yard")
        self.swipe(gate, CARD)
        self.granted(gate)
        self.walk(gate)
        gate.gatectl("area", "add", "yard", "entries=main", "antipassback=soft")
        self.swipe(gate, CARD)
        self.granted(gate)
        gate.wait_event("access.passback")

    def test_who_did_not_walk_through_is_not_inside(self):
        gate = self.gate().start()
        gate.gatectl("area", "add", "yard", "entries=main", "antipassback=hard")
        self.person(gate, "Li Wei", card=CARD)
        self.swipe(gate, CARD)
        self.granted(gate)
        self.next(gate, "access.not_taken")
        self.swipe(gate, CARD)
        self.granted(gate)
        self.walk(gate)
        self.swipe(gate, CARD)
        self.denied(gate, "AntiPassback")

    # ---- passes ----

    def show(self, code):
        os.write(self.far, code.encode() + b"\r\n")

    def create(self, gate, *words):
        """(id, code)"""
        lines = gate.gatectl("pass", "create", "Ms Li", *words).split()
        return lines[0], lines[1]

    def test_a_pass_opens_as_often_as_it_says(self):
        gate = self.gate().start()
        id_, code = self.create(gate, "to=2099-01-01", "uses=2", "doors=main")
        self.show(code)
        event = self.granted(gate)
        self.assertEqual((event["data"]["factor"], event["data"]["credential"], event["data"]["rule"]),
                         ("pass", id_, "visitor-pass"))
        gate.kill()
        gate.start()
        self.show(code.lower())  # a keyboard without shift
        self.granted(gate)
        self.show(code)
        self.assertEqual(self.denied(gate, "CredentialExpired")["data"]["rule"], "uses")
        self.show(code[:-8] + "AAAAAAAA")
        self.assertIn("forged", self.denied(gate, "CredentialNotFound")["data"]["flaw"])
        self.show(code[:40])
        self.denied(gate, "CredentialNotFound")
        self.assertEqual(gate.call("GET", "access/passes")[1]["items"][0]["used"], 2)
        self.assertFalse(any(code in json.dumps(e) for e in gate.events()))

    def test_a_revoked_pass_stays_revoked(self):
        gate = self.gate().start()
        id_, code = self.create(gate, "to=2099-01-01")
        gate.gatectl("pass", "revoke", id_)
        gate.stop()
        gate.start()
        self.show(code)
        self.denied(gate, "CredentialNotEnabled")
        self.assertEqual(gate.gatectl_run("pass", "code", id_).returncode, 1)

    def test_a_pass_is_for_its_doors_and_its_time(self):
        gate = self.gate().start()
        _, side = self.create(gate, "to=2099-01-01", "doors=side")
        _, later = self.create(gate, "from=2098-01-01", "to=2099-01-01")
        self.assertEqual([p.get("doors") for p in gate.call("GET", "access/passes")[1]["items"]], [["side"], None])
        self.show(side)
        self.denied(gate, "Unauthorized")
        self.show(later)
        self.denied(gate, "CredentialNotActive")
        gate.stop()
        gate.start()  # and so after a restart, from what is on the disk
        self.assertEqual([p.get("doors") for p in gate.call("GET", "access/passes")[1]["items"]], [["side"], None])
        self.show(side)
        self.denied(gate, "Unauthorized")
        for words, says in ((("to=2020-01-01",), "over already"), ((), "valid_to"), (("to=2099-01-01", "uses=70000"), "uses"),
                            (("to=2099-01-01", "doors=back"), "no door"), (("to=2099-01-01T00:00:30Z",), "whole minutes")):
            done = gate.gatectl_run("pass", "create", "x", *(words or ("uses=1",)))
            self.assertEqual(done.returncode, 1, done)
            self.assertIn(says, done.stderr)

    def test_a_pass_of_a_lost_database_counts_and_another_gates_does_not(self):
        gate = self.gate().start()
        id_, code = self.create(gate, "to=2099-01-01", "uses=1")
        gate.stop()
        for file in gate.state.glob("gate.db*"):
            file.unlink()
        gate.start()
        self.seq = 0
        self.show(code)
        self.assertEqual(self.granted(gate)["data"]["credential"], id_)
        gate.stop()
        gate.start()
        self.show(code)
        self.denied(gate, "CredentialExpired")
        gate.stop()
        (gate.state / "keys" / "pass.key").unlink()
        gate.start()
        self.show(code)
        self.denied(gate, "CredentialNotFound")

    def test_the_picture_is_one_of_the_code(self):
        gate = self.gate().start()
        svg, png = gate.folder / "pass.svg", gate.folder / "pass.png"
        gate.gatectl("pass", "create", "Ms Li", "to=2099-01-01", "--output", svg)
        id_ = gate.call("GET", "access/passes")[1]["items"][0]["id"]
        gate.gatectl("pass", "code", id_, "--output", png)
        side = int(svg.read_text().split('viewBox="0 0 ')[1].split()[0])
        dark = {tuple(map(int, at.split("h")[0].split())) for at in svg.read_text().split("M")[2:]}
        self.assertEqual(dark, dark_of_png(self, png.read_bytes(), side))

    # ---- the roster's digest ----

    def test_the_digest_is_what_the_page_says(self):
        gate = self.gate()
        with Broker(gate.folder, record=False).start() as broker:
            gate.config["mqtt"] = {"brokers": [f"127.0.0.1:{broker.port}"]}
            with Listener(broker, "gatehouse/+/+/state/roster/#") as listener:
                gate.start()
                person = self.person(gate, "李伟", "groups=", "extended=yes")
                gate.gatectl("group", "add", "staff")
                gate.gatectl("person", "access", person, "groups=staff")
                number = gate.gatectl("credential", "add", person, "card", CARD).strip()
                pin = gate.gatectl("credential", "add", person, "pin", "4711").strip()
                gate.gatectl("pass", "create", "x", "to=2099-01-01")
                common = {"person": person, "enabled": True}
                wanted = digest_of([
                    ("person", person, {"name": "李伟", "enabled": True, "valid_from": None, "valid_to": None}),
                    ("holder", person, {"groups": ["staff"]}), ("group", "staff", {}),
                    ("credential", number, {**common, "type": "card", "number": str(CARD)}),
                    ("credential", pin, {**common, "type": "pin"})])

                def told():
                    return [m["payload"]["digest"] for m in listener.messages()][-1]

                wait_until("the digest", lambda: told() == wanted)
                gate.stop()
                gate.start()
                wait_until("the same digest after a restart",
                           lambda: len(listener.messages()) > 1 and told() == wanted)


def dark_of_png(test, data, side):
    """The modules that are black, by a reader of PNG that knows this writer's few choices."""
    import zlib

    test.assertEqual(data[:8], b"\x89PNG\r\n\x1a\n")
    at, chunks = 8, {}
    while at < len(data):
        length = int.from_bytes(data[at:at + 4], "big")
        kind, body = data[at + 4:at + 8], data[at + 8:at + 8 + length]
        test.assertEqual(zlib.crc32(kind + body), int.from_bytes(data[at + 8 + length:at + 12 + length], "big"))
        chunks[kind] = body
        at += 12 + length
    test.assertEqual(list(chunks), [b"IHDR", b"IDAT", b"IEND"])
    test.assertEqual(int.from_bytes(chunks[b"IHDR"][:4], "big"), 8 * side)
    rows = zlib.decompress(chunks[b"IDAT"])
    stride = 1 + side
    test.assertEqual(len(rows), 8 * side * stride)
    return {(x, y) for y in range(side) for x in range(side) if rows[8 * y * stride + 1 + x] == 0}


if __name__ == "__main__":
    harness.main()
