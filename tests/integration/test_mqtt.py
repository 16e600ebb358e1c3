"""The link as a property system sees it: states, commands, replays, floods, brokers that fail."""
import concurrent.futures
import json
import os
import subprocess
import sys
import unittest

import contract
import harness
from harness import GATE, LIMIT_S, SITE, Broker, Gate, Listener, free_port, wait_until
from signer import Client, Key

TOPIC = f"gatehouse/{SITE}/{GATE}"
EVERY = ["door.open", "door.mode", "config.get", "events.replay", "ping"]


class Link(unittest.TestCase):
    def setUp(self):
        self.gate = self.enterContext(Gate())
        self.broker = self.enterContext(Broker(self.gate.folder)).start()
        try:
            self.key, self.guest = Key("desk"), Key("guest")
        except ImportError as error:
            raise unittest.SkipTest(f"python3-nacl is not installed: {error}") from None
        self.gate.config["mqtt"] = {"brokers": [f"127.0.0.1:{self.broker.port}"], "keys": [
            {"id": "desk", "public_key": self.key.public, "commands": EVERY},
            {"id": "guest", "public_key": self.guest.public, "commands": ["door.mode", "ping"], "doors": ["other"]}]}
        self.gate.config["board"]["inputs"][1]["debounce_ms"] = 0
        self.gate.config["board"]["outputs"].append({"name": "other-lock"})
        self.gate.config["doors"].append({"name": "other", "lock": "other-lock"})

    def start(self):
        self.gate.start()
        self.connected()
        try:
            self.client = self.enterContext(Client(self.broker.port, LIMIT_S))
        except ImportError as error:
            raise unittest.SkipTest(f"python3-paho-mqtt is not installed: {error}") from None

    def connected(self):
        wait_until("the link", lambda: self.gate.status()["mqtt"]["state"] == "connected")

    def refused(self, answer, code):
        self.assertIs(answer["ok"], False, answer)
        self.assertEqual(answer["error"]["code"], code, answer)


class Commands(Link):
    def setUp(self):
        super().setUp()
        self.start()

    def test_modes(self):
        answer = self.client.command(self.key, "door.mode", {"door": "main", "mode": "LockedDown"})
        self.assertEqual(answer["result"]["mode"], "LockedDown", answer)
        self.refused(self.client.command(self.key, "door.open", {"door": "main"}), "denied")
        answer = self.client.command(self.key, "door.mode", {"door": "main", "mode": "Locked"})
        self.assertEqual(answer["result"]["mode"], "Locked", answer)
        self.assertIs(self.client.command(self.key, "door.open", {"door": "main"})["ok"], True)
        for body in ({}, {"door": "main"}, {"door": "main", "mode": 3}, {"door": "nowhere", "mode": "Locked"},
                     {"door": "main", "mode": "Ajar"}, {"door": "main", "mode": "Locked", "more": 1}):
            self.refused(self.client.command(self.key, "door.mode", body), "invalid")

    def test_permissions(self):
        self.refused(self.client.command(self.guest, "door.mode", {"door": "main", "mode": "Unlocked"}), "forbidden")
        self.assertIs(self.client.command(self.guest, "door.mode", {"door": "other", "mode": "Unlocked"})["ok"], True)
        self.refused(self.client.command(self.guest, "door.open", {"door": "other"}), "forbidden")
        self.assertEqual(self.gate.door("main")["mode"], "Locked")

    def test_nonce_holds_after_restart(self):
        old = self.key.sign(f"{TOPIC}/cmd/door.mode", {"door": "main", "mode": "Unlocked"})
        self.assertIs(self.client.ask("door.mode", old)["ok"], True)
        self.assertIs(self.client.command(self.key, "door.mode", {"door": "main", "mode": "Locked"})["ok"], True)
        self.gate.kill()
        self.gate.start()
        self.connected()
        self.refused(self.client.ask("door.mode", old), "replayed")
        self.assertEqual(self.gate.door("main")["mode"], "Locked")

    def test_config_holds_no_secret(self):
        self.gate.stop()
        password = self.gate.state / "porch-password"
        password.write_text("secret")
        self.gate.config["cameras"] = [{"name": "porch", "role": "facade", "source": "rtsp://127.0.0.1:1/x", "username": "user",
                                        "password_file": str(password)}]
        self.gate.start()
        self.connected()
        answer = self.client.command(self.key, "config.get", {})
        self.assertEqual([d["name"] for d in answer["result"]["doors"]], ["main", "other"])
        self.assertEqual([c["name"] for c in answer["result"]["cameras"]], ["porch"])
        for part in ("secret", "user", str(password)):
            self.assertNotIn(part, json.dumps(answer))

    def test_replay(self):
        for _ in range(40):
            self.gate.tap("main-exit")
        wait_until("the presses in the log", lambda: len(self.gate.events("door.exit")) == 40)
        first, last = 3, self.gate.last_seq()
        with Listener(self.broker) as late:
            answer = self.client.command(self.key, "events.replay", {"from_seq": first, "to_seq": last}, id_="again")
            self.assertEqual(answer.get("result"), {"from_seq": first, "to_seq": last}, answer)

            def replayed():
                return [e for e in late.events() if e.get("replay") == "again"]

            wait_until("all of it again", lambda: len(replayed()) == last - first + 1)
            self.assertEqual([e["seq"] for e in replayed()], list(range(first, last + 1)))
            self.assertTrue(all(e["historical"] for e in replayed()))
            seconds = self.gate.events()[5]["time"]
            answer = self.client.command(self.key, "events.replay", {"to_time": seconds}, id_="earlier")
            wait_until("the earliest", lambda: any(e.get("replay") == "earlier" for e in late.events()))
        for body in ({}, {"from_seq": 0}, {"from_seq": 9, "to_seq": 8}, {"from_time": "yesterday"}, {"from": 1}):
            self.refused(self.client.command(self.key, "events.replay", body), "invalid")

    def test_a_client_in_javascript(self):
        """MQTT.js and Node's own Ed25519: nothing of the protocol is ours alone."""
        folder = contract.SOURCE / "tests" / "contract"
        if not (folder / "node_modules" / "mqtt").exists():
            self.skipTest("tests/contract/node_modules has no mqtt: tools/setup --for test")
        harness.need_program("node")
        done = subprocess.run(["node", folder / "client.mjs", str(self.broker.port), f"{SITE}/{GATE}", "desk", self.key.seed],
                              capture_output=True, text=True, timeout=LIMIT_S)
        self.assertEqual(done.returncode, 0, done.stderr)
        said = json.loads(done.stdout)
        self.assertEqual(said["seen"]["status"]["state"], "online")
        self.assertEqual(said["seen"]["state/door/main"]["mode"], "Locked")
        self.assertEqual(said["opened"]["result"]["mode"], "Accessed", said)
        self.assertEqual(said["forged"]["error"]["code"], "unauthenticated", said)

    def test_flood(self):
        """Garbage as fast as it comes: silence, a count, and the door opens at once when it is over."""
        before = self.gate.last_seq()
        for number in range(3000):
            self.client.client.publish(f"{TOPIC}/cmd/door.open", b"{" * (number % 50) + b"\xff", qos=0)
        wait_until("garbage counted", lambda: self.gate.status()["mqtt"]["dropped_commands"] > 1000)
        refused = [e for e in self.gate.events("command.refused") if e["seq"] > before]
        self.assertLess(len(refused), 60)
        wait_until("room for an honest one",
                   lambda: self.client_quick(self.key.sign(f"{TOPIC}/cmd/door.open", {"door": "main"})))
        self.assertEqual(self.gate.door("main")["mode"], "Accessed")

    def client_quick(self, payload):
        limit, self.client.limit_s = self.client.limit_s, 1
        try:
            return self.client.ask("door.open", payload)["ok"]
        except Exception:  # no answer within a second: it was dropped unseen
            return False
        finally:
            self.client.limit_s = limit

    def test_forged(self):
        topic = f"{TOPIC}/cmd/door.open"
        good = json.loads(self.key.sign(topic, {"door": "main"}))
        stranger = Key("desk")
        for forged in (dict(good, body={"door": "other"}), dict(good, nonce=good["nonce"] + 1), dict(good, sig="AAAA"),
                       dict(good, key="guest"), json.loads(stranger.sign(topic, {"door": "main"})),
                       json.loads(self.key.sign(f"{TOPIC}/cmd/ping", {"door": "main"}))):
            self.refused(self.client.ask("door.open", json.dumps(forged)), "unauthenticated")
        retained = self.key.sign(topic, {"door": "main"})
        self.client.send(topic, retained, retain=True)
        self.gate.kill()
        self.gate.start()
        self.connected()
        self.assertEqual(self.gate.events("access.request")[1:], [])

    def test_garbage(self):
        topic = f"{TOPIC}/cmd/door.open"
        deep = "[" * 40 + "]" * 40
        for payload in ("", "[]", "null", "{}", deep, '{"v":1,"v":1}', "x" * 300000, '{"id":"\ud800"}'.encode("utf-8", "surrogatepass"),
                        self.key.sign(topic, {"door": "main"}, v=2), self.key.sign(topic, {"door": "main"}, extra=1),
                        self.key.sign(topic, {"door": ["main"]}), self.key.sign(topic, {"door": "x" * 500}),
                        self.key.sign(topic, {"door": "main", "force": True})):
            self.refused(self.client.ask("door.open", payload), "invalid")
        self.refused(self.client.command(self.key, "door.open", {"door": "main"}, expires_ms=1), "expired")
        self.refused(self.client.command(self.key, "door.open", {"door": "main"}, expires_ms=2**52), "invalid")
        self.assertEqual(self.gate.line("main-lock"), "inactive")


class SlowDisk(Link):
    """An order waits for its nonce on disk, and not for ever."""

    def setUp(self):
        super().setUp()
        sys.path.insert(0, str(harness.SOURCE / "tests" / "torture"))
        from rig import Disk

        self.disk = Disk(self.gate.folder)
        # an instrumented daemon wants its runtime before whatever is preloaded
        env = {**os.environ, **self.disk.env, "ASAN_OPTIONS": f"{os.environ.get('ASAN_OPTIONS', '')}:verify_asan_link_order=0"}
        self.gate.launch = lambda: setattr(self.gate, "process", harness.Process(
            "gatehoused", [harness.GATEHOUSED, "--config", self.gate.config_path], self.gate.folder, env=env))
        self.start()
        self.pool = self.enterContext(concurrent.futures.ThreadPoolExecutor())

    def order(self, name, body):
        payload = self.key.sign(f"{TOPIC}/cmd/{name}", body)
        return payload, self.pool.submit(self.client.ask, name, payload)

    def waiting(self, before):
        return wait_until("orders that wait", lambda: self.gate.status()["storage"]["pending"] >= before)

    def hold(self):
        wait_until("a disk at rest", lambda: self.gate.status()["storage"]["pending"] == 0)
        self.disk.set("slow_us", 10**9)

    def test_an_order_is_answered_when_its_nonce_is_on_disk(self):
        self.hold()
        payload, opened = self.order("door.open", {"door": "main"})
        _, locked = self.order("door.mode", {"door": "other", "mode": "LockedDown"})
        self.waiting(2)
        self.assertFalse(opened.done() or locked.done())
        self.assertEqual((self.gate.door("main")["lock"], self.gate.door("other")["mode"]), ("Locked", "Locked"))
        self.disk.set("slow_us", 0)
        self.assertIs(opened.result(LIMIT_S)["ok"], True)
        self.assertEqual(locked.result(LIMIT_S)["result"]["mode"], "LockedDown")
        self.gate.kill()
        self.gate.start()
        self.connected()
        self.refused(self.client.ask("door.open", payload), "replayed")

    def test_an_order_that_the_disk_keeps_waiting_is_not_carried_out(self):
        self.hold()
        payload, opened = self.order("door.open", {"door": "main"})
        other, locked = self.order("door.mode", {"door": "other", "mode": "LockedDown"})
        for answer in opened, locked:
            self.refused(answer.result(LIMIT_S), "busy")
        self.disk.set("slow_us", 0)
        late = self.gate.wait_event("command.refused", where=lambda e: e["data"]["command"] == "door.mode")
        self.assertEqual(late["data"]["code"], "busy")
        self.gate.wait_event("storage.slow")
        self.assertEqual(self.gate.events("access.granted"), [])
        self.assertEqual((self.gate.door("main")["lock"], self.gate.door("other")["mode"]), ("Locked", "Locked"))
        self.refused(self.client.ask("door.open", payload), "replayed")  # they are used up all the same
        self.refused(self.client.ask("door.mode", other), "replayed")


class Brokers(Link):
    def test_states_of_a_door_that_is_gone(self):
        self.start()
        self.gate.stop()
        self.gate.config["doors"].pop()
        self.gate.config["mqtt"]["keys"].pop()
        with Listener(self.broker, f"{TOPIC}/state/door/other") as listener:
            listener.wait("the state of old", lambda m: m["payload"])
        self.gate.start()
        self.connected()

        def gone():
            done = subprocess.run(["mosquitto_sub", "-V", "5", "-h", "127.0.0.1", "-p", str(self.broker.port), "-t", f"{TOPIC}/state/#",
                                   "-W", "1", "-F", "%t", "--retained-only"], capture_output=True, text=True, check=False)
            topics = done.stdout.split()
            return topics and f"{TOPIC}/state/door/main" in topics and f"{TOPIC}/state/door/other" not in topics

        wait_until("only what is there", gone)

    def test_next_broker(self):
        self.gate.config["mqtt"]["brokers"] = [f"127.0.0.1:{port}" for port in (free_port(), self.broker.port)]
        self.start()
        self.assertIs(self.client.command(self.key, "ping", {})["ok"], True)

    def test_an_outage_is_told(self):
        self.gate.config["mqtt"]["lost_after_s"] = 1
        self.start()
        self.broker.kill()
        lost = self.gate.wait_event("link.lost")
        self.assertIn("127.0.0.1", lost["data"]["reason"])
        self.broker.start()
        self.gate.wait_event("link.restored", after=lost["seq"])
        self.assertEqual(len(self.gate.events("link.lost")), 1)

    def test_home_assistant(self):
        self.gate.config["cameras"] = [{"name": "porch", "role": "facade", "source": "file:/nowhere.mp4"}]
        self.gate.config["mqtt"]["home_assistant"] = {"enabled": True}
        with Listener(self.broker, "homeassistant/device/+/config") as listener:
            self.start()
            told = listener.wait("the introduction", lambda m: m["payload"])
        self.assertEqual(told["topic"], f"homeassistant/device/gatehouse-{SITE}-{GATE}/config")
        parts = told["payload"]["components"]
        self.assertEqual(parts["main-lock"]["platform"], "lock")
        self.assertEqual(parts["main-lock"]["state_topic"], f"{TOPIC}/state/door/main")
        self.assertEqual({p["platform"] for p in parts.values()}, {"lock", "binary_sensor", "event"})
        self.assertIn("porch-camera", parts)
        self.assertEqual(len({p["unique_id"] for p in parts.values()}), len(parts))
        # what its lock button sends is not signed
        self.refused(self.client.ask("door.mode", "UNLOCK"), "invalid")
        self.assertEqual(self.gate.line("main-lock"), "inactive")

    def test_names_leave_only_when_shared(self):
        self.start()
        with Listener(self.broker) as listener:
            person = self.gate.gatectl("person", "add", "Wang Xiaoming").strip()
            told = listener.wait("the person", lambda m: m["payload"].get("person") == person)["payload"]
            self.assertNotIn("Xiaoming", json.dumps(told))
            self.gate.stop()
            self.gate.config["mqtt"]["share"] = {"names": True}
            self.gate.start()
            self.connected()
            self.client.command(self.key, "events.replay", {"from_seq": told["seq"]})
            named = listener.wait("with a name", lambda m: m["payload"].get("replay"))["payload"]
        self.assertEqual((named["seq"], named["person_name"]), (told["seq"], "Wang Xiaoming"))


class Certificates(unittest.TestCase):
    """TLS: the right broker is served; a stranger with a certificate of its own, or of another name, hears nothing."""

    def authority(self, name):
        self.run_openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}",
                         "-keyout", f"{name}.key", "-out", f"{name}.crt")

    def certificate(self, name, authority, address):
        (self.gate.folder / "names").write_text(f"subjectAltName={address}\n")
        self.run_openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        self.run_openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{authority}.crt", "-CAkey", f"{authority}.key",
                         "-CAcreateserial", "-days", "2", "-extfile", "names", "-out", f"{name}.crt")

    def run_openssl(self, *words):
        subprocess.run(["openssl", *words], cwd=self.gate.folder, check=True, capture_output=True)

    def serve(self, name):
        """A broker with this certificate on the port that the gate knows."""
        self.broker.config_path.write_text(self.config + "".join(
            f"{key} {self.gate.folder / file}\n" for key, file in (("certfile", f"{name}.crt"), ("keyfile", f"{name}.key"))))
        self.broker.start()

    def test_who_the_broker_is(self):
        harness.need_program("openssl")
        self.gate = self.enterContext(Gate())
        self.broker = self.enterContext(Broker(self.gate.folder, record=False))
        self.config = self.broker.config_path.read_text() + "user root\n"  # else it may not read the key
        self.authority("site")
        self.authority("stranger")
        self.certificate("broker", "site", "IP:127.0.0.1")
        self.certificate("other", "site", "DNS:broker.example")
        self.certificate("impostor", "stranger", "IP:127.0.0.1")
        self.gate.config["mqtt"] = {"brokers": [f"127.0.0.1:{self.broker.port}"], "lost_after_s": 1,
                                    "ca_file": str(self.gate.folder / "site.crt")}
        self.serve("impostor")
        self.gate.start()
        for name in ("impostor", "other"):
            self.gate.wait_event("link.lost")
            self.assertNotEqual(self.gate.status()["mqtt"]["state"], "connected")
            self.broker.process.wait_log("New connection from")
            self.broker.process.wait_log("OpenSSL Error")  # the gate hung up
            self.assertNotIn("New client connected", self.broker.process.log, name)
            self.gate.gatectl("door", "open", "main")  # no door waits for a broker
            self.broker.kill()
            self.serve("other" if name == "impostor" else "broker")
        wait_until("the right one", lambda: self.gate.status()["mqtt"]["state"] == "connected")
        self.gate.wait_event("link.restored")


if __name__ == "__main__":
    harness.main()
