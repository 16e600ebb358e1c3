"""What is kept beside the gate: the auditor's bundle and its second verifier, backups and the way back."""
import base64
import contextlib
import json
import os
import pathlib
import resource
import runpy
import shutil
import signal
import sqlite3
import subprocess
import sys
import unittest

import harness
from harness import GATECTL, SOURCE, Gate

VERIFIER = SOURCE / "tools" / "verify-audit"


def gatectl(*words):
    return subprocess.run([str(GATECTL), *map(str, words)], capture_output=True, text=True, check=False,
                          timeout=harness.LIMIT_S)


class Keep(unittest.TestCase):
    def setUp(self):
        self.gate = self.enterContext(Gate()).start()
        self.folder = self.gate.folder

    def people(self, count):
        with contextlib.closing(self.gate.connection()) as connection:
            for number in range(count):
                status, _ = connection.call("POST", "people", {"name": f"住户 {number}"})
                self.assertEqual(status, 201)

    # ---- the bundle ----

    def bundle(self):
        path = self.folder / "log.jsonl"
        path.unlink(missing_ok=True)
        done = gatectl("audit", "export", path, "--db", self.gate.state / "gate.db")
        self.assertEqual(done.returncode, 0, done.stderr)
        return path

    def judge(self, path, *options):
        done = subprocess.run([sys.executable, str(VERIFIER), str(path), *map(str, options)], capture_output=True,
                              text=True, check=False, timeout=harness.LIMIT_S)
        self.assertNotIn("Traceback", done.stderr)
        return done.returncode, done.stdout + done.stderr

    def refused(self, lines, words):
        path = self.folder / "tampered.jsonl"
        path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
        status, text = self.judge(path)
        self.assertEqual(status, 1, text)
        self.assertIn(words, text)

    def test_bundle(self):
        self.people(5)
        path = self.bundle()  # beside a daemon that works
        key = self.gate.state / "keys" / "anchor.pub"
        status, text = self.judge(path, "--key", key)
        self.assertEqual(status, 0, text)
        self.gate.stop()
        path = self.bundle()
        self.assertEqual(self.judge(path)[0], 0)
        lines = path.read_text(encoding="utf-8").splitlines()
        rows = [json.loads(line) for line in lines[1:]]

        def with_row(at, change):
            row = list(rows[at])
            change(row)
            return [*lines[:at + 1], json.dumps(row), *lines[at + 2:]]

        def edit(row):
            row[7] = row[7].replace('"v":1', '"v":2')

        def anew(row):
            edit(row)
            row[9] = runpy.run_path(str(VERIFIER))["row_hash"](row)

        self.refused(with_row(2, edit), "row 3 was changed")
        self.refused(with_row(2, anew), "row 4 does not follow")
        self.refused([*lines[:3], *lines[4:]], "row 3 is missing")
        self.refused([*lines[:4], lines[3], *lines[4:]], "row 4 is missing, or out of order")
        self.refused([*lines[:3], lines[4], lines[3], *lines[5:]], "row 3 is missing, or out of order")
        self.refused(lines[:-2], "the signed end is row")
        self.refused([lines[0], *lines[2:]], "row 1 is missing")
        self.refused([*lines, "{"], "not JSON")
        head = json.loads(lines[0])
        head["head"]["seq"] -= 2
        head["head"]["hash"] = rows[-3][9]
        self.refused([json.dumps(head), *lines[1:-2]], "the end of the log: the signature")
        # published anchors: one that fits, one of a log that went on, and one that nobody signed
        anchor = next(json.loads(row[7]) for row in rows if row[4] == "audit.anchor" and row[0] > 1)
        kept = self.folder / "anchor.json"
        kept.write_text(json.dumps({"data": anchor}))
        self.assertEqual(self.judge(path, "--anchor", kept)[0], 0)
        kept.write_text(json.dumps({"data": {**anchor, "seq": 4000}}))
        self.assertEqual(self.judge(path, "--anchor", kept)[0], 1)
        other = self.folder / "other.pub"
        other.write_text(base64.b64encode(bytes(32)).decode() + "\n")
        self.assertIn("another key", self.judge(path, "--key", other)[1])
        self.assertEqual(self.judge(self.gate.config_path)[0], 1)  # anything but a bundle
        self.assertEqual(gatectl("audit", "export", path, "--db", self.gate.state).returncode, 1)  # is there already

    def test_no_core_dump(self):
        limits = pathlib.Path(f"/proc/{self.gate.process.child.pid}/limits").read_text()
        self.assertRegex(limits, r"Max core file size +0 +0 ")
        child = self.gate.process.child
        with contextlib.suppress(PermissionError):  # not even where a limit would let it
            resource.prlimit(child.pid, resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        os.kill(child.pid, signal.SIGABRT)
        _, status = os.waitpid(child.pid, 0)
        child.returncode = -os.WTERMSIG(status)
        self.assertEqual(os.WTERMSIG(status), signal.SIGABRT)
        self.assertFalse(os.WCOREDUMP(status))

    def test_no_key_is_told(self):
        secret = "Pa55-of-the-camera"
        self.gate.stop()
        file = self.folder / "camera-password"
        file.write_text(secret + "\n")
        self.gate.config["log_level"] = "debug"
        self.gate.config["cameras"] = [{"name": "porch", "role": "facade", "source": "rtsp://127.0.0.1:1/x", "username": "gate",
                                        "password_file": str(file)}]
        self.gate.start()
        self.people(1)
        self.gate.wait_event("camera.lost")  # a moment at which an address is told
        backup = self.folder / "bare"
        self.assertEqual(gatectl("backup", backup, "keys=no", "--db", self.gate.state).returncode, 0)
        told = {"the API": json.dumps([self.gate.status(), self.gate.events()]).encode()}
        self.gate.stop()
        keys = [secret.encode(), *(base64.b64decode(path.read_text()) for path in (self.gate.state / "keys").glob("*.key"))]
        self.assertGreater(len(keys), 2)
        for path in (self.gate.process.log_path, self.gate.config_path, *self.gate.state.glob("*.*"), *backup.rglob("*.*")):
            told[str(path)] = path.read_bytes()
        for where, text in told.items():
            for key in keys:
                for form in (key, key.hex().encode(), base64.b64encode(key), base64.urlsafe_b64encode(key).rstrip(b"=")):
                    self.assertNotIn(form, text, where)

    # ---- backups ----

    def test_backup_and_restore(self):
        self.people(3)
        backup = self.folder / "backup"
        done = gatectl("backup", backup, "--db", self.gate.state)  # online
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(oct(backup.stat().st_mode & 0o777), "0o700")
        names = {str(p.relative_to(backup)): oct(p.stat().st_mode & 0o777) for p in backup.rglob("*") if p.is_file()}
        self.assertEqual(names, {"gate.db": "0o600", "keys/data.key": "0o600", "keys/anchor.key": "0o600",
                                 "keys/anchor.pub": "0o644", "last-good.yaml": "0o600", "backups.json": "0o600"})
        self.assertEqual(gatectl("backup", backup, "--db", self.gate.state).returncode, 1)  # is there already
        bare = self.folder / "bare"
        self.assertEqual(gatectl("backup", bare, "keys=no", "--db", self.gate.state).returncode, 0)
        self.assertFalse((bare / "keys").exists())
        refused = gatectl("restore", backup, "--db", self.gate.state)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("held by another gatehoused", refused.stderr)
        self.gate.stop()
        # onto a new board: an empty state folder, then what is there moves aside
        board = self.folder / "new-board"
        board.mkdir(mode=0o700)
        lost = gatectl("restore", bare, "--db", board)
        self.assertEqual(lost.returncode, 1)
        self.assertFalse((board / "gate.db").exists())
        for _ in range(2):
            done = gatectl("restore", backup, "--db", board)
            self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(list(board.glob("gate.db.replaced-*"))), 1)
        self.gate.config["state_dir"] = str(board)
        self.gate.start()
        people = self.gate.call("GET", "people")[1]["people"]
        self.assertEqual(len(people), 3)
        self.assertEqual(set(self.copies(people[0]["id"])), {str(backup), *map(str, board.glob("gate.db.replaced-*"))})
        self.people(1)
        self.assertTrue(self.gate.verify()["ok"])

    def copies(self, person):
        """Erases that person: what the certificate says still has them."""
        self.assertEqual(self.gate.call("DELETE", f"people/{person}")[0], 204)
        certificate = harness.wait_until("the certificate", lambda: (c := self.gate.call("GET", f"people/{person}/erasure"))[0] == 200
                                         and c[1])
        for copy in certificate["copies"]:
            self.assertLess(copy["made"], certificate["erased"])
        return [copy["path"] for copy in certificate["copies"]]

    def test_backups_are_named(self):
        self.people(3)
        ids = [person["id"] for person in self.gate.call("GET", "people")[1]["people"]]
        register, elsewhere = self.gate.state / "backups.json", self.folder / "elsewhere"
        self.assertEqual(self.copies(ids[0]), [])
        elsewhere.mkdir()
        folders = [elsewhere / "a", self.folder / "b", self.folder / "c"]
        for folder in folders:
            self.assertEqual(gatectl("backup", folder, "--db", self.gate.state).returncode, 0)
        set_aside = self.gate.state / "gate.db.corrupt-20261101T000000Z"
        set_aside.write_bytes(b"")
        self.assertEqual(self.copies(ids[1]), [*map(str, folders), str(set_aside)])
        set_aside.unlink()
        shutil.rmtree(elsewhere)  # as a disk that was taken out
        shutil.rmtree(folders[1])  # destroyed, which the next backup sees
        self.assertEqual(gatectl("backup", folders[1].with_name("d"), "--db", self.gate.state).returncode, 0)
        self.assertEqual(self.copies(ids[2]), [str(folders[0]), str(folders[2]), str(self.folder / "d")])
        register.write_text("[{}]")
        self.assertEqual(self.gate.call("GET", f"people/{ids[0]}/erasure")[0], 503)
        done = gatectl("backup", self.folder / "e", "--db", self.gate.state)  # what it is for goes on
        self.assertEqual(done.returncode, 0)
        self.assertIn("could not be noted", done.stdout)

    def test_restore_refuses(self):
        self.people(3)
        backup = self.folder / "backup"
        self.assertEqual(gatectl("backup", backup, "--db", self.gate.state).returncode, 0)
        self.gate.stop()
        before = (self.gate.state / "gate.db").read_bytes()

        def refuses(words):
            done = gatectl("restore", backup, "--db", self.gate.state)
            self.assertEqual(done.returncode, 1)
            self.assertIn(words, done.stderr)
            self.assertEqual((self.gate.state / "gate.db").read_bytes(), before)

        key = (backup / "keys" / "data.key").read_text()
        (backup / "keys" / "data.key").write_text(base64.b64encode(bytes(32)).decode() + "\n")
        refuses("another gate's key")
        (backup / "keys" / "data.key").write_text(key)
        with sqlite3.connect(backup / "gate.db") as db:
            db.execute("PRAGMA user_version = 9")
        refuses("schema 9")
        with sqlite3.connect(backup / "gate.db") as db:
            db.execute("PRAGMA user_version = 1")
            db.execute("UPDATE event SET data = '{}' WHERE seq = 2")
        refuses("row 2 was changed")
        shutil.rmtree(backup)
        refuses("gate.db")


if __name__ == "__main__":
    harness.main()
