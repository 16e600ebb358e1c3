"""Which Python the scripts run."""
import os
import pathlib
import subprocess
import sys
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


if __name__ == "__main__":
    if os.environ.get("GH_SANITIZE"):
        print("skipped: the release build's test holds them")
        sys.exit(77)
    unittest.main(verbosity=2)
