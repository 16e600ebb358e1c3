"""The commands that a developer and an installer begin with: tools/configure, and which Python scripts run."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(os.environ.get("GH_SOURCE_DIR", pathlib.Path(__file__).resolve().parents[2]))
# needs the standard library alone, and an auditor runs it on a machine of any kind
ANY_PYTHON = {"tools/verify-audit"}


def sources():
    done = subprocess.run(["git", "-C", SOURCE, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise unittest.SkipTest(f"not a git checkout: {done.stderr.strip()}")
    return [name for name in done.stdout.split("\0") if name and (SOURCE / name).is_file()]


class Python(unittest.TestCase):
    def test_scripts_run_debians_python_wherever_another_stands_first_in_path(self):
        for name in sources():
            with open(SOURCE / name, "rb") as file:
                first = file.readline(200)
            if first.startswith(b"#!") and b"python" in first and name not in ANY_PYTHON:
                self.assertEqual(first.split()[0], b"#!/usr/bin/python3", name)


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
            link = second / "build" / "rooms" / "base" / "base"
            self.assertEqual(link.resolve(), second / "base")

    def configure(self, tree):
        done = subprocess.run([tree / "tools" / "configure", "build", "--preset", "release"], capture_output=True, text=True,
                              check=False, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done


if __name__ == "__main__":
    if os.environ.get("GH_SANITIZE"):
        print("skipped: the release build's test holds them")
        sys.exit(77)
    unittest.main(verbosity=2)
