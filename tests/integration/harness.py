"""
What the tests of the whole gate stand on: the real daemon, a private broker, an independent MQTT client.

Nothing here sleeps to let something happen: wait_until() asks until it has happened, within a limit that is
generous enough for an instrumented build, and says what was waited for when it did not.

GH_BUILD_DIR names the build to test, GH_SOURCE_DIR the tree; both are found without that, too.
"""
import contextlib
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import contract
import openapi

SOURCE = pathlib.Path(os.environ.get("GH_SOURCE_DIR", pathlib.Path(__file__).resolve().parents[2]))
BUILD = pathlib.Path(os.environ.get("GH_BUILD_DIR", SOURCE / "build"))
DATA = SOURCE.parent / "shared" / "data"
GATEHOUSED, GATECTL = BUILD / "gatehoused", BUILD / "gatectl"
LIMIT_S = 300 if os.environ.get("GH_SANITIZE") == "thread" else 60
EXIT_SKIP, EXIT_CONFIG = 77, 78
SITE, GATE = "test-site", "test-gate"
os.environ["PATH"] += ":/usr/sbin"


def wait_until(what, check, limit_s=LIMIT_S, every_s=0.02):
    """The first true answer of check(). What it raises on the way counts as: not yet."""
    deadline, last = time.monotonic() + limit_s, None
    while True:
        try:
            answer = check()
            if answer:
                return answer
        except (OSError, http.client.HTTPException, ValueError, KeyError, IndexError) as error:
            last = error
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {limit_s} s: {what}" + (f" (last: {last})" if last else ""))
        time.sleep(every_s)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def need(condition, reason):
    if not condition:
        raise unittest.SkipTest(reason)


def need_program(name):
    need(shutil.which(name), f"{name} is not installed")


class UnixConnection(http.client.HTTPConnection):
    """The API over the daemon's own socket; one connection, many requests."""

    def __init__(self, path, timeout_s=LIMIT_S):
        super().__init__("localhost", timeout=timeout_s)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)

    def call(self, method, route, body=None):
        """(status, JSON or None)"""
        raw = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
        kind = "application/octet-stream" if isinstance(body, bytes) else "application/json"
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # refused early: the answer is there
            self.request(method, "/api/v1/" + route, raw, {"Content-Type": kind} if raw is not None else {})
        answer = self.getresponse()
        text = answer.read()
        openapi.check(method, route, raw, answer.status, answer.headers.get("Content-Type"), text)
        return answer.status, json.loads(text) if text else None


class Session:
    """A person at the console: the API over TCP, with a cookie and a token."""

    def __init__(self, port, user, password):
        self.port, self.headers = port, {}
        status, answer = self.call("POST", "session", {"user": user, "password": password})
        assert status == 200, answer
        self.headers["X-Gatehouse-Token"] = answer["token"]
        self.headers["Cookie"] = self.set_cookie.split(";")[0]
        self.role = answer["role"]

    def raw(self, method, path, body=None, headers=None):
        """(response, bytes)"""
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=LIMIT_S)) as connection:
            raw = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.request(method, path, raw, {**self.headers, **(headers or {})})
            answer = connection.getresponse()
            text = answer.read()
            if path.startswith("/api/v1/"):
                openapi.check(method, path[len("/api/v1/"):], raw, answer.status, answer.headers.get("Content-Type"), text)
            return answer, text

    def call(self, method, route, body=None, headers=None):
        """(status, JSON or None)"""
        answer, text = self.raw(method, "/api/v1/" + route, body, headers)
        self.set_cookie = answer.headers.get("Set-Cookie", "")
        self.answer = answer
        return answer.status, json.loads(text) if text else None


class Process:
    """A child whose output goes to a file that can be waited on; it never outlives the test."""

    def __init__(self, name, argv, folder, env=None, stdin=None):
        self.name, self.log_path = name, pathlib.Path(folder) / f"{name}.log"
        self.log_from = self.log_path.stat().st_size if self.log_path.exists() else 0
        with open(self.log_path, "ab") as log:
            self.child = subprocess.Popen([str(a) for a in argv], stdout=log, stderr=subprocess.STDOUT,
                                          stdin=subprocess.DEVNULL, env=env, start_new_session=True)

    @property
    def log(self):
        """What this run has written; runs before it under the same name are left out."""
        with open(self.log_path, "rb") as log:
            log.seek(self.log_from)
            return log.read().decode("utf-8", "replace")

    def alive(self):
        return self.child.poll() is None

    def wait_log(self, words, count=1, limit_s=LIMIT_S):
        def there():
            return self.log.count(words) >= count or not self.alive()

        wait_until(f'"{words}" in the output of {self.name}', there, limit_s)
        if self.log.count(words) < count:
            raise AssertionError(f'{self.name} ended ({self.child.returncode}) without "{words}":\n{self.log[-3000:]}')

    def kill(self):
        with contextlib.suppress(ProcessLookupError):
            self.child.kill()
        self.child.wait()

    def stop(self, limit_s=LIMIT_S):
        self.child.terminate()
        try:
            return self.child.wait(limit_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.name} did not end within {limit_s} s:\n{self.log[-3000:]}") from None


class Gate:
    """One daemon with a folder of its own. A context manager: on the way out everything is ended and removed."""

    def __init__(self, **changes):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="gatehouse-"))
        self.state, self.socket = self.folder / "state", self.folder / "api.sock"
        self.config_path = self.folder / "gatehouse.yaml"
        self.state.mkdir(mode=0o700)
        self.process, self.seen = None, {}
        self.config = {
            "version": 1, "site": SITE, "gate": GATE, "state_dir": str(self.state),
            "models_dir": str(SOURCE / "models"),
            "board": {"driver": "sim", "outputs": [{"name": "main-lock"}],
                      "inputs": [{"name": "main-contact"}, {"name": "main-exit"}, {"name": "fire"}]},
            "doors": [{"name": "main", "lock": "main-lock", "contact": "main-contact", "exit_button": "main-exit",
                       "release_ms": 2000, "opens_on_fire": True}],
            "fire_input": "fire", "api": {"socket": str(self.socket), "listen": ""},
        }
        self.config.update(changes)

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if kind is not None and self.process is not None:
            print(f"--- gatehoused ---\n{self.process.log[-6000:]}", file=sys.stderr)
        if self.process is not None and self.process.alive():
            self.process.kill()
        if os.environ.get("GH_KEEP"):
            print(f"kept: {self.folder}", file=sys.stderr)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)
        if kind is None:
            self.check_contract()

    def check_contract(self):
        """The events this test looked at are what docs/reference/asyncapi.yaml says, broker or not."""
        with contextlib.suppress(contract.Missing):
            judge = contract.load()
            wrong = {(e["type"], judge.logged(e)): e for e in self.seen.values() if judge.logged(e)}
            assert not wrong, f"docs/reference/asyncapi.yaml does not have what was logged: {list(wrong.items())[:5]}"

    # ---- the daemon ----

    def write_config(self, text=None):
        """JSON is YAML; a test of the reader itself gives its own text."""
        self.config_path.write_text(text if text is not None else json.dumps(self.config, indent=1) + "\n")

    def launch(self):
        """Begin without waiting: for starts that are to fail."""
        self.process = Process("gatehoused", [GATEHOUSED, "--config", self.config_path], self.folder)
        return self.process

    def start(self, log_ready=True, text=None):
        self.write_config(text)
        self.launch()
        self.process.wait_log("doors under control")

        def ready():
            if not self.process.alive():
                raise AssertionError(f"gatehoused ended:\n{self.process.log[-3000:]}")
            return not log_ready or self.status()["storage"]["state"] == "ok"

        wait_until("the API and the log", lambda: self.socket.exists() and ready())
        if log_ready:
            wait_until("system.started in the log", lambda: self.status()["storage"]["last_seq"] > 0)
        return self

    def stop(self):
        code = self.process.stop()
        assert code == 0, f"gatehoused ended with {code}:\n{self.process.log[-6000:]}"

    def kill(self):
        self.process.kill()

    # ---- asking ----

    def connection(self):
        return UnixConnection(self.socket)

    def call(self, method, route, body=None):
        with contextlib.closing(self.connection()) as connection:
            return connection.call(method, route, body)

    def status(self):
        return self.call("GET", "status")[1]

    def door(self, name="main"):
        return next(d for d in self.status()["doors"] if d["name"] == name)

    def line(self, name):
        return next(l["level"] for l in self.call("GET", "board")[1]["lines"] if l["name"] == name)

    def events(self, type_=None):
        """The whole log, oldest first."""
        found, last = [], 0
        with contextlib.closing(self.connection()) as connection:
            while True:
                route = f"events?limit=1000&after={last}" + (f"&type={type_}" if type_ else "")
                status, page = connection.call("GET", route)
                if status != 200:
                    raise ValueError(f"{route}: {status} {page}")
                if not page["events"]:
                    return found
                found += page["events"]
                last = found[-1]["seq"]
                self.seen.update((e["seq"], e) for e in page["events"])

    def wait_event(self, type_, after=0, limit_s=LIMIT_S, where=lambda event: True):
        def first():
            return next((e for e in self.events(type_) if e["seq"] > after and where(e)), None)

        return wait_until(f"event {type_} after {after}", first, limit_s)

    def last_seq(self):
        return self.status()["storage"]["last_seq"]

    # ---- the guard's tool ----

    def gatectl_run(self, *words):
        return subprocess.run([str(GATECTL), "--socket", str(self.socket), *map(str, words)], capture_output=True,
                              text=True, timeout=2 * LIMIT_S, check=False)

    def gatectl(self, *words):
        """What it printed; it must have succeeded."""
        done = self.gatectl_run(*words)
        assert done.returncode == 0, f"gatectl {words}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def console(self, user, role, password="correct horse"):
        """A new user who is logged in; the config's api.listen must name a port."""
        status, answer = self.call("POST", "users", {"user": user, "role": role, "password": password})
        assert status == 201, answer
        return Session(int(self.config["api"]["listen"].rsplit(":", 1)[1]), user, password)

    def press(self, line):
        self.gatectl("board", "press", line)

    def release(self, line):
        self.gatectl("board", "release", line)

    def tap(self, line):
        """Press and release, over the socket: fast. The line needs debounce_ms 0 to notice."""
        for level in ("active", "inactive"):
            status, answer = self.call("POST", f"board/lines/{line}", {"level": level})
            assert status == 204, answer

    def verify(self):
        """The chain, by a program that is not the daemon."""
        done = subprocess.run([str(GATECTL), "audit", "verify", "--json", "--db", str(self.state / "gate.db")],
                              capture_output=True, text=True, timeout=2 * LIMIT_S, check=False)
        assert done.returncode == 0, f"the chain is not good: {done.stdout}{done.stderr}"
        return json.loads(done.stdout)


class Broker:
    """A private mosquitto that can die and come back on the same port."""

    def __init__(self, folder, record=True):
        need_program("mosquitto")
        need_program("mosquitto_sub")
        self.folder, self.port, self.process = pathlib.Path(folder), free_port(), None
        self.record, self.recorder = record, None
        self.config_path = self.folder / "mosquitto.conf"
        self.config_path.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence false\n"
                                    "max_queued_messages 0\nmax_inflight_messages 0\nset_tcp_nodelay true\nlog_type all\n"
                                    "log_dest stderr\n")

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if self.recorder is not None:
            self.recorder.stop()
        if self.process is not None:
            self.process.kill()
        if kind is None and self.recorder is not None:
            self.check_contract()

    def check_contract(self):
        """Each message that passed this broker is in docs/reference/asyncapi.yaml."""
        try:
            count, wrong = self.recorder.check()
        except contract.Missing as error:
            print(f"not checked against asyncapi.yaml: {error}", file=sys.stderr)
            return
        if wrong:
            raise AssertionError("docs/reference/asyncapi.yaml does not have what was sent:\n" + "\n".join(wrong))
        print(f"{count} messages are as docs/reference/asyncapi.yaml says", file=sys.stderr)

    def start(self):
        self.process = Process("mosquitto", ["mosquitto", "-c", self.config_path], self.folder)
        self.process.wait_log("running")
        if self.recorder is None and self.record:
            self.recorder = contract.Recorder(self)
        return self

    def kill(self):
        self.process.kill()


class Wire:
    """A line between the daemon and the broker that can be cut; open() again goes to the same port."""

    def __init__(self, to_port):
        self.port, self.to_port = free_port(), to_port
        self.listener, self.ends, self.lock = None, [], threading.Lock()
        self.flowing = threading.Event()  # cleared: connected, and nothing passes
        self.flowing.set()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.flow()
        self.cut()

    def open(self):
        self.listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()

    def cut(self):
        if self.listener is not None:
            with contextlib.suppress(OSError):
                self.listener.shutdown(socket.SHUT_RDWR)  # wakes accept()
            self.listener.close()
            self.listener = None
        with self.lock:
            for end in self.ends:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            self.ends.clear()

    def stall(self):
        self.flowing.clear()

    def flow(self):
        self.flowing.set()

    def _accept(self, listener):
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", self.to_port))
            except OSError:
                near.close()
                continue
            with self.lock:
                self.ends += [near, far]
            for a, b in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(a, b), daemon=True).start()

    def _carry(self, source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self.flowing.wait()
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        source.close()


class Listener:
    """
    mosquitto_sub, which hears what a property system would hear; a file of one JSON a line.

    It subscribes at QoS 0 on purpose: the broker then writes each event to it before it acknowledges the event
    to the daemon, so nothing that was acknowledged can be lost inside a broker that is killed.
    """

    def __init__(self, broker, topic=f"gatehouse/{SITE}/{GATE}/event/#"):
        self.broker, self.id = broker, f"listener-{time.monotonic_ns()}"
        self.path = broker.folder / f"{self.id}.jsonl"
        self.out = open(self.path, "wb")
        self.child = subprocess.Popen(["mosquitto_sub", "-V", "5", "-h", "127.0.0.1", "-p", str(broker.port), "-i", self.id, "-q", "0",
                                       "-t", topic, "-F", '{"topic":"%t","retained":%r,"payload":%p}'],
                                      stdout=self.out, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
                                      start_new_session=True)
        self.wait_subscribed()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.kill()
        self.child.wait()
        self.out.close()

    def wait_subscribed(self):
        """After each start of the broker: mosquitto_sub comes back by itself."""
        self.broker.process.wait_log(f"Sending SUBACK to {self.id}")

    def messages(self):
        lines = self.path.read_bytes().split(b"\n")
        return [json.loads(line) for line in lines[:-1] if line]  # the last may be half a line yet

    def events(self):
        return [m["payload"] for m in self.messages()]

    def wait(self, what, where, limit_s=LIMIT_S):
        return wait_until(f"{what} at the MQTT client",
                          lambda: next((m for m in self.messages() if where(m)), None), limit_s)


def main():
    """unittest.main() for CTest: all skipped ends as 77, with the reasons."""
    for program in (GATEHOUSED, GATECTL):
        if not program.exists():
            print(f"skipped: {program} is not built")
            sys.exit(EXIT_SKIP)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # CTest's time is up: clean up, then end
    result = unittest.main(exit=False, verbosity=2).result
    for test, reason in result.skipped:
        print(f"skipped: {test}: {reason}")
    if result.wasSuccessful() and result.testsRun > 0 and len(result.skipped) >= result.testsRun:
        sys.exit(EXIT_SKIP)
    sys.exit(0 if result.wasSuccessful() else 1)
