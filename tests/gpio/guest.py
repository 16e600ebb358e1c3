"""
Runs inside the User-Mode Linux kernel (tests/gpio/boot): the real daemon on the kernel's GPIO interface, one fault a
case. Says what each relay did, as seen from the kernel's side by gpio_sampler, in one JSON object a case.

Door a is fail-secure (energised: released), door b fail-safe (energised: locked). "Uncommanded" is the time for which a
relay was at its releasing level without a grant, exit, fire or mode that orders it.
"""
import contextlib
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import threading
import time

import seed

BUILD = pathlib.Path(os.environ["GH_BUILD_DIR"])
LINES = pathlib.Path(os.environ["GATE"])
RUN = pathlib.Path("/run/gatehouse")
STATE = pathlib.Path(os.environ.get("GH_STATE", "/run/state"))
LOCK_A, LOCK_B, CONTACT_A, EXIT_A, FIRE, CONTACT_B, EXIT_B, D0, D1, FIRE_RESET = 0, 1, 4, 5, 6, 7, 8, 9, 10, 11
RELEASE_S, WATCHDOG_S, LIMIT_S = 1.0, 2.0, 60
CARD = 159 << 16 | 12345


def wait_until(what, check, limit_s=LIMIT_S):
    deadline = time.monotonic() + limit_s
    while not check():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {limit_s} s: {what}")
        time.sleep(0.005)


def pull(line, up):
    (LINES / f"sim_gpio{line}" / "pull").write_text("pull-up" if up else "pull-down")


def value(line):
    return (LINES / f"sim_gpio{line}" / "value").read_text().strip()


def config():
    chip = os.environ["GATE_CHIP"]

    def line(name, offset, **more):
        return {"name": name, "chip": chip, "line": offset, **more}

    return {
        "version": 1, "site": "test-site", "gate": "test-gate", "state_dir": str(STATE), "models_dir": "/nowhere",
        "board": {"driver": "gpiod", "outputs": [line("lock-a", LOCK_A), line("lock-b", LOCK_B)],
                  "inputs": [line("contact-a", CONTACT_A), line("exit-a", EXIT_A), line("fire", FIRE), line("contact-b", CONTACT_B),
                             line("exit-b", EXIT_B), line("d0", D0, debounce_ms=0, active="low"),
                             line("d1", D1, debounce_ms=0, active="low"), line("fire-reset", FIRE_RESET)]},
        "doors": [{"name": "a", "lock": "lock-a", "contact": "contact-a", "exit_button": "exit-a", "release_ms": int(RELEASE_S * 1000)},
                  {"name": "b", "lock": "lock-b", "contact": "contact-b", "exit_button": "exit-b", "fail": "safe",
                   "release_ms": int(RELEASE_S * 1000)}],
        "readers": [{"name": "in", "door": "a", "d0": "d0", "d1": "d1"}],
        "fire_input": "fire", "fire_reset": "fire-reset", "api": {"socket": str(RUN / "api.sock"), "listen": ""},
    }


class Sampler:
    """What the relays did; releasing means: 1 for door a, 0 for door b."""

    def __init__(self, name):
        self.path = RUN / f"{name}.samples"
        self.out = open(self.path, "wb")
        self.child = subprocess.Popen([str(BUILD / "tests" / "gpio_sampler"), str(LINES / f"sim_gpio{LOCK_A}" / "value"),
                                       str(LINES / f"sim_gpio{LOCK_B}" / "value")], stdout=self.out)
        wait_until("the sampler", lambda: self.path.stat().st_size > 0)

    def stop(self):
        self.child.terminate()
        self.child.wait()
        self.out.close()
        self.end_s = time.monotonic()
        lines = [line.split() for line in self.path.read_text().splitlines()]
        self.gap_ms = int(lines[-1][1]) / 1000
        self.changes = [(int(at) / 1e6, int(which), level) for at, which, level in lines[:-1]]

    def releasing(self, which):
        """[(from, to)] in seconds."""
        spans, since = [], None
        for at, line, level in self.changes:
            if line != which:
                continue
            released = level == ("1" if which == LOCK_A else "0")
            if released and since is None:
                since = at
            elif not released and since is not None:
                spans.append((since, at))
                since = None
        return spans + ([(since, self.end_s)] if since is not None else [])


class Daemon:
    """gatehoused, and what systemd does for it: READY, watchdog, ExecStopPost."""

    def __init__(self):
        self.log_path = RUN / "log"
        self.config_path = RUN / "gatehouse.yaml"
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(str(RUN / "notify"))
        self.fed_s = 0
        threading.Thread(target=self.hear, daemon=True).start()  # a full socket would hold the daemon up

    def start(self):
        self.config_path.write_text(json.dumps(config(), indent=1))
        known = self.log_path.read_text().count("doors under control") if self.log_path.exists() else 0
        env = dict(os.environ, NOTIFY_SOCKET=str(RUN / "notify"), WATCHDOG_USEC=str(int(WATCHDOG_S * 1e6)))
        with open(self.log_path, "ab") as log:
            self.child = subprocess.Popen([str(BUILD / "gatehoused"), "--config", str(self.config_path)], stdout=log,
                                          stderr=subprocess.STDOUT, env=env)
        def up():
            if self.child.poll() is not None:
                raise AssertionError(f"gatehoused ended:\n{self.log_path.read_text()[-2000:]}")
            return self.log_path.read_text().count("doors under control") > known

        wait_until("doors under control", up)  # with no randomness in the kernel, the first time
        seed.give_randomness()
        self.fed_s = time.monotonic()

    def hear(self):
        while True:
            if b"WATCHDOG=1" in self.notify.recv(4096):
                self.fed_s = time.monotonic()

    def is_fed(self):
        return time.monotonic() - self.fed_s < WATCHDOG_S

    def stop_post(self):
        subprocess.run([str(BUILD / "gatehouse-safe"), "--config", str(self.config_path)], check=True, timeout=LIMIT_S)

    def ready(self):
        wait_until("the log", lambda: "the log stands at" in self.log_path.read_text())

    def ctl(self, *words):
        done = subprocess.run([str(BUILD / "gatectl"), "--socket", str(RUN / "api.sock"), *words], capture_output=True, text=True,
                              timeout=LIMIT_S, check=False)
        assert done.returncode == 0, (words, done)
        return done.stdout


def show_card(number):
    subprocess.run([str(BUILD / "tests" / "gpio_card"), str(number), str(LINES / f"sim_gpio{D0}" / "pull"),
                    str(LINES / f"sim_gpio{D1}" / "pull")], check=True, timeout=LIMIT_S)


def show_until(number, what, check, tries=20):
    """A busy machine's ticks come late and split a burst, which the reader says is misread: shown again, as people do."""
    for _ in range(tries):
        show_card(number)
        with contextlib.suppress(AssertionError):
            return wait_until(what, check, 3)
    raise AssertionError(f"not with {tries} cards: {what}")


class Case:
    def __init__(self, name):
        self.name, self.commands = name, {LOCK_A: [], LOCK_B: []}
        RUN.mkdir(exist_ok=True)
        STATE.mkdir(mode=0o700, exist_ok=True)
        for line in (D0, D1):
            pull(line, True)
        self.sampler = Sampler(name)
        self.daemon = Daemon()

    def commanded(self, line, seconds=RELEASE_S):
        """From now the lock may be released for so long."""
        self.commands[line].append((time.monotonic() - 0.05, time.monotonic() + seconds))

    def press(self, line):
        pull(line, True)
        time.sleep(0.45)
        pull(line, False)

    def released(self, line):
        return value(line) == ("1" if line == LOCK_A else "0")

    def uncommanded_ms(self, line):
        worst = 0.0
        for begin, end in self.sampler.releasing(line):
            for first, last in self.commands[line]:
                if first <= begin <= last:
                    begin = min(max(begin, last), end)
            worst = max(worst, end - begin)
        return worst * 1000

    def finish(self, ignore_before=0.0, **more):
        self.sampler.stop()
        for line in (LOCK_A, LOCK_B):  # before the first start a board's lines are nobody's
            self.commands[line].append((0.0, ignore_before))
        told = {"case": self.name, "fail_secure_uncommanded_ms": round(self.uncommanded_ms(LOCK_A), 1),
                "fail_safe_uncommanded_ms": round(self.uncommanded_ms(LOCK_B), 1),
                "sampling_gap_ms": round(self.sampler.gap_ms, 1), **more}
        print(json.dumps(told), flush=True)
        return told


def start(case):
    case.daemon.start()
    return time.monotonic()


def check_ends(told):
    """A release may end late by what the machine kept this kernel from running; the sampler's own pauses tell how much."""
    assert told["fail_secure_uncommanded_ms"] <= 2 * told["sampling_gap_ms"], told


def run_inputs():
    """Contact, exit, fire and cards on the kernel's own edges."""
    case = Case("inputs")
    up = start(case)
    assert not case.released(LOCK_A) and not case.released(LOCK_B)
    case.commanded(LOCK_A, RELEASE_S + 0.3)
    case.press(EXIT_A)
    wait_until("a locked again", lambda: not case.released(LOCK_A))
    pull(CONTACT_A, True)
    case.daemon.ready()
    wait_until("forced", lambda: "DoorForcedOpen" in case.daemon.ctl("door", "list"))
    pull(CONTACT_A, False)
    person = case.daemon.ctl("person", "add", "Resident").strip()
    case.daemon.ctl("credential", "add", person, "card", str(CARD))
    wait_until("the contact settled", lambda: "DoorForcedOpen" not in case.daemon.ctl("door", "list"))
    case.commanded(LOCK_A, 60)
    show_until(CARD, "opened by the card", lambda: case.released(LOCK_A))
    wait_until("locked after the card", lambda: not case.released(LOCK_A))
    case.commands[LOCK_A][-1] = (case.commands[LOCK_A][-1][0], time.monotonic())
    show_until(CARD + 1, "a strange card denied",
               lambda: "CredentialNotFound" in case.daemon.ctl("events", "--type", "access.denied"))
    fire_from = time.monotonic()
    for line in (LOCK_A, LOCK_B):
        case.commanded(line, 60)
    pull(FIRE, True)
    wait_until("both released by fire", lambda: case.released(LOCK_A) and case.released(LOCK_B))
    pull(FIRE, False)
    time.sleep(0.3)
    assert case.released(LOCK_A) and case.released(LOCK_B), "a fire is latched"
    pull(FIRE_RESET, True)
    wait_until("locked after the reset", lambda: not case.released(LOCK_A) and not case.released(LOCK_B))
    for line in (LOCK_A, LOCK_B):
        case.commands[line][-1] = (fire_from - 0.05, time.monotonic())
    for when, is_set in (("2000-01-01", "false"), ("2030-01-01", "true")):  # this kernel's own clock
        subprocess.run(["date", "-s", when], check=True, stdout=subprocess.DEVNULL)
        wait_until("a step of the clock in the log",
                   lambda is_set=is_set: re.search(f'"set": *{is_set}',
                                                   case.daemon.ctl("--json", "events", "--type", "clock.stepped")))
    pressed = case.daemon.ctl("--json", "events", "--type", "door.exit")
    exit_ms = float(re.search(r'"edge_to_relay_ms": *([0-9.]+)', pressed).group(1))
    case.daemon.child.terminate()
    assert case.daemon.child.wait(LIMIT_S) == 0
    assert not case.released(LOCK_A), "a stopped daemon leaves a fail-secure door locked"
    told = case.finish(ignore_before=up, exit_edge_to_relay_ms=round(exit_ms, 1))
    check_ends(told)


def run_start():
    """Starts and stops: no pulse."""
    case = Case("start and stop")
    first = start(case)
    for _ in range(4):
        case.daemon.child.terminate()
        case.daemon.child.wait(LIMIT_S)
        # whoever holds a line no more cannot say what it does: that time is the kernel's and the board's
        start(case)
    case.daemon.child.terminate()
    case.daemon.child.wait(LIMIT_S)
    told = case.finish(ignore_before=first)
    assert told["fail_secure_uncommanded_ms"] == 0, told


def run_kill():
    """SIGKILL while the door is released, then what ExecStopPost does."""
    case = Case("SIGKILL while released")
    first = start(case)
    for _ in range(3):
        case.commanded(LOCK_A, RELEASE_S)
        pull(EXIT_A, True)
        wait_until("released", lambda: case.released(LOCK_A))
        case.daemon.child.kill()
        case.daemon.child.wait()
        pull(EXIT_A, False)
        case.daemon.stop_post()
        assert not case.released(LOCK_A)
        start(case)
        assert not case.released(LOCK_A), "a grant was resumed"
    told = case.finish(ignore_before=first)
    assert told["fail_secure_uncommanded_ms"] == 0, told


def run_hang():
    """SIGSTOP while the door is released: the watchdog must act."""
    case = Case("SIGSTOP while released")
    first = start(case)
    case.commanded(LOCK_A, RELEASE_S)
    pull(EXIT_A, True)
    wait_until("released", lambda: case.released(LOCK_A))
    assert case.daemon.is_fed()
    case.daemon.child.send_signal(signal.SIGSTOP)
    wait_until("the watchdog's time", lambda: not case.daemon.is_fed())
    case.daemon.child.send_signal(signal.SIGABRT)
    case.daemon.child.kill()  # systemd's last word; a stopped process takes no other
    case.daemon.child.wait()
    pull(EXIT_A, False)
    case.daemon.stop_post()
    start(case)
    told = case.finish(ignore_before=first, watchdog_s=WATCHDOG_S)
    assert told["fail_secure_uncommanded_ms"] <= (WATCHDOG_S + 5) * 1000, told


def run_reload():
    """A bad config: refused at the start, and the running one goes on."""
    case = Case("restart with a bad config")
    first = start(case)
    bad = RUN / "bad.yaml"
    bad.write_text(json.dumps(dict(config(), doors=[{"name": "a", "lock": "nowhere"}])))
    done = subprocess.run([str(BUILD / "gatehoused"), "--config", str(bad)], capture_output=True, text=True, timeout=LIMIT_S, check=False)
    assert done.returncode == 78 and "nowhere" in done.stderr, done
    other = dict(config(), state_dir="/run/other", api={"socket": "", "listen": ""})
    other["readers"] = []
    bad.write_text(json.dumps(other))
    done = subprocess.run([str(BUILD / "gatehoused"), "--config", str(bad)], capture_output=True, text=True, timeout=LIMIT_S, check=False)
    assert done.returncode != 0 and "taken" in done.stderr + done.stdout, done  # lines of somebody else
    case.commanded(LOCK_A, RELEASE_S + 0.3)
    case.press(EXIT_A)
    wait_until("the running one goes on", lambda: not case.released(LOCK_A))
    told = case.finish(ignore_before=first)
    check_ends(told)


def run_cut():
    """Released, and then the power goes: the host kills this kernel. What was before is checked by run_after_cut."""
    case = Case("power cut")
    start(case)
    case.daemon.ready()
    case.daemon.ctl("door", "mode", "b", "Blocked")
    wait_until("the mode on disk", lambda: "b Blocked" in (STATE / "doors").read_text())
    pull(EXIT_A, True)
    wait_until("released", lambda: case.released(LOCK_A))
    print("cut me", flush=True)
    (STATE / "cut-me").touch()
    time.sleep(LIMIT_S)
    raise AssertionError("the power was not cut")


def run_after_cut():
    case = Case("after the power cut")
    first = start(case)
    assert not case.released(LOCK_A), "a grant was resumed"
    case.daemon.ready()
    listed = case.daemon.ctl("door", "list")
    assert "Blocked" in listed, listed
    told = case.finish(ignore_before=first)
    assert told["fail_secure_uncommanded_ms"] == 0, told


if __name__ == "__main__":
    try:
        globals()["run_" + os.environ["GH_CASE"]]()
    except Exception:
        with contextlib.suppress(OSError):
            print((RUN / "log").read_text()[-3000:])
        raise
