"""
What is missing, wrong, newer, damaged or taken: one clear sentence that names the thing and what to do, and
whatever can run runs. The door's exit button is asked each time.
"""
import base64
import contextlib
import os
import random
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import unittest
import unittest.mock

import harness
from harness import EXIT_CONFIG, SOURCE, Broker, Gate, Listener, Process, need, wait_until

MODELS = SOURCE / "models"


class BadInput(unittest.TestCase):
    def setUp(self):
        self.gate = self.enterContext(Gate())

    def exit_button_works(self, gate=None):
        gate = gate or self.gate
        gate.press("main-exit")
        wait_until("the door released by its button", lambda: gate.line("main-lock") == "active")
        gate.release("main-exit")

    def sentence(self, text, *words):
        """One line that says all of it."""
        lines = [line for line in text.splitlines() if all(word in line for word in words)]
        self.assertTrue(lines, f"no line with {words} in:\n{text}")
        return lines[0]

    def refused(self, code, *words):
        """The start fails with that code and that sentence."""
        process = self.gate.launch()
        wait_until("the daemon's end", lambda: not process.alive())
        self.assertEqual(process.child.returncode, code, process.log)
        self.sentence(process.log, *words)

    def check_config(self):
        return subprocess.run([str(harness.GATEHOUSED), "--check-config", "--config", str(self.gate.config_path)],
                              capture_output=True, text=True, timeout=harness.LIMIT_S, check=False)

    # ---- config ----

    def test_config(self):
        gate = self.gate
        gate.write_config()
        good = gate.config_path.read_text()
        self.assertEqual(self.check_config().returncode, 0)
        for old, new, words in (
            ('"release_ms": 2000', '"relase_ms": 2000', ("relase_ms",)),
            ('"release_ms": 2000', '"release_ms": 2', ("release_ms", "100")),
            ('"lock": "main-lock"', '"lock": "man-lock"', ("man-lock", "main-lock")),
            ('"site": "test-site"', '"site": "Test Site"', ("site",)),
            ('"version": 1', '"version": 2', ("version", "newer")),
        ):
            with self.subTest(new):
                self.assertIn(old, good)
                gate.write_config(good.replace(old, new))
                number = 1 + good[:good.index(old)].count("\n")
                checked = self.check_config()
                self.assertEqual(checked.returncode, EXIT_CONFIG, checked)
                self.sentence(checked.stdout + checked.stderr, f"{gate.config_path}:{number}:", *words)
                self.refused(EXIT_CONFIG, f"{gate.config_path}:{number}:", *words)
        gate.write_config(good[:len(good) // 2])
        self.assertEqual(self.check_config().returncode, EXIT_CONFIG)
        gate.config_path.write_bytes(bytes(range(256)) * 16)
        self.assertEqual(self.check_config().returncode, EXIT_CONFIG)
        gate.config_path.unlink()
        self.refused(EXIT_CONFIG, str(gate.config_path), "No such file")

    def test_a_hang_up_ends_nothing(self):
        """A terminal that closes, or an unasked-for reload: the config is looked at, and the doors stay under control."""
        gate = self.gate.start()
        gate.process.child.send_signal(signal.SIGHUP)
        gate.process.wait_log("is in order, and comes into force with the next start")
        gate.write_config("doors: [[[")
        gate.process.child.send_signal(signal.SIGHUP)
        gate.process.wait_log("the config read at the start stays in force")
        self.exit_button_works()

    # ---- models ----

    def models(self):
        need((MODELS / "fr_feature.onnx").exists(), "the face models are not there: run tools/fetch-models")
        copy = self.gate.folder / "models"
        copy.mkdir()
        for model in (*MODELS.glob("*.onnx"), *MODELS.glob("*.yaml")):
            (copy / model.name).symlink_to(model.resolve())
        self.gate.config["models_dir"] = str(copy)
        return copy / "fr_feature.onnx"

    def without_faces(self, *words):
        self.gate.start()
        failed = self.gate.wait_event("model.failed")
        self.assertEqual(failed["severity"], "alarm")
        for word in words:
            self.assertIn(word, failed["data"]["reason"])
        self.sentence(self.gate.process.log, *words, "doors work")
        person = self.gate.gatectl("person", "add", "Anna").strip()
        enrol = self.gate.gatectl_run("enrol", person, __file__)
        self.assertEqual(enrol.returncode, 1)
        self.assertIn("models", enrol.stderr)
        self.exit_button_works()
        self.gate.stop()

    def test_model_missing(self):
        model = self.models()
        model.unlink()
        self.without_faces(str(model))

    def test_model_changed(self):
        model = self.models()
        data = bytearray(model.read_bytes())
        data[len(data) // 2] ^= 1
        model.unlink()
        model.write_bytes(data)
        self.without_faces(str(model))

    def test_manifest_missing(self):
        manifest = self.models().with_suffix(".yaml")
        manifest.unlink()
        self.without_faces(str(manifest), "No such file")

    def test_manifest_wrong(self):
        manifest = self.models().with_suffix(".yaml")
        text = manifest.read_text()
        manifest.unlink()
        for old, new, words in (("dimension: 512", "dimension: 0", ("dimension", "1 to 512")),
                                ("role: recogniser", "role: detector", ("role", "expected recogniser"))):
            with self.subTest(new):
                self.assertIn(old, text)
                manifest.write_text(text.replace(old, new))
                number = 1 + text[:text.index(old)].count("\n")
                self.without_faces(f"{manifest}:{number}: ", *words)
                shutil.rmtree(self.gate.state)
        digest = re.search("sha256: (\\w+)", text)[1]
        manifest.write_text(text.replace(digest, digest[::-1]))
        self.without_faces(str(manifest.with_suffix(".onnx")), digest[:12], digest[::-1][:12])

    def test_photo(self):
        self.models()
        gate = self.gate.start()
        gate.process.wait_log("face models are ready")
        person = gate.gatectl("person", "add", "Anna").strip()
        for body, code in ((b"no picture at all", 422), (b"\xff\xd8\xff\xe0" + os.urandom(5000), 422), (b"", 422),
                           (bytes(11 << 20), 413)):
            status, answer = gate.call("POST", f"people/{person}/faces", body)
            self.assertEqual(status, code, answer)
            self.assertTrue(answer["detail"], answer)
        self.assertEqual(gate.call("GET", f"people/{person}")[1]["faces"], 0)
        self.exit_button_works()

    # ---- cameras ----

    def film(self):
        harness.need_program("ffmpeg")
        path = self.gate.folder / "facade.mp4"
        subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=s=320x240:r=10:d=2", "-pix_fmt", "yuv420p",
                        str(path)], check=True, stdin=subprocess.DEVNULL)
        return path

    def test_cameras(self):
        """One is there, one is missing, one is no film, one never says a word."""
        film, gate = self.film(), self.gate
        rubbish = gate.folder / "rubbish.mp4"
        rubbish.write_bytes(random.Random(1).randbytes(100000))
        silent = self.enterContext(socket.create_server(("127.0.0.1", 0)))
        port = silent.getsockname()[1]
        sources = {"good": f"file:{film}", "missing": f"file:{gate.folder}/nobody.mp4", "rubbish": f"file:{rubbish}",
                   "silent": f"rtsp://127.0.0.1:{port}/live"}
        gate.config["cameras"] = [{"name": n, "role": "facade", "source": s, "loop": True} for n, s in sources.items()]
        gate.start()

        def state(name):
            return next(c["state"] for c in gate.status()["cameras"] if c["name"] == name)

        wait_until("the good camera live", lambda: state("good") == "live")
        for name, word in (("missing", "nobody.mp4"), ("rubbish", "rubbish"), ("silent", str(port))):
            lost = gate.wait_event("camera.lost", where=lambda e, n=name: e["source"] == f"camera/{n}")
            self.assertIn(word, lost["data"]["reason"], "the reason names the source")
            self.assertEqual(state(name), "lost")
        self.assertEqual(state("good"), "live")
        self.exit_button_works()
        shutil.copy(film, gate.folder / "nobody.mp4")
        gate.wait_event("camera.restored", where=lambda e: e["source"] == "camera/missing")
        gate.stop()

    # ---- broker ----

    def test_broker_absent(self):
        gate = self.gate
        broker = self.enterContext(Broker(gate.folder))
        gate.config["mqtt"] = {"brokers": [f"127.0.0.1:{broker.port}"]}
        gate.start()
        self.assertEqual(gate.status()["mqtt"]["state"], "disconnected")
        self.assertTrue(wait_until("a reason", lambda: gate.status()["mqtt"]["reason"]))
        self.exit_button_works()
        gate.wait_event("door.exit")
        broker.start()
        # whether the client or the daemon is first, status tells when all is out
        with Listener(broker):
            wait_until("all acknowledged", lambda: gate.status()["mqtt"]["acknowledged"] == gate.last_seq())
        gate.stop()

    def test_broker_name_unknown(self):
        self.gate.config["mqtt"] = {"brokers": ["broker.invalid:1883"]}
        self.gate.start()
        wait_until("a reason", lambda: self.gate.status()["mqtt"]["reason"])
        self.exit_button_works()
        self.gate.stop()

    # ---- board ----

    def test_gpio_chip_absent(self):
        board = self.gate.config["board"]
        board["driver"] = "gpiod"
        for number, line in enumerate(board["outputs"] + board["inputs"]):
            line.update(chip="gpiochip99", line=number)
        self.gate.write_config()
        self.refused(1, "gpiochip99")

    # ---- storage ----

    def test_newer_database(self):
        gate = self.gate
        gate.start()
        gate.stop()
        database = gate.state / "gate.db"
        with contextlib.closing(sqlite3.connect(database)) as db:
            db.execute("PRAGMA user_version = 99")
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        before = database.read_bytes()
        gate.start(log_ready=False)
        gate.process.wait_log("newer version")
        self.sentence(gate.process.log, str(database), "99", "install the newer version")
        self.exit_button_works()
        refused = gate.call("POST", "people", {"name": "Anna"})
        self.assertGreaterEqual(refused[0], 500, refused)
        self.assertIn("99", str(refused[1]))
        gate.stop()
        self.assertEqual(database.read_bytes(), before)

    def test_two_daemons(self):
        gate = self.gate.start()
        other = self.enterContext(Gate(state_dir=str(gate.state)))
        other.write_config()
        process = other.launch()
        wait_until("the second's end", lambda: not process.alive())
        self.assertNotEqual(process.child.returncode, 0)
        self.sentence(process.log, str(gate.state), f"pid {gate.process.child.pid}", "stop")
        self.assertTrue(gate.process.alive())
        self.exit_button_works()
        gate.wait_event("door.exit")
        gate.kill()
        gate.start()  # a dead one's claim holds nobody up
        gate.stop()

    def test_state_dir_is_a_file(self):
        path = self.gate.folder / "file"
        path.write_text("")
        self.gate.config["state_dir"] = str(path)
        self.gate.write_config()
        self.refused(1, str(path))

    def test_state_dir_not_writable(self):
        need(os.geteuid() != 0, "root may write everywhere")
        self.gate.state.chmod(0o500)
        self.gate.write_config()
        self.refused(1, str(self.gate.state), "ermission")

    def damage(self, spoil):
        """Set aside and told, or refused and told; the door works; and the next start is whole again."""
        gate = self.gate
        gate.config["board"]["inputs"][1]["debounce_ms"] = 0
        gate.start()
        for number in range(150):
            gate.call("POST", "people", {"name": f"Person {number}"})
            gate.tap("main-exit")
        gate.stop()
        database = gate.state / "gate.db"
        data = bytearray(database.read_bytes())
        spoil(data, random.Random(7))
        database.write_bytes(data)
        gate.start(log_ready=False)
        wait_until("the door locked", lambda: gate.line("main-lock") == "inactive")
        self.exit_button_works()
        told = wait_until("the damage told", lambda: re.search(r"(?m)^.* store +(.*(damaged|corrupt|malformed|set aside|"
                          r"changed).*)$", gate.process.log))
        self.assertIn("gate.db", told.group(1))
        return database

    def test_database_without_a_head(self):
        def spoil(data, rng):
            data[:4096] = rng.randbytes(4096)

        database = self.damage(spoil)
        wait_until("a log that is written", lambda: self.gate.status()["storage"]["state"] == "ok")
        self.gate.wait_event("storage.set_aside")
        self.assertEqual(len(list(database.parent.glob("gate.db.corrupt-*"))), 1, "kept for a look")
        self.gate.gatectl("person", "add", "Anna")
        self.gate.stop()
        self.assertTrue(self.gate.verify()["ok"])

    def test_database_with_a_hole(self):
        def spoil(data, rng):
            middle = len(data) // 2 // 4096 * 4096
            data[middle:middle + 16384] = rng.randbytes(16384)

        self.damage(spoil)
        self.gate.gatectl("door", "list")
        self.gate.stop()

    def test_data_key_from_systemd(self):
        """With LoadCredential= the key is not beside what it seals, and without it nothing is readable."""
        folder = self.gate.folder / "credentials"
        folder.mkdir()
        (folder / "data.key").write_text(base64.b64encode(os.urandom(32)).decode() + "\n")
        (folder / "data.key").chmod(0o440)  # as systemd's ACLs make it look
        with unittest.mock.patch.dict(os.environ, CREDENTIALS_DIRECTORY=str(folder)):
            self.gate.start()
            self.gate.gatectl("person", "add", "Li")
            self.gate.stop()
        self.assertFalse((self.gate.state / "keys" / "data.key").exists())
        self.gate.start(log_ready=False)
        self.gate.process.wait_log("no credential is known and nothing is recorded")
        self.gate.gatectl("board", "press", "main-exit")
        harness.wait_until("the way out", lambda: self.gate.line("main-lock") == "active")
        self.gate.stop()
        with unittest.mock.patch.dict(os.environ, CREDENTIALS_DIRECTORY=str(folder)):
            self.gate.start()
            self.assertEqual(self.gate.status()["people"], 1)

    def test_quota(self):
        """A disk that is full: told, and the doors work."""
        gate = self.gate
        gate.config["board"]["inputs"][1]["debounce_ms"] = 0
        gate.write_config()
        gate.process = Process("gatehoused", ["bash", "-c", 'ulimit -f 256; exec "$0" "$@"', harness.GATEHOUSED,
                                              "--config", gate.config_path], gate.folder)
        gate.process.wait_log("the log stands at")

        def failed():
            for _ in range(50):
                gate.tap("main-exit")
            return gate.status()["storage"]["state"] == "failed"

        wait_until("a full disk noticed", failed)
        self.assertTrue(gate.status()["storage"]["reason"])
        wait_until("the door locked", lambda: gate.line("main-lock") == "inactive")
        self.exit_button_works()
        self.assertIn(gate.call("POST", "people", {"name": "Anna"})[0], (500, 503, 507))
        gate.process.stop()
        gate.start()  # room again
        self.assertTrue(gate.call("POST", "people", {"name": "Anna"})[0] == 201)
        gate.stop()
        self.assertTrue(gate.verify()["ok"])


if __name__ == "__main__":
    harness.main()
