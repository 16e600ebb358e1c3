"""
The console's door: sessions, roles, tokens and limits over TCP, as a browser and as somebody who is up to no good.
"""
import contextlib
import select
import socket
import subprocess
import unittest

import harness
from harness import GATEHOUSED, SOURCE, Gate, Session, free_port, wait_until

PASSWORD = "correct horse"


class Console(unittest.TestCase):
    def setUp(self):
        self.gate = self.enterContext(Gate())
        self.port = free_port()
        self.gate.config["api"]["listen"] = f"127.0.0.1:{self.port}"

    def acts(self, act):
        return [e for e in self.gate.events("operator.act") if e["data"].get("act") == act]

    def test_roles(self):
        gate = self.gate.start()
        gate_keeper = gate.console("gus", "guard")
        manager = gate.console("mia", "manager")
        self.assertEqual(gate_keeper.call("GET", "status")[0], 200)
        self.assertEqual(gate_keeper.call("GET", "people")[0], 403)
        self.assertEqual(gate_keeper.call("GET", "users")[0], 403)
        self.assertEqual(gate_keeper.call("POST", "doors/main/open")[0], 200)
        self.assertEqual(manager.call("POST", "people", {"name": "李雷"})[0], 201)
        self.assertEqual(manager.call("GET", "users")[0], 403)
        self.assertFalse(any(e["type"] == "operator.act" for e in gate_keeper.call("GET", "events?limit=1000")[1]["events"]))
        self.assertTrue(any(e["type"] == "operator.act" for e in manager.call("GET", "events?limit=1000")[1]["events"]))
        self.assertEqual({e["data"]["by"] for e in self.acts("session.begin")}, {"gus", "mia"})
        # what a stolen cookie is worth without the token, and after the log-out
        stolen = {"Cookie": manager.headers["Cookie"]}
        answer, _ = manager.raw("POST", "/api/v1/people", {"name": "x"}, {"X-Gatehouse-Token": "0" * 32})
        self.assertEqual(answer.status, 403)
        self.assertEqual(manager.call("DELETE", "session")[0], 204)
        manager.headers = stolen
        self.assertEqual(manager.call("GET", "status")[0], 401)
        gate.stop()

    def test_users_survive_a_restart_and_sessions_do_not(self):
        gate = self.gate.start()
        session = gate.console("ada", "admin")
        self.assertEqual(session.call("GET", "session")[1]["role"], "admin")
        gate.stop()
        self.assertNotIn(PASSWORD.encode(), (gate.state / "gate.db").read_bytes())
        self.assertNotIn(b"argon2id", (gate.state / "gate.db").read_bytes())
        gate.start()
        self.assertEqual(session.call("GET", "session")[0], 401)
        again = Session(self.port, "ada", PASSWORD)
        gate.gatectl("user", "disable", "ada")
        self.assertEqual(again.call("GET", "session")[0], 401)
        with self.assertRaises(AssertionError):
            Session(self.port, "ada", PASSWORD)
        gate.stop()

    def test_a_live_stream_ends_with_its_session(self):
        gate = self.gate.start()
        guard = gate.console("gus", "guard")
        with contextlib.closing(socket.create_connection(("127.0.0.1", self.port), harness.LIMIT_S)) as stream:
            stream.sendall(f"GET /api/v1/events/stream HTTP/1.1\r\nHost: localhost\r\nCookie: {guard.headers['Cookie']}\r\n\r\n".encode())
            heard = b""
            while b"retry" not in heard:
                heard += stream.recv(4096)
            gate.gatectl("user", "disable", "gus")
            while True:
                more = stream.recv(4096)
                if not more:
                    break
                heard += more
        self.assertNotIn(b"operator.act", heard)
        gate.stop()

    def test_half_open_connections_lock_nobody_out(self):
        gate = self.gate.start()
        with contextlib.ExitStack() as stack:
            for _ in range(1000):
                half = stack.enter_context(contextlib.closing(socket.socket()))
                half.setblocking(False)
                with contextlib.suppress(OSError):
                    half.connect(("127.0.0.1", self.port))
                    half.send(b"GET / HT")
            self.assertEqual(gate.call("GET", "status")[0], 200)  # the socket of gatectl does not notice
            gate.press("main-exit")
            wait_until("the door released by its button", lambda: gate.line("main-lock") == "active")
            # those that say no more are hung up on, and the page is there again
            wait_until("the page", lambda: Session.raw(Stranger(self.port), "GET", "/api/v1/session")[0].status == 401)
        gate.stop()

    def test_a_large_body_is_refused_by_its_head(self):
        gate = self.gate.start()
        with contextlib.closing(socket.create_connection(("127.0.0.1", self.port), harness.LIMIT_S)) as upload:
            upload.sendall(b"POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Length: 209715200\r\n\r\n")
            self.assertIn(b" 413 ", upload.recv(4096))
        gate.stop()

    def test_200_megabytes_in_pieces_are_refused_early(self):
        gate = self.gate.start()
        manager = gate.console("mia", "manager")
        person = manager.call("POST", "people", {"name": "Anna"})[1]["id"]
        piece = b"%x\r\n%s\r\n" % (1 << 20, bytes(1 << 20))
        for path in (f"people/{person}/faces", "people/import"):
            with contextlib.closing(socket.create_connection(("127.0.0.1", self.port), harness.LIMIT_S)) as upload:
                head = "".join(f"{name}: {value}\r\n" for name, value in manager.headers.items())
                upload.sendall(f"POST /api/v1/{path} HTTP/1.1\r\nHost: localhost\r\n{head}"
                               "Content-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
                sent, answer = 0, b""
                with contextlib.suppress(ConnectionError):
                    while sent < 200 and not select.select([upload], [], [], 0)[0]:
                        upload.sendall(piece)
                        sent += 1
                with contextlib.suppress(ConnectionError):
                    answer = upload.recv(4096)
            self.assertLess(sent, 40, path)
            self.assertIn(b" 413 ", answer)
            self.assertIn(b"application/problem+json", answer)
        gate.stop()

    def test_nothing_but_tls_leaves_the_machine(self):
        self.gate.config["api"]["listen"] = f"0.0.0.0:{self.port}"
        self.gate.write_config()
        checked = subprocess.run([str(GATEHOUSED), "--check-config", "--config", str(self.gate.config_path)],
                                 capture_output=True, text=True, timeout=harness.LIMIT_S, check=False)
        self.assertEqual(checked.returncode, harness.EXIT_CONFIG)
        self.assertIn("cert_file", checked.stdout + checked.stderr)

    def test_tls(self):
        harness.need_program("openssl")
        cert, key = self.gate.folder / "cert.pem", self.gate.folder / "key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-keyout", key, "-out", cert, "-days", "1", "-subj", "/CN=gate", "-addext", "subjectAltName=IP:127.0.0.1"],
                       check=True, capture_output=True)
        self.gate.config["api"].update(listen=f"0.0.0.0:{self.port}", cert_file=str(cert), key_file=str(key))
        gate = self.gate.start()
        gate.call("POST", "users", {"user": "ada", "role": "admin", "password": PASSWORD})
        done = subprocess.run(["curl", "-sS", "-i", "--cacert", cert, "-H", "Content-Type: application/json", "-d",
                               f'{{"user":"ada","password":"{PASSWORD}"}}', f"https://127.0.0.1:{self.port}/api/v1/session"],
                              capture_output=True, text=True, timeout=harness.LIMIT_S, check=True)
        self.assertIn(" 200", done.stdout.splitlines()[0])
        self.assertIn("; Secure", done.stdout)
        self.assertIn("Strict-Transport-Security", done.stdout)
        gate.stop()

    def test_the_page_of_roles_is_the_table(self):
        table = subprocess.run([str(GATEHOUSED), "--print-routes"], capture_output=True, text=True, check=True).stdout
        self.assertIn(table, (SOURCE / "docs" / "reference" / "console.md").read_text(),
                      "docs/reference/console.md: put the output of gatehoused --print-routes there")


class Stranger:
    """Somebody without a session."""

    def __init__(self, port):
        self.port, self.headers = port, {}


if __name__ == "__main__":
    harness.main()
