#!/usr/bin/python3
"""The package on the kind of board it is meant for: Debian 12 for arm64 with Debian's kernel on an emulated machine (QEMU's
virt), whose GPIO chip is an ARM PL061. The relay is line 0, seen from outside in the chip's data register; the exit button
is line 3, which the machine's power button pulls; cards come from a USB serial reader. Debian's arm64 kernel has no
gpio-sim. Everything is emulated, so its times say what is slow and not how fast a board is.

    tests/package/board.py DEB     needs root, qemu-system-arm and e2fsprogs; takes some minutes
"""
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
LIMIT_S = 600  # not a budget: how long an emulated machine may take for one state
PL061_DATA = 0x9030000 + 0x3fc  # the address bits 2 to 9 choose the lines: all of them
RELAY_LINE, EXIT_LINE = 0, 3
CARD = "7864321"
CONFIG = f"""version: 1
site: emulated
gate: virt
board:
  driver: gpiod
  outputs:
    - {{name: main-lock, chip: gpiochip0, line: {RELAY_LINE}}}
  inputs:
    - {{name: main-exit, chip: gpiochip0, line: {EXIT_LINE}, active: high, debounce_ms: 20}}
doors:
  - {{name: main, lock: main-lock, exit_button: main-exit, fail: secure, release_ms: 3000}}
readers:
  - {{name: in, door: main, kind: serial, device: /dev/ttyUSB0, baud: 9600}}
"""


# a shell on a port of its own: no terminal between, and no login
SHELL_UNIT = """[Unit]
Description=The test's shell
[Service]
ExecStartPre=/bin/sh -c 'until [ -e /dev/virtio-ports/shell ]; do sleep 0.2; done'
ExecStart=/bin/bash -c 'exec bash <>/dev/virtio-ports/shell >&0 2>&1'
Restart=always
"""


def run(*words, check=True):
    done = subprocess.run([str(w) for w in words], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, words))}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def wait_for(what, of, say=lambda: "", every_s=0.02):
    """The first true answer of @p of."""
    until = time.monotonic() + LIMIT_S
    while time.monotonic() < until:
        answer = of()
        if answer:
            return answer
        time.sleep(every_s)
    raise AssertionError(f"not within {LIMIT_S} s: {what}\n{say()}")


def connect(path):
    def attempt():
        end = socket.socket(socket.AF_UNIX)
        try:
            end.connect(str(path))
            return end
        except OSError:
            end.close()
            return None
    end = wait_for(path.name, attempt)
    end.settimeout(LIMIT_S)
    return end


def debian(deb):
    """A Debian for arm64 with its kernel and what the package depends on, and not yet the package."""
    depends = run("dpkg-deb", "-f", deb, "Depends")
    depends = sorted(set(re.sub(r"\([^)]*\)|,", " ", depends).split()))
    return pathlib.Path(run(SOURCE / "tools" / "debian-root", "board-arm64", "--arch", "arm64", "--virtio", "systemd-sysv", "dbus", "udev",
                            "init-system-helpers", "procps", "kmod", "linux-image-arm64", "initramfs-tools", *depends).strip())


class Board:
    """One disk, and the machine that it is in; start() and cut_power() as often as one likes."""

    def __init__(self, root, deb):
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="gatehouse-board.", dir="/var/tmp"))
        self.disk, self.root = self.work / "disk.img", root
        self.qemu = self.shell = self.monitor = self.reader = None
        with open(self.disk, "wb") as disk:
            disk.truncate(3 << 30)
        run("mkfs.ext4", "-q", "-F", "-d", root, self.disk)
        (self.work / "shell.service").write_text(SHELL_UNIT)
        (self.work / "edits").write_text(
            "rm /usr/sbin/policy-rc.d\n"  # a root that is not booted refuses to start services; this one is booted
            f"write {deb} /root/gatehouse.deb\n"
            f"write {self.work}/shell.service /etc/systemd/system/shell.service\n"
            "symlink /etc/systemd/system/multi-user.target.wants/shell.service /etc/systemd/system/shell.service\n")
        run("debugfs", "-w", "-f", self.work / "edits", self.disk)

    def start(self):
        """@return the seconds until a shell answers"""
        began = time.monotonic()
        kernel = next((self.root / "boot").glob("vmlinuz-*"))
        for name in ("shell", "monitor", "reader"):
            (self.work / name).unlink(missing_ok=True)
        # gpio_keys would hold line 3, which is the exit button here
        append = "root=/dev/vda rw console=ttyAMA0 quiet modprobe.blacklist=gpio_keys"
        with open(self.work / "console", "ab") as console:
            self.qemu = subprocess.Popen(
                ["qemu-system-aarch64", "-M", "virt", "-cpu", "cortex-a72", "-smp", "2", "-m", "1G", "-nic", "none", "-display", "none",
                 "-kernel", kernel, "-initrd", str(kernel).replace("vmlinuz", "initrd.img"), "-append", append,
                 "-drive", f"file={self.disk},if=virtio,format=raw,cache=writeback", "-serial", "stdio", "-monitor", "none",
                 "-device", "virtio-serial-pci", "-chardev", f"socket,id=shell,path={self.work}/shell,server=on,wait=off",
                 "-device", "virtserialport,chardev=shell,name=shell", "-device", "qemu-xhci",
                 "-chardev", f"socket,id=reader,path={self.work}/reader,server=on,wait=off", "-device", "usb-serial,chardev=reader",
                 "-qmp", f"unix:{self.work}/monitor,server=on,wait=off"],
                stdin=subprocess.DEVNULL, stdout=console, stderr=subprocess.STDOUT)
        self.monitor = self.lines("monitor", "rw")
        json.loads(self.monitor.readline())
        self.ask("qmp_capabilities")
        self.reader = connect(self.work / "reader")
        self.shell = self.lines("shell", "rwb", buffering=0)
        wait_for("the machine", lambda: self.qemu.poll() is not None or self.run("systemctl is-system-running --wait; true"),
                 self.said)
        return time.monotonic() - began

    def lines(self, name, *how, **more):
        with connect(self.work / name) as end:
            return end.makefile(*how, **more)  # closes the socket with itself

    def run(self, words, check=True):
        """What a command of the shell prints, standard error as well."""
        mark = f"@{time.monotonic_ns()}@"
        self.shell.write(f"{{ {words}\n}} </dev/null 2>&1; status=$?; echo; echo {mark} $status\n".encode())
        lines = []
        while True:
            line = self.shell.readline().decode(errors="replace")
            if not line:
                raise AssertionError(f"{words}: the machine is gone: {self.said()}")
            line = line.rstrip("\r\n")
            found = re.search(rf"{mark} (\d+)$", line)
            if found:
                break
            lines.append(line)
        output = "\n".join(lines).strip()
        if check and found[1] != "0":
            raise AssertionError(f"{words}: {found[1]}\n{output}")
        return output

    def ask(self, name, **arguments):
        self.monitor.write(json.dumps({"execute": name, "arguments": arguments}) + "\n")
        self.monitor.flush()
        while True:
            answer = json.loads(self.monitor.readline())
            if "return" in answer:
                return answer["return"]
            if "error" in answer:
                raise AssertionError(f"{name}: {answer['error']}")

    def relay(self):
        """Whether the relay's line is high, in the chip itself."""
        said = self.ask("human-monitor-command", **{"command-line": f"xp /1wx {PL061_DATA:#x}"})
        return bool(int(said.split(":")[1], 16) & (1 << RELAY_LINE))

    def relay_moves(self, to, act=lambda: None):
        """Seconds from act() until the relay is there."""
        began = time.monotonic()
        act()
        wait_for(f"the relay to be {'high' if to else 'low'}", lambda: self.relay() == to, self.log, every_s=0.005)
        return time.monotonic() - began

    def press_exit(self):
        self.ask("system_powerdown")  # a pulse of 100 ms on line 3

    def show_card(self, number):
        self.reader.sendall(f"{number}\r\n".encode())

    def show(self, name):
        return self.run(f"systemctl show -P {name} gatehoused.service")

    def events(self):
        return [json.loads(line) for line in self.run("gatectl --json events --limit 1000").splitlines()]

    def log(self):
        return self.run("journalctl -u gatehoused.service --no-pager -o cat | tail -n 60", check=False)

    def said(self):
        return (self.work / "console").read_text(errors="replace")[-3000:]

    def cut_power(self):
        self.qemu.kill()
        self.qemu.wait()
        for end in (self.shell, self.monitor, self.reader):
            if end is not None:
                end.close()

    def end(self):
        if self.qemu is not None:
            self.cut_power()
        shutil.rmtree(self.work, ignore_errors=True)


class OnABoard(unittest.TestCase):
    """In the order of a gate's life."""

    figures = {}

    @classmethod
    def setUpClass(cls):
        cls.board = Board(debian(DEB), DEB)
        cls.addClassCleanup(cls.board.end)
        cls.figures["boot_s"] = round(cls.board.start(), 1)

    @classmethod
    def tearDownClass(cls):
        print(json.dumps(cls.figures))

    def started(self):
        """Doors under control: milliseconds after the process began, and seconds after the kernel did."""
        log = self.board.run("journalctl -u gatehoused.service -b --no-pager -o cat")
        return int(re.search(r"doors under control after (\d+) ms", log)[1]), \
            round(int(self.board.show("ActiveEnterTimestampMonotonic")) / 1e6, 1)

    def test_1_installed(self):
        board = self.board
        self.assertEqual(board.run("uname -m"), "aarch64")
        self.assertIn("pl061", board.run("readlink -f /sys/bus/gpio/devices/gpiochip0"))
        began = time.monotonic()
        board.run("apt-get -q -y install --no-install-recommends /root/gatehouse.deb")
        self.figures["install_s"] = round(time.monotonic() - began, 1)
        board.run(f"cat >/etc/gatehouse/gatehouse.yaml <<'END'\n{CONFIG}END")
        self.assertIn("in order", board.run("gatehoused --check-config"))
        board.run("systemctl start gatehoused.service || { journalctl -u gatehoused.service --no-pager -o cat; false; }")
        self.assertEqual(board.show("StatusText"), "Doors under control")
        self.assertFalse(board.relay())
        self.figures["doors_ms_first"], _ = self.started()
        self.figures["memory_mb"] = round(int(board.show("MemoryCurrent")) / 1e6, 1)

    def test_2_the_exit_button_opens(self):
        taken = self.board.relay_moves(True, self.board.press_exit)
        self.board.relay_moves(False)
        self.figures["exit_to_relay_ms"] = round(1000 * taken)

    def test_3_a_card_opens(self):
        board = self.board
        person = json.loads(board.run("gatectl --json person add Zhang"))["id"]
        board.run(f"gatectl credential add {person} card {CARD}")
        wait_for("the reader", lambda: board.run("test -c /dev/ttyUSB0; echo $?") == "0", board.log, every_s=0.5)
        wait_for("the reader to be open", lambda: board.run("ls -l /proc/$(pidof gatehoused)/fd | grep -c ttyUSB0", check=False) != "0",
                 board.log, every_s=0.5)
        board.show_card("4711")  # nobody's
        wait_for("a denial", lambda: any(e["type"] == "access.denied" for e in board.events()), board.log, every_s=0.5)
        self.assertFalse(board.relay())
        taken = board.relay_moves(True, lambda: board.show_card(CARD))
        board.relay_moves(False)
        self.figures["card_to_relay_ms"] = round(1000 * taken)
        granted = wait_for("the grant", lambda: [e for e in board.events() if e["type"] == "access.granted"], board.log, every_s=0.5)
        self.assertEqual(granted[-1]["person"], person)

    def test_4_a_power_cut_with_the_door_open(self):
        board = self.board
        board.relay_moves(True, lambda: board.show_card(CARD))
        before = board.events()
        self.assertTrue(board.relay())
        board.cut_power()
        self.figures["boot_after_cut_s"] = round(board.start(), 1)
        wait_for("the daemon", lambda: board.show("ActiveState") == "active", board.log, every_s=0.5)
        self.assertFalse(board.relay())
        self.figures["doors_ms_after_cut"], self.figures["doors_after_boot_s"] = self.started()
        wait_for("the log", lambda: "last event" in board.run("gatectl status", check=False), board.log, every_s=0.5)
        self.assertIn("good:", board.run("gatectl audit verify"))
        after = {event["seq"]: event["id"] for event in board.events()}
        for event in before:  # every row that the log had shown is there again
            self.assertEqual(after.get(event["seq"]), event["id"], event)
        self.figures["events_before_cut"], self.figures["events_after"] = len(before), len(after)
        taken = board.relay_moves(True, board.press_exit)
        self.figures["exit_to_relay_ms_after_cut"] = round(1000 * taken)


if __name__ == "__main__":
    if len(sys.argv) != 2 or not sys.argv[1].endswith(".deb"):
        sys.exit(__doc__)
    if os.geteuid() != 0:
        sys.exit("tests/package/board.py: needs root")
    DEB = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main(verbosity=2, failfast=True)
