"""
The watchdogs: fed while the doors are driven, not fed by a daemon that hangs, and gatehouse-safe after any end.
"""
import os
import pathlib
import signal
import socket
import subprocess
import unittest

import harness
from harness import Gate, Process, wait_until

SAFE = harness.BUILD / "gatehouse-safe"
WATCHDOG_S = 1


class Supervisor:
    """What systemd does for us: a socket for news, a watchdog's time, and a program after every end."""

    def __init__(self, gate):
        self.gate, self.path = gate, str(gate.folder / "notify.sock")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.env = dict(os.environ, NOTIFY_SOCKET=self.path, WATCHDOG_USEC=str(WATCHDOG_S * 1000000),
                        STATE_DIRECTORY=str(gate.state))
        self.env.pop("WATCHDOG_PID", None)

    def launch(self):
        self.gate.write_config()
        self.gate.process = Process("gatehoused", [harness.GATEHOUSED, "--config", self.gate.config_path],
                                    self.gate.folder, env=self.env)
        self.wait_news("READY=1", harness.LIMIT_S)

    def wait_news(self, words, limit_s):
        """Whether @p words came; each message begins the time anew only for others."""
        self.socket.settimeout(limit_s)
        try:
            while words not in self.socket.recv(4096).decode():
                pass
            return True
        except TimeoutError:
            return False

    def drain(self):
        self.socket.setblocking(False)
        try:
            while True:
                self.socket.recv(4096)
        except BlockingIOError:
            pass

    def make_safe(self, config=None):
        return subprocess.run([str(SAFE), "--config", str(config or self.gate.config_path)], capture_output=True,
                              text=True, timeout=harness.LIMIT_S, check=False, env=self.env)


def gate_with_outputs(fail="safe"):
    gate = Gate()
    gate.config["board"]["outputs"] += [{"name": "siren"}, {"name": "magnet", "safe": "active"},
                                        {"name": "turnstile", "safe": "inactive"}]
    gate.config["doors"][0]["fail"] = fail
    gate.config["doors"].append({"name": "side", "lock": "turnstile", "fail": "safe"})
    return gate


class Watchdog(unittest.TestCase):
    def test_a_daemon_that_hangs_is_not_fed_and_its_outputs_are_made_safe(self):
        with gate_with_outputs() as gate:
            supervisor = Supervisor(gate)
            supervisor.launch()
            for _ in range(4):
                self.assertTrue(supervisor.wait_news("WATCHDOG=1", harness.LIMIT_S))
            os.kill(gate.process.child.pid, signal.SIGSTOP)
            status = pathlib.Path(f"/proc/{gate.process.child.pid}/status")
            wait_until("it to stand still", lambda: "State:\tT" in status.read_text(encoding="ascii"))
            supervisor.drain()
            self.assertFalse(supervisor.wait_news("WATCHDOG=1", WATCHDOG_S))
            gate.kill()
            done = supervisor.make_safe()
            self.assertEqual(done.returncode, 0, done.stderr)
            levels = dict(line.split(" (")[0].split(": ") for line in done.stdout.splitlines())
            self.assertEqual(levels, {"main-lock": "active", "siren": "inactive", "magnet": "active",
                                      "turnstile": "inactive"})

    def test_doors_that_a_fire_opened_stay_open(self):
        with gate_with_outputs() as gate:
            supervisor = Supervisor(gate)
            supervisor.launch()
            wait_until("the API", lambda: gate.status()["storage"]["state"] == "ok")
            gate.press("fire")
            book = gate.state / "doors"
            wait_until("the fire to be remembered", lambda: any(
                line.split()[0] == "main" and line.split()[3] == "1"  # NAME MODE BEFORE FIRE HOURS
                for line in book.read_text(encoding="ascii").splitlines()))
            gate.kill()
            done = supervisor.make_safe()
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("main-lock: inactive", done.stdout)
            self.assertIn("magnet: active", done.stdout)

    def test_a_config_broken_meanwhile_is_replaced_by_the_last_good_one(self):
        with gate_with_outputs(fail="secure") as gate:
            supervisor = Supervisor(gate)
            supervisor.launch()
            wait_until("the good config to be kept", lambda: (gate.state / "last-good.yaml").exists())
            gate.write_config("doors: [\n")
            gate.kill()
            done = supervisor.make_safe()
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("main-lock: inactive", done.stdout)
            self.assertIn("gatehouse.yaml:", done.stderr)
            (gate.state / "last-good.yaml").unlink()
            done = supervisor.make_safe()
            self.assertEqual((done.returncode, done.stdout), (harness.EXIT_CONFIG, ""))

    def test_a_chip_that_is_not_there_is_told_for_each_output(self):
        gate = gate_with_outputs()
        gate.config["board"]["driver"] = "gpiod"
        for group in ("outputs", "inputs"):
            for number, line in enumerate(gate.config["board"][group]):
                line.update(chip="gpiochip99", line=number + (32 if group == "inputs" else 0))
        with gate:
            gate.write_config()
            done = Supervisor(gate).make_safe()
            self.assertEqual(done.returncode, 1)
            for line in ("main-lock", "siren", "magnet", "turnstile"):
                self.assertIn(f"gatehouse-safe: {line}: ", done.stderr)

    def test_the_hardware_is_let_go_only_by_a_clean_stop(self):
        with gate_with_outputs() as gate:
            device = gate.folder / "watchdog"
            gate.config["watchdog"] = {"device": str(device), "timeout_s": 2}
            device.touch()
            gate.start()
            wait_until("the hardware to be fed twice", lambda: device.read_bytes().startswith(b"11"))
            gate.kill()
            self.assertEqual(set(device.read_bytes()), {ord("1")})
            device.write_bytes(b"")
            gate.start()
            wait_until("the hardware to be fed", lambda: device.read_bytes())
            gate.stop()
            self.assertTrue(device.read_bytes().endswith(b"1V"))

    def test_doors_work_without_the_hardware_that_was_asked_for(self):
        with gate_with_outputs() as gate:
            gate.config["watchdog"] = {"device": str(gate.folder / "none")}
            gate.start()
            self.assertEqual(gate.wait_event("watchdog.failed")["severity"], "alarm")
            gate.press("main-exit")
            wait_until("the exit button to open", lambda: gate.line("main-lock") == "inactive")


if __name__ == "__main__":
    harness.main()
