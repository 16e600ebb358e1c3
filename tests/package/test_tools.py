"""The commands that a developer and an installer begin with: tools/demo, tools/configure, and which Python scripts run."""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

SOURCE = pathlib.Path(os.environ.get("GH_SOURCE_DIR", pathlib.Path(__file__).resolve().parents[2]))
LIMIT_S = 240  # not a budget: how long a busy machine may take for one state
# needs the standard library alone, and an auditor runs it on a machine of any kind
ANY_PYTHON = {"tools/verify-audit"}


def sources():
    done = subprocess.run(["git", "-C", SOURCE, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise unittest.SkipTest(f"not a git checkout: {done.stderr.strip()}")
    return [name for name in done.stdout.split("\0") if name and (SOURCE / name).is_file()]


def wait_until(what, check):
    deadline = time.monotonic() + LIMIT_S
    while not check():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {LIMIT_S} s: {what}")
        time.sleep(0.1)


class Python(unittest.TestCase):
    def test_scripts_run_debians_python_wherever_another_stands_first_in_path(self):
        for name in sources():
            with open(SOURCE / name, "rb") as file:
                first = file.readline(200)
            if first.startswith(b"#!") and b"python" in first and name not in ANY_PYTHON:
                self.assertEqual(first.split()[0], b"#!/usr/bin/python3", name)


class Models(unittest.TestCase):
    def test_the_list_of_downloads_agrees_with_the_manifests(self):
        manifests = {}
        for path in sorted((SOURCE / "models").glob("*.yaml")):
            members = dict(re.findall(r"^(\w+): ([^{\n]+)$", path.read_text(), re.M))
            where = re.fullmatch(r"npm (\S+), (\S+)", members["source"])
            manifests[members["file"]] = (*where.groups(), members["sha256"], members["licence"], members["role"])
        fetched = {}
        for line in (SOURCE / "tools" / "models.lock").read_text().splitlines():
            kind, *fields = line.split()
            if kind == "file" and fields[0].endswith(".onnx"):
                fetched[fields[0]] = tuple(fields[1:])
        self.assertEqual(fetched, manifests)
        self.assertEqual(len(manifests), 4)


class Configure(unittest.TestCase):
    def test_a_copied_tree_is_configured_anew(self):
        with tempfile.TemporaryDirectory(prefix="gatehouse-copy-", dir="/var/tmp") as folder:
            first, second = pathlib.Path(folder, "first"), pathlib.Path(folder, "second")
            for name in sources():
                (first / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(SOURCE / name, first / name)
            self.configure(first)
            shutil.copytree(first, second, symlinks=True)
            self.assertIn(f"was made for {first}", self.configure(second).stderr)
            self.assertEqual(self.configure(second).stderr, "", "the second time it is at home")
            link = second / "build" / "rooms" / "gh_base" / "base"
            self.assertEqual(link.resolve(), second / "base")

    def configure(self, tree):
        done = subprocess.run([tree / "tools" / "configure", "build", "--preset", "release"], capture_output=True, text=True,
                              check=False, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done


class Demo(unittest.TestCase):
    """tools/demo with a folder of its own: every process that it starts inherits GH_DEMO_DIR."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="gatehouse-demo-", dir="/var/tmp")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.said = pathlib.Path(self.folder) / "said"

    def processes(self):
        word, found = f"GH_DEMO_DIR={self.folder}".encode(), {}
        for path in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                if word in (path / "environ").read_bytes().split(b"\0"):
                    found[int(path.name)] = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue  # it ended, or belongs to somebody else
        return found

    def test_a_kill_that_is_repeated_ends_broker_and_daemon_too(self):
        with open(self.said, "wb") as said:
            demo = subprocess.Popen([SOURCE / "tools" / "demo"], env=dict(os.environ, GH_DEMO_DIR=self.folder),
                                    stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT)
        try:
            wait_until(f"the running gate, see {self.said}",
                       lambda: demo.poll() is not None or b"The gate is running" in self.said.read_bytes())
            self.assertIsNone(demo.poll(), self.said.read_text())
            programs = " ".join(self.processes().values())
            self.assertIn("gatehoused", programs)
            self.assertIn("mosquitto", programs)

            def killed_again():
                demo.send_signal(signal.SIGTERM)
                return demo.poll() is not None

            wait_until("its end", killed_again)
            self.assertEqual(demo.returncode, 128 + signal.SIGTERM)
            self.assertEqual(self.processes(), {})
        finally:
            for pid in self.processes():
                os.kill(pid, signal.SIGKILL)
            demo.wait()


if __name__ == "__main__":
    if os.environ.get("GH_SANITIZE"):
        print("skipped: the release build's test holds them")
        sys.exit(77)
    unittest.main(verbosity=2)
