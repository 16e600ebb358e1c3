#!/usr/bin/python3
"""The package on a Debian of its own, made by tools/debian-root: installed, upgraded, removed and purged there; and, under a
systemd of its own (systemd-nspawn), what only the service manager can show: readiness, sandbox, credentials, watchdog, what
happens after every kind of end, that no upgrade and no needrestart moves a door, and a board replaced from a backup.

    tests/package/installed.py DEB [-k PART]     needs root; for arm64 qemu-user-static, and then without the booted part
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
UNIT = "gatehoused.service"
CONFIG = pathlib.Path("etc/gatehouse/gatehouse.yaml")
PLAIN = pathlib.Path("usr/share/doc/gatehouse/examples/gatehouse.yaml")
SECRET = "a-broker-password-that-nobody-else-may-read"
DEADLINE_S = 60  # no judgement: how long one state is waited for on a busy machine
BOARD_S = 600    # the promise of docs/guide/operate.md


def run(*words, check=True, **more):
    done = subprocess.run([str(w) for w in words], capture_output=True, text=True, check=False, timeout=900,
                          stdin=subprocess.DEVNULL, **more)
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, words))}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done


def wait_for(what, of, say=None):
    """The first true answer of @p of."""
    until = time.monotonic() + DEADLINE_S
    while time.monotonic() < until:
        answer = of()
        if answer:
            return answer
        time.sleep(0.1)
    raise AssertionError(f"waited in vain for {what}" + (f":\n{say()}" if say else ""))


def field(deb, name):
    return run("dpkg-deb", "-f", deb, name).stdout.strip()


def debian(deb):
    """A Debian with what the package depends on, and not yet the package."""
    depends = sorted(set(re.sub(r"\([^)]*\)|,", " ", field(deb, "Depends")).split()))  # in whatever order: the same root
    return pathlib.Path(run(SOURCE / "tools" / "debian-root", f"run-{field(deb, 'Architecture')}", "--arch",
                            field(deb, "Architecture"), "systemd-sysv", "dbus", "udev", "init-system-helpers", "needrestart",
                            "procps", "python3", *depends).stdout.strip())


class Machine:
    """A machine that starts as that Debian and keeps what is written apart from it."""

    def __init__(self, lower, deb):
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="gatehouse-installed.", dir="/var/tmp"))
        self.root = self.work / "root"
        for name in ("root", "upper", "work"):
            (self.work / name).mkdir()
        run("mount", "-t", "overlay", "overlay", "-o",
            f"lowerdir={lower},upperdir={self.work / 'upper'},workdir={self.work / 'work'}", self.root)
        self.deb = self.take(deb)
        self.nspawn = self.leader = None

    def take(self, deb):
        shutil.copy(deb, self.root / "root")
        return f"/root/{pathlib.Path(deb).name}"

    def repacked(self, deb, version, change=lambda folder: None):
        """The same package with a later version, changed as @p change does."""
        folder = self.work / f"deb-{version}"
        run("dpkg-deb", "-R", deb, folder)
        control = folder / "DEBIAN" / "control"
        control.write_text(re.sub("(?m)^Version: .*$", f"Version: {version}", control.read_text()))
        change(folder)
        run("dpkg-deb", "-Zgzip", "-z1", "-b", folder, self.root / "root" / f"gatehouse_{version}.deb")
        return f"/root/gatehouse_{version}.deb"

    def run(self, *words, **more):
        if self.leader is None:
            inside = ("chroot", self.root, "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8")
        else:
            inside = ("nsenter", "-t", self.leader, "-m", "-p", "-u", "-i", "-n", "--")
        return run(*inside, *words, **more)

    def apt(self, *words, **more):
        return self.run("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y", *words, **more)

    def boot(self):
        (self.root / "usr/sbin/policy-rc.d").unlink(missing_ok=True)
        with open(self.work / "console", "wb") as console:
            # a machine of its own lets services lock memory; without this capability nspawn's filter refuses mlock(2)
            self.nspawn = subprocess.Popen(["systemd-nspawn", "-q", "--register=no", "--keep-unit", "--private-network", "-b",
                                            "--capability=CAP_IPC_LOCK", "-M", "gatehouse-test", "-D", str(self.root),
                                            "--console=read-only"],
                                           stdin=subprocess.DEVNULL, stdout=console, stderr=subprocess.STDOUT)

        def first():
            if self.nspawn.poll() is not None:
                raise unittest.SkipTest("systemd-nspawn ends: " + (self.work / "console").read_text(errors="replace")[-500:])
            return run("pgrep", "-P", self.nspawn.pid, check=False).stdout.split()
        self.leader = wait_for("the container's first process", first)[0]
        wait_for("systemd", lambda: self.run("systemctl", "is-system-running", check=False).stdout.strip() in
                 ("running", "degraded"), lambda: (self.work / "console").read_text(errors="replace")[-2000:])

    def show(self, name):
        return self.run("systemctl", "show", "-P", name, UNIT).stdout.strip()

    def log(self):
        return self.run("journalctl", "-u", UNIT, "--no-pager", "-o", "cat").stdout

    def started_anew(self, pid):
        """The daemon's next process, once it is ready."""
        wait_for("the next start", lambda: self.show("MainPID") not in ("0", pid) and self.show("ActiveState") == "active",
                 self.log)
        return self.show("MainPID")

    def end(self):
        if self.nspawn is not None:
            self.nspawn.kill()
            self.nspawn.wait()
        for _ in range(50):
            if run("umount", self.root, check=False).returncode == 0:
                break
            time.sleep(0.1)
        shutil.rmtree(self.work, ignore_errors=True)


def files(root):
    """Every file and folder, but what dpkg and the tools around it note for themselves."""
    own = re.compile(r"/(var/lib/(dpkg|apt|systemd|ucf)|var/(log|cache)|run|tmp|root|proc|dev|sys)(/|$)|/etc/(passwd|group|g?shadow)-?$")
    found = set()
    for folder, names, others in os.walk(root):
        for name in names + others:
            path = "/" + str((pathlib.Path(folder) / name).relative_to(root))
            if not own.match(path):
                found.add(path)
    return found


class Installed(unittest.TestCase):
    """In a root that is not booted, as an image is made."""

    @classmethod
    def setUpClass(cls):
        cls.machine = Machine(DEBIAN, DEB)
        cls.addClassCleanup(cls.machine.end)
        run("mount", "-t", "proc", "proc", cls.machine.root / "proc")
        cls.addClassCleanup(run, "umount", cls.machine.root / "proc")
        cls.before = files(cls.machine.root)

    def test_1_install(self):
        self.machine.apt("install", self.machine.deb)
        self.assertIn("gatehouse", (self.machine.root / "etc/passwd").read_text())
        state = (self.machine.root / "var/lib/gatehouse").stat()
        self.assertEqual(state.st_mode & 0o777, 0o700)
        self.assertNotEqual(state.st_uid, 0)
        self.assertEqual((self.machine.root / "etc/gatehouse/credentials").stat().st_mode & 0o777, 0o700)
        self.assertFalse((self.machine.root / CONFIG).exists())
        self.assertIn(field(DEB, "Version"), self.machine.run("gatehoused", "--version").stdout)
        self.assertIn("in order", self.machine.run("gatehoused", "--check-config", "--config", f"/{PLAIN}").stdout)
        self.assertIn("usage", self.machine.run("gatectl", check=False).stderr)

    def test_2_upgrade(self):
        config = self.machine.root / CONFIG
        config.write_text((self.machine.root / PLAIN).read_text() + "# the site's own\n")
        (self.machine.root / "var/lib/gatehouse/kept").write_text("")
        done = self.machine.apt("install", self.machine.repacked(DEB, "0.9.0"))
        self.assertIn("in order", done.stdout)  # the new version was asked whether it takes the config
        self.assertIn("the site's own", config.read_text())
        self.assertEqual(self.machine.run("dpkg-query", "-W", "-f", "${Version}", "gatehouse").stdout, "0.9.0")

    def test_3_remove(self):
        self.machine.apt("remove", "gatehouse")
        self.assertFalse((self.machine.root / "usr/bin/gatehoused").exists())
        self.assertTrue((self.machine.root / "var/lib/gatehouse/kept").exists())
        self.assertTrue((self.machine.root / CONFIG).exists())

    def test_4_purge(self):
        self.machine.apt("purge", "gatehouse")
        self.assertEqual(files(self.machine.root) - self.before, set())
        self.assertIn("gatehouse", (self.machine.root / "etc/passwd").read_text())  # its number is not given away


class Booted(unittest.TestCase):
    """Under systemd, in the order of a gate's life."""

    @classmethod
    def setUpClass(cls):
        if shutil.which("systemd-nspawn") is None:
            raise unittest.SkipTest("systemd-nspawn is not installed (systemd-container)")
        if field(DEB, "Architecture") != run("dpkg", "--print-architecture").stdout.strip():
            raise unittest.SkipTest("qemu-user does not carry a whole systemd with its sandbox")
        cls.machine = Machine(DEBIAN, DEB)
        cls.addClassCleanup(cls.machine.end)
        cls.machine.boot()
        cls.inside = staticmethod(cls.machine.run)

    def config(self, more="", site="my-compound"):
        text = (self.machine.root / PLAIN).read_text().replace("my-compound", site)
        (self.machine.root / CONFIG).write_text(text + more)

    def test_01_installed_is_not_started(self):
        self.machine.apt("install", self.machine.deb)
        self.assertEqual(self.machine.show("UnitFileState"), "enabled")
        self.assertEqual(self.machine.show("ActiveState"), "inactive")
        self.inside("systemctl", "start", UNIT)  # ConditionPathExists: no config is no failure
        self.assertEqual(self.machine.show("ActiveState"), "inactive")

    def test_02_ready_means_doors_under_control(self):
        secret = self.machine.root / "etc/gatehouse/credentials/broker"
        secret.write_text(SECRET)
        secret.chmod(0o600)
        self.config("mqtt: {brokers: [127.0.0.1], username: gate, "
                    f"password_file: /run/credentials/{UNIT}/secret_broker}}\n")
        self.inside("systemctl", "start", UNIT)  # returns when READY=1 came
        self.assertEqual(self.machine.show("StatusText"), "Doors under control")
        pid = self.machine.show("MainPID")  # what belongs to root there is not dumpable: nobody's collector, no tracer
        self.assertEqual(self.inside("stat", "-c", "%U", f"/proc/{pid}/status").stdout, "root\n")
        self.assertEqual(self.machine.show("WatchdogUSec"), "10s")
        self.assertIn("main  Locked", self.inside("gatectl", "status").stdout)
        self.assertNotIn(SECRET, self.machine.log())
        self.assertNotIn("insecure memory", self.machine.log())  # LimitMEMLOCK= is enough for what libraries keep out of swap

    def test_03_sandbox(self):
        pid = self.machine.show("MainPID")
        status = self.inside("cat", f"/proc/{pid}/status").stdout
        self.assertRegex(status, r"Uid:\t(?!0\t)\d+")
        for line in ("CapEff:\t0000000000000000", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2"):
            self.assertIn(line, status)
        sandbox = ("nsenter", "-t", pid, "-m", "--", "setpriv", "--reuid", "gatehouse", "--regid", "gatehouse",
                  "--clear-groups", "sh", "-c")
        for words, works in (("touch /var/lib/gatehouse/mine && rm /var/lib/gatehouse/mine", True), ("touch /etc/gatehouse/x", False),
                             ("touch /usr/x", False), ("touch /tmp/x && test ! -e /root/x", True), ("ls /home", False),
                             (f"test $(cat /run/credentials/{UNIT}/secret_broker) = {SECRET}", True),
                             ("cat /etc/gatehouse/credentials/broker", False)):
            with self.subTest(words=words):
                self.assertEqual(self.inside(*sandbox, words, check=False).returncode == 0, works)
        self.assertNotEqual(self.inside("setpriv", "--reuid", "nobody", "--clear-groups", "cat",
                                     f"/run/credentials/{UNIT}/secret_broker", check=False).returncode, 0)
        self.assertRegex(self.inside("systemd-analyze", "security", UNIT, "--no-pager").stdout, r"level for \S+: (0\.\d|1\.[0-5]) ")

    def ended(self, signal_name, why):
        """What every end leads to: outputs made safe, and a new daemon with its doors under control."""
        pid, safe = self.machine.show("MainPID"), self.machine.log().count("main-lock: inactive")
        self.inside("kill", "-s", signal_name, pid)
        self.machine.started_anew(pid)
        self.assertEqual(self.machine.log().count("main-lock: inactive"), safe + 1, self.machine.log()[-2000:])
        self.assertIn(why, self.machine.log())
        self.assertEqual(self.machine.show("StatusText"), "Doors under control")

    def test_04_killed(self):
        self.ended("KILL", "code=killed, status=9/KILL")

    def test_05_hanging(self):
        self.ended("STOP", "Watchdog timeout")

    def test_06_crashed_without_a_core(self):
        self.ended("ABRT", "code=killed, status=6/ABRT")  # "code=dumped" it would be
        self.assertEqual([p for p in files(self.machine.root) if re.search(r"/core(\.\d+)?$", p) and "/proc/" not in p], [])

    def test_07_broken_config(self):
        good = (self.machine.root / CONFIG).read_text()
        (self.machine.root / CONFIG).write_text("doors: [\n")
        self.inside("systemctl", "restart", UNIT, check=False)
        wait_for("the end", lambda: self.machine.show("ActiveState") == "failed", self.machine.log)
        self.assertEqual(self.machine.show("ExecMainStatus"), "78")
        self.assertIn("going by /var/lib/gatehouse/last-good.yaml", self.machine.log())  # the outputs are safe all the same
        self.assertEqual(self.machine.show("NRestarts"), "0")
        (self.machine.root / CONFIG).write_text(good)
        self.inside("systemctl", "start", UNIT)

    def test_08_upgrade_leaves_the_doors_alone(self):
        pid = self.machine.show("MainPID")
        done = self.machine.apt("install", self.machine.repacked(DEB, "0.9.0"))
        self.assertIn("still driven by the version that was running", done.stderr + done.stdout)
        self.assertEqual(self.machine.show("MainPID"), pid)
        self.assertIn("(deleted)", os.readlink(f"/proc/{self.outside(pid)}/exe"))

    def test_09_bad_upgrade_leaves_the_old_one_running(self):
        def broken(folder):
            (folder / "usr/bin/gatehoused").write_text("#!/bin/sh\necho 'this version reads no such config' >&2\nexit 78\n")
        pid = self.machine.show("MainPID")
        done = self.machine.apt("install", self.machine.repacked(DEB, "0.9.1", broken))
        self.assertIn("does not take the config", done.stderr + done.stdout)
        self.assertEqual(self.machine.show("MainPID"), pid)
        self.machine.apt("install", "--allow-downgrades", self.machine.deb)
        self.assertEqual(self.machine.show("MainPID"), pid)

    def test_10_needrestart_asks_nobody_and_restarts_nothing(self):
        pid = self.machine.show("MainPID")
        library = next((self.machine.root / "usr/lib").glob("*/libsodium.so.23.*"))
        inside = f"/{library.relative_to(self.machine.root)}"
        self.inside("sh", "-ec", f"cp {inside} {inside}.new; mv {inside}.new {inside}")  # as an upgrade of it would
        done = self.inside("needrestart", "-r", "a", "-l", check=False)
        said = done.stdout + done.stderr
        self.assertIn(UNIT, said)
        self.assertEqual(self.machine.show("MainPID"), pid, said)
        self.assertIn(UNIT, self.inside("needrestart", "-b", "-l").stdout)  # who looks is still told
        self.inside("rm", "/etc/needrestart/conf.d/gatehouse.conf")
        self.inside("needrestart", "-r", "a", "-l", check=False)
        self.machine.started_anew(pid)  # it is that file which had kept the doors

    def test_11_board_replaced(self):
        self.inside("gatectl", "person", "add", "Zhang Wei")
        self.inside("gatectl", "backup", "/root/backup")
        people = self.inside("gatectl", "--json", "person", "list").stdout
        last = re.search(r"last event (\d+)", self.inside("gatectl", "status").stdout)[1]
        type(self).another = Machine(DEBIAN, DEB)
        self.addCleanup(self.another.end)
        shutil.copytree(self.machine.root / "root/backup", self.another.root / "root/backup")
        started = time.monotonic()
        self.another.boot()
        self.another.apt("install", self.another.deb)
        shutil.copytree(self.machine.root / "etc/gatehouse/credentials", self.another.root / "etc/gatehouse/credentials",
                        dirs_exist_ok=True)
        for words in (("gatectl", "restore", "/root/backup"), ("cp", "/root/backup/last-good.yaml", f"/{CONFIG}"),
                      ("chown", "gatehouse:", f"/{CONFIG}"), ("systemctl", "start", UNIT)):
            self.another.run(*words)
        self.assertEqual(self.another.run("gatectl", "--json", "person", "list").stdout, people)
        self.assertGreaterEqual(int(re.search(r"last event (\d+)", self.another.run("gatectl", "status").stdout)[1]), int(last))
        self.another.run("gatectl", "audit", "verify")
        self.another.run("gatectl", "door", "open", "main")
        took_s = time.monotonic() - started
        print(f"a board replaced in {took_s:.1f} s: boot, package, restore, start, first door", file=sys.stderr)
        self.assertLess(took_s, BOARD_S)

    def test_12_removed_and_purged(self):
        self.machine.apt("remove", "gatehouse")
        self.assertEqual(self.inside("pgrep", "-x", "gatehoused", check=False).stdout, "")
        self.assertTrue((self.machine.root / "var/lib/gatehouse/gate.db").exists())
        self.machine.apt("purge", "gatehouse")
        for gone in ("var/lib/gatehouse", "etc/gatehouse", "etc/needrestart/conf.d/gatehouse.conf",
                     "etc/systemd/system/multi-user.target.wants/gatehoused.service"):
            self.assertFalse((self.machine.root / gone).exists() or (self.machine.root / gone).is_symlink(), gone)

    def outside(self, pid):
        """The number that a process of the container has out here."""
        for path in pathlib.Path("/proc").glob("[0-9]*/status"):
            try:
                if re.search(rf"(?m)^NSpid:\t\d+\t{pid}$", path.read_text()) and path.with_name("comm").read_text() == "gatehoused\n":
                    return path.parent.name
            except OSError:
                pass  # it ended meanwhile
        raise AssertionError(f"no process is {pid} inside")


if __name__ == "__main__":
    if len(sys.argv) < 2 or not sys.argv[1].endswith(".deb"):
        sys.exit(__doc__)
    if os.geteuid() != 0:
        sys.exit("tests/package/installed.py: needs root")
    if "GH_MOUNTS" not in os.environ:  # its mounts end with it
        os.execvp("unshare", ["unshare", "-m", "--propagation", "private", "env", "GH_MOUNTS=own", sys.executable, "-B", *sys.argv])
    DEB = pathlib.Path(sys.argv.pop(1)).resolve()
    DEBIAN = debian(DEB)
    unittest.main(verbosity=2, failfast=True)
