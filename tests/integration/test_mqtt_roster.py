"""The property system keeps the gate's roster: from one revision to the next, whole or not at all."""
import base64
import hashlib
import json
import os
import struct
import threading
import time
import unittest

import harness
from harness import GATE, LIMIT_S, SITE, Broker, Gate, wait_until
from signer import Client, Key

TOPIC = f"gatehouse/{SITE}/{GATE}"
ULID = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def ulid(number):
    text = ""
    for _ in range(24):
        text, number = ULID[number % 32] + text, number // 32
    return "01" + text


def put(kind, id_, **value):
    return {"op": "put", "kind": kind, "id": id_, "value": value}


def remove(kind, id_):
    return {"op": "remove", "kind": kind, "id": id_}


def digest_of(items):
    """docs/reference/access.md's digest of [(kind, id, value)], from the values as the gate keeps them."""
    parts = [hashlib.blake2b(json.dumps({"id": id_, "kind": kind, "value": value}, sort_keys=True, ensure_ascii=False,
                                        separators=(",", ":")).encode(), digest_size=32).digest()
             for kind, id_, value in sorted(items, key=lambda item: item[:2])]
    return hashlib.blake2b(b"".join(parts), digest_size=32).hexdigest()


class Roster(unittest.TestCase):
    def setUp(self):
        self.gate = self.enterContext(Gate())
        self.broker = self.enterContext(Broker(self.gate.folder)).start()
        try:
            self.key, self.guest, self.desk = Key("property"), Key("guest"), Key("desk")
        except ImportError as error:
            raise unittest.SkipTest(f"python3-nacl is not installed: {error}") from None
        every = ["roster.apply", "roster.snapshot", "enrol", "door.open"]
        self.gate.config["mqtt"] = {"brokers": [f"127.0.0.1:{self.broker.port}"], "keys": [
            {"id": "property", "public_key": self.key.public, "commands": every},
            {"id": "desk", "public_key": self.desk.public, "commands": every},
            {"id": "guest", "public_key": self.guest.public, "commands": every, "doors": ["main"]}]}
        self.start()
        try:
            self.client = self.enterContext(Client(self.broker.port, LIMIT_S))
        except ImportError as error:
            raise unittest.SkipTest(f"python3-paho-mqtt is not installed: {error}") from None

    def start(self):
        self.gate.start()
        wait_until("the link", lambda: self.gate.status()["mqtt"]["state"] == "connected")

    def ask(self, name, body, key=None):
        return self.client.command(key or self.key, name, body)

    def apply(self, from_, to, changes, **part):
        answer = self.ask("roster.apply", {"from": from_, "to": to, "changes": changes, **part})
        self.assertIs(answer["ok"], True, answer)
        return answer["result"]

    def refused(self, code, words, from_, to, changes, **part):
        answer = self.ask("roster.apply", {"from": from_, "to": to, "changes": changes, **part})
        self.assertEqual(answer.get("error", {}).get("code"), code, answer)
        self.assertIn(words, answer["error"]["message"])

    def pages(self):
        after, items = None, []
        while True:
            answer = self.ask("roster.snapshot", {"after": after} if after else {})
            self.assertIs(answer["ok"], True, answer)
            items += answer["result"]["items"]
            after = answer["result"]["next"]
            if after is None:
                return answer["result"], items

    def cards(self):
        return [i["id"] for i in self.pages()[1] if i["kind"] == "credential"]

    def digest(self):
        return self.ask("roster.snapshot", {"after": "schedule/~"})["result"]["digest"]


class Small(Roster):
    def test_whole_or_not_at_all(self):
        li, wu, card, pin = (ulid(n) for n in (1, 2, 3, 4))
        first = [put("group", "staff"), put("person", li, name="Li"), put("person", wu, name="Wu"),
                 put("holder", li, groups=["staff"], extended=True),
                 put("credential", card, person=li, type="card", number="4711"),
                 put("credential", pin, person=li, type="pin", digits="271828"),
                 put("rule", "all", open=["card", "card+pin"], groups=["staff"])]
        self.assertEqual(self.apply("", "r1", first), {"revision": "r1", "put": 7, "removed": 0, "unchanged": 0})
        state, items = self.pages()
        self.assertEqual(state["revision"], "r1")
        self.assertEqual([(i["kind"], i["id"]) for i in items],
                         sorted((c["kind"], c["id"]) for c in first))
        self.assertNotIn("Li", json.dumps(items), "names stay at the gate")
        self.assertNotIn("4711", json.dumps(items))
        self.assertNotIn("271828", json.dumps(items))
        self.assertEqual(state["digest"],
                         hashlib.blake2b(b"".join(bytes.fromhex(i["digest"]) for i in items), digest_size=32).hexdigest())
        person = {"name": "Wu", "enabled": True, "valid_from": None, "valid_to": None}
        self.assertIn(digest_of([("person", wu, person)]), hashlib.blake2b(bytes.fromhex(
            next(i["digest"] for i in items if i["id"] == wu)), digest_size=32).hexdigest())

        # sent twice: harmless; the same values again: nothing to do; from elsewhere: told where it stands
        self.apply("", "r1", first)
        self.assertEqual(self.apply("r1", "r2", first)["unchanged"], 7)
        self.refused("conflict", '"r2"', "r1", "r3", [])
        self.apply(None, "r3", [])
        self.assertEqual(len(self.gate.events("person.added")), 2)

        # the last change is wrong: the person, the cards, the group and the rule are as they were
        before = self.digest()
        for wrong in (put("credential", ulid(9), person=ulid(8), type="card", number="1"), put("group", "UPPER"),
                      put("rule", "other", open=["card"], groups=["nobody"]), {"op": "put"}, 7, None,
                      remove("pass", ulid(7)), put("person", wu, name="Wu"), put("schedule", "s", week=["x"])):
            self.refused("invalid", "change 6", "r3", "r4", [
                remove("person", li), put("person", wu, name="Wu Wei"), put("group", "more"), remove("rule", "all"),
                put("area", "yard", entries=["main"]), wrong])
            self.assertEqual(self.digest(), before)
        self.assertEqual(self.gate.status()["people"], 2)
        self.assertEqual(self.cards(), [card, pin])
        self.assertEqual(len(self.gate.events("roster.rejected")), 9)
        self.assertEqual(self.apply("r3", "r4", [remove("person", li), remove("person", ulid(5))]),
                         {"revision": "r4", "put": 0, "removed": 1, "unchanged": 1})
        self.assertEqual(self.cards(), [])
        self.gate.kill()
        self.start()
        self.assertEqual(self.pages()[0]["revision"], "r4")
        wait_until("the revision in the state", lambda: self.gate.status()["people"] == 1)

    def test_parts_and_forms(self):
        part = [[put("person", ulid(n), name=f"P{n}")] for n in range(3)]
        self.refused("conflict", "begin again", "", "a", part[1], part=2, parts=3)
        self.assertEqual(self.apply("", "a", part[0], part=1, parts=3), {"revision": "", "part": 1, "parts": 3})
        self.refused("conflict", "2 is expected", "", "a", part[2], part=3, parts=3)
        self.apply("", "a", part[1], part=2, parts=3)
        self.assertEqual(self.gate.status()["people"], 0)
        self.assertEqual(self.apply("", "a", part[2], part=3, parts=3)["put"], 3)
        for body in ({}, {"from": "a"}, {"from": "a", "to": "", "changes": []}, {"from": "a", "to": "b"},
                     {"from": "a", "to": "b", "changes": {}}, {"from": 1, "to": "b", "changes": []},
                     {"from": "a", "to": "b c", "changes": []}, {"from": "a", "to": "b", "changes": [], "part": 3},
                     {"from": "a", "to": "b", "changes": [], "all": True}, {"to": "b", "changes": []}):
            answer = self.ask("roster.apply", body)
            self.assertEqual(answer.get("error", {}).get("code"), "invalid", answer)
        for name, body in (("roster.apply", {"from": "a", "to": "b", "changes": []}), ("roster.snapshot", {}),
                           ("enrol", {"person": ulid(1), "photo": ""})):
            self.assertEqual(self.ask(name, body, self.guest)["error"]["code"], "forbidden")
        self.assertEqual(self.ask("roster.snapshot", {"after": "nothing"})["error"]["code"], "invalid")

    def test_photos_only_where_the_site_takes_them(self):
        self.apply("", "a", [put("person", ulid(1), name="Li")])
        photo = {"person": ulid(1), "photo": base64.b64encode(b"no picture").decode()}
        self.assertEqual(self.ask("enrol", photo)["error"]["code"], "forbidden")
        self.gate.stop()
        self.gate.config["mqtt"]["accept_photos"] = True
        self.gate.start()
        wait_until("the link", lambda: self.gate.status()["mqtt"]["state"] == "connected")
        for body in ({"person": ulid(2), "photo": ""}, {"person": ulid(1)}, {"person": ulid(1), "photo": "%"}):
            answer = self.ask("enrol", body)
            self.assertEqual(answer["error"]["code"], "invalid", answer)
        self.assertIs(self.ask("enrol", photo)["ok"], False)
        self.assertEqual(self.ask("enrol", self.template())["error"]["code"], "forbidden")

    def template(self, number=1, **changes):
        """A face as another gate with the same model would have measured it; no two are alike."""
        vector = [float(n == number) for n in range(512)]
        model = hashlib.sha256(self.model.read_bytes()).hexdigest() if self.model.exists() else "0" * 64
        return {"person": ulid(number), "template": base64.b64encode(struct.pack("<512f", *vector)).decode(), "model": model, **changes}

    model = harness.SOURCE / "models" / "fr_feature.onnx"

    def test_a_template(self):
        self.apply("", "a", [put("person", ulid(1), name="Li")])
        self.gate.stop()
        self.gate.config["mqtt"]["accept_templates"] = True
        self.start()
        harness.need(self.model.exists(), "models/fr_feature.onnx is missing: tools/setup")
        self.gate.process.wait_log("face models are ready")
        for change in ({"model": "0" * 64}, {"template": "AAAA"}, {"template": base64.b64encode(bytes(2048)).decode()},
                       {"template": base64.b64encode(b"\xff" * 2048).decode()}, {"person": ulid(2)}, {"photo": ""}):
            answer = self.ask("enrol", self.template(**change))
            self.assertIs(answer["ok"], False, (change, answer))
        answer = self.ask("enrol", self.template())
        self.assertEqual(answer.get("result"), {}, answer)
        self.assertEqual(self.gate.wait_event("person.enrolled")["data"], {"v": 1, "by": "property", "face": 1, "template": True})

    def test_so_many_faces_are_to_be_registered(self):
        self.apply("", "a", [put("person", ulid(n), name=f"P{n}") for n in range(1, 11)])
        self.gate.stop()
        self.gate.config["mqtt"]["accept_templates"] = True
        self.gate.config["face"] = {"registration_at": 10}
        self.start()
        harness.need(self.model.exists(), "models/fr_feature.onnx is missing: tools/setup")
        self.gate.process.wait_log("face models are ready")
        for number in range(1, 11):
            self.assertIs(self.ask("enrol", self.template(number))["ok"], True)
        told = [(e["severity"], e["data"]["people"]) for e in reversed(self.gate.events("face.registration"))]
        self.assertEqual(sorted(told), [("alarm", 10), ("warning", 9)])


class Large(Roster):
    PEOPLE = 1000 if os.environ.get("GH_SANITIZE") else 10000

    def changes(self):
        for number in range(self.PEOPLE):
            yield put("person", ulid(number), name=f"Person {number}")
            yield put("credential", ulid(self.PEOPLE + number), person=ulid(number), type="card", number=str(number))

    def expected(self):
        always = {"enabled": True, "valid_from": None, "valid_to": None}
        kept = {(i["kind"], i["id"]): i["digest"] for i in self.pages()[1]}
        self.assertEqual(len(kept), 2 * self.PEOPLE)
        for number in (0, self.PEOPLE // 2, self.PEOPLE - 1):
            value = {"name": f"Person {number}", **always}
            text = json.dumps({"id": ulid(number), "kind": "person", "value": value}, sort_keys=True,
                              separators=(",", ":"))
            self.assertEqual(kept["person", ulid(number)],
                             hashlib.blake2b(text.encode(), digest_size=32).hexdigest())
        return hashlib.blake2b(b"".join(bytes.fromhex(kept[key]) for key in sorted(kept)), digest_size=32).hexdigest()

    def signed(self, to):
        changes = list(self.changes())
        parts = [changes[at:at + 1250] for at in range(0, len(changes), 1250)]
        return [self.key.sign(f"{TOPIC}/cmd/roster.apply", {"from": None, "to": to, "changes": part, "part": number,
                                                          "parts": len(parts)}) for number, part in enumerate(parts, 1)]

    def test_doors_do_not_notice(self):
        """Doors are opened all the while; how long each took is printed, not judged."""
        parts, over, delays = self.signed("large"), threading.Event(), []

        def open_again_and_again():
            with Client(self.broker.port, LIMIT_S) as desk:
                while not over.is_set():
                    begun = time.monotonic()
                    answer = desk.command(self.desk, "door.open", {"door": "main"})
                    delays.append((time.monotonic() - begun) * 1000)
                    if not answer["ok"]:
                        raise AssertionError(answer)

        guard = threading.Thread(target=open_again_and_again)
        guard.start()
        begun = time.monotonic()
        for part in parts:
            answer = self.client.ask("roster.apply", part)
            self.assertIs(answer["ok"], True, answer)
        took = time.monotonic() - begun
        over.set()
        guard.join()
        delays.sort()
        print(json.dumps({"case": "roster.apply", "people": self.PEOPLE, "changes": 2 * self.PEOPLE,
                          "seconds": round(took, 2), "storage_slow": len(self.gate.events("storage.slow")), "door_opens": len(delays),
                          "door_open_ms_p50": round(delays[len(delays) // 2], 1),
                          "door_open_ms_p99": round(delays[len(delays) * 99 // 100], 1)}))
        self.assertEqual(self.gate.status()["people"], self.PEOPLE)
        state = self.pages()[0]
        self.assertEqual(state["digest"], self.expected())

    def test_power_fails_half_way(self):
        """Killed when a part of it is on disk: the next start puts all of it in force."""
        *parts, last = self.signed("half")
        for part in parts:
            self.assertIs(self.client.ask("roster.apply", part)["ok"], True)
        self.client.send(f"{TOPIC}/cmd/roster.apply", last)
        wait_until("some of it on disk", lambda: len(self.gate.events("person.added")) > 0, every_s=0.005)
        self.gate.kill()
        self.start()
        wait_until("all of it in force", lambda: self.gate.events("roster.applied"))
        state = self.pages()[0]
        self.assertEqual(state["revision"], "half")
        self.assertEqual(state["digest"], self.expected())
        self.gate.verify()


if __name__ == "__main__":
    harness.main()
