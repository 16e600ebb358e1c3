"""What is installed: how the programs were compiled, how the service is locked up, what the .deb holds."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(os.environ.get("GH_SOURCE_DIR", pathlib.Path(__file__).resolve().parents[2]))
BUILD = pathlib.Path(os.environ.get("GH_BUILD_DIR", SOURCE / "build"))
PROGRAMS = ("gatehoused", "gatehouse-safe", "gatectl")
EXPOSURE_MAX = 1.5


def run(*words, **more):
    done = subprocess.run([str(w) for w in words], capture_output=True, text=True, check=False, timeout=300, **more)
    return done.returncode, done.stdout + done.stderr


def need(program):
    if shutil.which(program) is None:
        raise unittest.SkipTest(f"{program} is not installed")


class Package(unittest.TestCase):
    def test_programs_are_hardened(self):
        need("readelf")
        for program in PROGRAMS:
            with self.subTest(program=program):
                _, text = run("readelf", "-hlWd", "--dyn-syms", BUILD / program)
                self.assertRegex(text, r"Type: +DYN")  # position-independent
                self.assertIn("GNU_RELRO", text)
                self.assertRegex(text, r"BIND_NOW|FLAGS_1.*NOW")  # full RELRO
                self.assertIn("__stack_chk_fail", text)
                self.assertRegex(text, r"__\w+_chk@")  # _FORTIFY_SOURCE
                self.assertNotRegex(text, r"GNU_STACK.* RWE")
                self.assertNotRegex(text, r"RPATH|RUNPATH")

    def test_service_is_locked_up(self):
        need("systemd-analyze")
        unit = SOURCE / "systemd" / "gatehoused.service"
        _, text = run("systemd-analyze", "security", "--offline=yes", "--no-pager", unit)
        found = re.search(r"Overall exposure level for gatehoused.service: ([0-9.]+)", text)
        self.assertIsNotNone(found, text)
        self.assertLessEqual(float(found[1]), EXPOSURE_MAX)
        words = unit.read_text(encoding="utf-8")
        for line in ("Type=notify", "WatchdogSec=", "User=gatehouse", "LoadCredential=", "LimitCORE=0", "LimitMEMLOCK=", "OOMScoreAdjust="):
            self.assertIn(line, words)

    def test_deb(self):
        for program in ("cpack", "dpkg-deb", "dpkg-shlibdeps"):
            need(program)
        with tempfile.TemporaryDirectory() as folder:
            status, text = run("cpack", "-G", "DEB", "--config", BUILD / "CPackConfig.cmake", "-B", folder, cwd=folder)
            self.assertEqual(status, 0, text)
            deb = next(pathlib.Path(folder).glob("*.deb"))
            _, listing = run("dpkg-deb", "-c", deb)
            files = {line.split()[5]: line.split()[:2] for line in listing.splitlines()}
            for path in ("bin/gatehoused", "bin/gatehouse-safe", "bin/gatectl", "lib/systemd/system/gatehoused.service",
                         "lib/sysusers.d/gatehouse.conf", "lib/tmpfiles.d/gatehouse.conf",
                         "lib/udev/rules.d/60-gatehouse.rules", "share/man/man8/gatehoused.8.gz",
                         "share/man/man1/gatectl.1.gz", "share/man/man5/gatehouse.yaml.5.gz",
                         "share/doc/gatehouse/copyright", "share/gatehouse/verify-audit", "share/gatehouse/models/fr_feature.yaml",
                         "share/gatehouse/models/fr_detect.yaml"):
                self.assertIn(f"./usr/{path}", files)
            self.assertIn("./etc/needrestart/conf.d/gatehouse.conf", files)
            self.assertNotIn("./etc/gatehouse/gatehouse.yaml", files)  # the site's own, never ours
            if (SOURCE / "console" / "dist" / "index.html").exists():
                self.assertIn("./usr/share/gatehouse/console/index.html", files)
            self.assertEqual({owner for _, owner in files.values()}, {"root/root"})
            run("dpkg-deb", "-e", deb, pathlib.Path(folder) / "control")
            for script in ("postinst", "prerm", "postrm"):
                text = (pathlib.Path(folder) / "control" / script).read_text(encoding="utf-8")
                self.assertNotIn("restart gatehoused.service ||", text)  # an upgrade never moves a door
                self.assertEqual(run("sh", "-n", pathlib.Path(folder) / "control" / script)[0], 0)


if __name__ == "__main__":
    if os.environ.get("GH_SANITIZE"):
        print("skipped: what is installed is not built with sanitizers")
        sys.exit(77)
    unittest.main(verbosity=2)
