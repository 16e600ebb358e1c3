"""Through the door and back: button, contact, fire, people, log, and signed commands over MQTT."""
import base64
import json
import time
import subprocess
import unittest

import harness
from harness import GATE, SITE, Broker, Gate, Listener, Process, wait_until

TOPIC = f"gatehouse/{SITE}/{GATE}"


class Doors(unittest.TestCase):
    def setUp(self):
        self.gate = self.enterContext(Gate())
        self.gate.config["board"]["inputs"][1]["debounce_ms"] = 0  # taps faster than a thumb
        self.gate.start()

    def test_exit_button(self):
        gate = self.gate
        self.assertEqual(gate.door()["mode"], "Locked")
        gate.press("main-exit")
        wait_until("the relay energised", lambda: gate.line("main-lock") == "active")
        exited = gate.wait_event("door.exit")
        self.assertEqual(exited["source"], "door/main")
        wait_until("locked again after release_ms", lambda: gate.line("main-lock") == "inactive")
        self.assertEqual(gate.door()["lock"], "Locked")
        gate.stop()
        self.assertTrue(gate.verify()["ok"])

    def test_remote_open_and_contact(self):
        gate = self.gate
        state = json.loads(gate.gatectl("--json", "door", "open", "main"))
        self.assertEqual(state["name"], "main")
        self.assertEqual(gate.line("main-lock"), "active")
        granted = gate.wait_event("access.granted")
        request = gate.wait_event("access.request")
        self.assertLess(request["seq"], granted["seq"], "recorded, then opened")
        self.assertEqual(granted["data"]["request"], request["seq"])
        self.assertEqual(granted["data"]["storage"], "committed")
        self.assertEqual(granted["data"]["factor"], "remote")
        self.assertGreaterEqual(granted["data"]["frame_to_relay_ms"], 0)
        gate.press("main-contact")
        gate.wait_event("access.taken", after=granted["seq"])
        self.assertEqual(gate.door()["physical"], "Open")
        gate.release("main-contact")
        wait_until("the leaf closed", lambda: gate.door()["physical"] == "Closed")
        gate.gatectl("door", "open", "main")
        gate.wait_event("access.not_taken")
        self.assertEqual(gate.events("door.forced"), [], "after a grant the leaf may open")

    def test_forced(self):
        gate = self.gate
        gate.press("main-contact")
        forced = gate.wait_event("door.forced")
        self.assertEqual(forced["severity"], "alarm")
        self.assertEqual(gate.door()["alarm"], "DoorForcedOpen")
        gate.release("main-contact")
        gate.wait_event("door.forced_cleared")
        self.assertEqual(gate.door()["alarm"], "Normal")
        # a cut wire is no closed leaf
        gate.gatectl("board", "cut", "main-contact")
        wait_until("the contact's fault told", lambda: gate.door()["physical"] not in ("Closed", "Open"))

    def test_fire(self):
        gate = self.gate
        gate.press("fire")
        wait_until("the door opened by fire", lambda: gate.line("main-lock") == "active")
        gate.wait_event("fire.alarm")
        opened = gate.door()["mode"]
        refused = gate.gatectl_run("door", "mode", "main", "LockedDown")
        self.assertEqual(refused.returncode, 1, refused)
        self.assertIn("reset on site", refused.stderr)
        self.assertEqual(gate.door()["mode"], opened)
        gate.release("fire")
        wait_until("a quiet panel", lambda: gate.line("fire") == "inactive")
        self.assertEqual(gate.line("main-lock"), "active")
        # refused until the panel's line has held its level for debounce_ms
        wait_until("the reset taken", lambda: gate.gatectl_run("fire-reset").returncode == 0)
        wait_until("the door locked after reset", lambda: gate.line("main-lock") == "inactive")
        gate.wait_event("fire.reset")
        gate.gatectl("door", "mode", "main", "LockedDown")
        self.assertEqual(gate.gatectl_run("door", "open", "main").returncode, 1)
        self.assertEqual(gate.wait_event("access.denied")["data"]["door"], "main")
        gate.gatectl("door", "mode", "main", "Locked")
        gate.gatectl("door", "open", "main")

    def test_people(self):
        gate = self.gate
        first = json.loads(gate.gatectl("--json", "person", "add", "Zoë Müller"))
        second = gate.gatectl("person", "add", "李雷", "--to", "2030-01-01").strip()
        people = json.loads(gate.gatectl("--json", "person", "list"))
        people = people["people"] if isinstance(people, dict) else people
        self.assertEqual({p["id"]: p["name"] for p in people}, {first["id"]: "Zoë Müller", second: "李雷"})
        gate.gatectl("person", "remove", first["id"])
        self.assertEqual(gate.gatectl_run("person", "remove", first["id"]).returncode, 1)
        self.assertEqual(gate.wait_event("person.removed")["person"], first["id"])
        gate.kill()
        gate.start()
        self.assertEqual(gate.status()["people"], 1, "what was acknowledged outlives a kill")
        raw = b"".join(p.read_bytes() for p in gate.state.glob("gate.db*"))
        self.assertNotIn("Zoë Müller".encode(), raw, "a removed person's name is nowhere in the files")

    def test_events(self):
        gate = self.gate
        for _ in range(30):
            gate.tap("main-exit")
        wait_until("thirty exits", lambda: len(gate.events("door.exit")) == 30)
        whole = gate.events()
        self.assertEqual([e["seq"] for e in whole], list(range(1, len(whole) + 1)))
        paged, before = [], len(whole) + 1
        while before > 1:
            page = gate.call("GET", f"events?limit=7&before={before}")[1]["events"]
            self.assertLessEqual(len(page), 7)
            paged += page
            before = page[-1]["seq"]
        self.assertEqual(paged[::-1], whole)
        lines = gate.gatectl("--json", "events", "--limit", "5").splitlines()
        self.assertEqual([json.loads(line)["seq"] for line in lines], [e["seq"] for e in whole[-5:]])
        follow = Process("follow", [harness.GATECTL, "--socket", gate.socket, "--json", "events", "--follow",
                                    "--limit", "1"], gate.folder)
        try:
            follow.wait_log(f'"seq":{len(whole)}')
            gate.press("main-exit")
            follow.wait_log('"door.exit"')
        finally:
            follow.kill()
        seqs = [json.loads(line)["seq"] for line in follow.log.splitlines()]
        self.assertEqual(seqs, list(range(len(whole), len(whole) + len(seqs))))
        self.assertEqual(gate.call("GET", "events?limit=0")[0], 400)
        gate.gatectl("evidence", "list")
        self.assertIn("good", gate.gatectl("audit", "verify"))


class SignedCommands(unittest.TestCase):
    def setUp(self):
        self.gate = self.enterContext(Gate())
        self.broker = self.enterContext(Broker(self.gate.folder)).start()
        self.key = self.keygen("desk")
        self.gate.config["mqtt"] = {"brokers": [f"127.0.0.1:{self.broker.port}"], "keys": [
            {"id": "desk", "public_key": self.public, "commands": ["door.open", "ping"]},
            {"id": "guest", "public_key": self.guest_public(), "commands": ["ping"]}]}
        self.listener = self.enterContext(Listener(self.broker))
        self.gate.start()
        wait_until("the link", lambda: self.gate.status()["mqtt"]["state"] == "connected")

    def keygen(self, name):
        path = self.gate.folder / f"{name}.key"
        self.public = self.gate.gatectl("mqtt", "keygen", path).strip()
        return path

    def guest_public(self):
        keep = self.public
        self.guest = self.keygen("guest")
        guest, self.public = self.public, keep
        return guest

    def sign(self, key=None, key_id="desk", topic="door.open", body='{"door":"main"}'):
        return self.gate.gatectl("mqtt", "sign", key or self.key, key_id, f"{TOPIC}/cmd/{topic}", body).strip()

    def ask(self, envelope, topic="door.open"):
        harness.need_program("mosquitto_rr")
        done = subprocess.run(["mosquitto_rr", "-V", "5", "-h", "127.0.0.1", "-p", str(self.broker.port), "-q", "1", "-t",
                               f"{TOPIC}/cmd/{topic}", "-e", f"client/reply/{time.monotonic_ns()}", "-m", envelope,
                               "-W", str(harness.LIMIT_S)], capture_output=True, text=True,
                              timeout=2 * harness.LIMIT_S, check=False)
        self.assertEqual(done.returncode, 0, f"no answer to {envelope[:200]}: {done.stderr}")
        return json.loads(done.stdout)

    def refused(self, envelope, code, topic="door.open"):
        known = self.gate.last_seq()
        answer = self.ask(envelope, topic)
        self.assertIs(answer["ok"], False, answer)
        self.assertEqual(answer["error"]["code"], code, answer)
        self.assertTrue(answer["error"]["message"])
        self.assertEqual(self.gate.wait_event("command.refused", after=known)["data"]["code"], code)
        self.assertEqual(self.gate.line("main-lock"), "inactive")

    def test_retained_state(self):
        with Listener(self.broker, f"{TOPIC}/#") as late:
            online = late.wait("the retained status", lambda m: m["topic"].endswith("/status"))
            self.assertEqual(online["retained"], 1)
            self.assertIn("online", json.dumps(online["payload"]))
            door = late.wait("the retained door", lambda m: m["topic"].endswith("/state/door/main"))
            self.assertEqual(door["payload"]["mode"], "Locked")
            self.gate.kill()
            late.wait("the last will", lambda m: m["topic"].endswith("/status") and "offline" in
                      json.dumps(m["payload"]))

    def test_open(self):
        envelope = self.sign()
        answer = self.ask(envelope)
        self.assertIs(answer["ok"], True, answer)
        self.assertEqual(answer["id"], json.loads(envelope)["id"])
        self.assertEqual(answer["result"]["name"], "main")
        self.assertEqual(self.gate.line("main-lock"), "active")
        granted = self.listener.wait("access.granted", lambda m: m["payload"]["type"] == "access.granted")["payload"]
        self.assertEqual(granted["data"]["key"], "desk")
        self.assertLess(self.gate.wait_event("access.request")["seq"], granted["seq"])
        wait_until("the door locked again", lambda: self.gate.line("main-lock") == "inactive")
        self.refused(envelope, "replayed")
        self.gate.kill()
        self.gate.start()
        wait_until("the link", lambda: self.gate.status()["mqtt"]["state"] == "connected")
        self.refused(envelope, "replayed")
        self.assertEqual(len(self.gate.events("access.granted")), 1)

    def test_refused(self):
        good = json.loads(self.sign())
        self.refused(json.dumps({k: v for k, v in good.items() if k != "sig"}), "invalid")
        self.refused("open the door, please", "invalid")
        self.refused(json.dumps({**good, "sig": base64.b64encode(b"\0" * 64).decode()}), "unauthenticated")
        self.refused(json.dumps({**good, "expires": good["expires"] + 1}), "unauthenticated")
        self.refused(self.sign(self.guest), "unauthenticated")
        self.refused(self.sign(key_id="nobody"), "unauthenticated")
        self.refused(self.sign(topic="ping", body="{}"), "unauthenticated")  # signed for another topic
        self.refused(self.sign(self.guest, "guest"), "forbidden")
        self.refused(self.sign(body='{"door":"back"}'), "invalid")
        self.refused(self.sign(body='{"door":"main","now":true}'), "invalid")
        self.refused("[" * 60000, "invalid")
        self.assertIs(self.ask(self.sign(topic="ping", body="{}"), "ping")["ok"], True)
        self.assertEqual(self.gate.events("access.granted"), [])

    def test_expired(self):
        harness.need_program("openssl")
        now_ms = int(time.time() * 1000)
        good = {"v": 1, "key": "desk", "id": "late-1", "nonce": now_ms, "body": {"door": "main"}}
        self.refused(self.openssl_sign({**good, "expires": now_ms - 1000}), "expired")
        self.refused(self.openssl_sign({**good, "expires": now_ms + 24 * 3600 * 1000}), "invalid")
        self.assertIs(self.ask(self.openssl_sign({**good, "expires": now_ms + 60000}))["ok"], True)

    def openssl_sign(self, envelope):
        """The envelope as another maker's system would sign it, from what command.h says alone."""
        seed = base64.b64decode(self.key.read_text())[:32]
        der, text = self.gate.folder / "key.der", self.gate.folder / "signed"
        der.write_bytes(bytes.fromhex("302e020100300506032b657004220420") + seed)
        canonical = json.dumps(envelope, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        text.write_text(f"{TOPIC}/cmd/door.open\n{canonical}")
        done = subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", "-keyform", "DER", "-inkey", str(der), "-in",
                               str(text)], capture_output=True, check=True)
        return json.dumps({**envelope, "sig": base64.b64encode(done.stdout).decode()})


if __name__ == "__main__":
    harness.main()
