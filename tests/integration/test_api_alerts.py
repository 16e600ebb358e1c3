"""A throw at the guard's desk: seen, judged, held, put into a case, exported, and the export judged offline."""
import io
import json
import subprocess
import unittest
import zipfile

import harness
from harness import BUILD, Gate, free_port, need, wait_until

SCENE_MAKE = BUILD / "tests" / "scene_make"


class Desk(unittest.TestCase):
    def setUp(self):
        need(SCENE_MAKE.exists(), f"{SCENE_MAKE} is not built")
        self.gate = self.enterContext(Gate(litter={"pre_roll_s": 2, "post_roll_s": 1}))
        self.gate.config["api"]["listen"] = f"127.0.0.1:{free_port()}"

    def film(self):
        film = self.gate.folder / "facade.mp4"
        subprocess.run([str(SCENE_MAKE), "--seed", "7", "--width", "640", "--height", "360", "--fps", "25", "--seconds", "10",
                        "--throw", "5,11,3,bottle", "--out", str(film), "--truth", str(film.with_suffix(".csv"))],
                       check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        facts = json.loads(film.with_suffix(".json").read_text())
        self.gate.config["cameras"] = [{"name": "facade", "role": "facade", "source": f"file:{film}",
                                        "calibration": facts["calibration"]}]

    def verify(self, data, *options):
        path = self.gate.folder / "alert.zip"
        path.write_bytes(data)
        done = subprocess.run([str(harness.GATECTL), "evidence", "verify", "--json", str(path), *options],
                              capture_output=True, text=True, timeout=harness.LIMIT_S, check=False)
        return done.returncode, json.loads(done.stdout)

    def test_story(self):
        self.film()
        gate = self.gate.start()
        gate.wait_event("camera.ended", limit_s=2 * harness.LIMIT_S)  # played to its end
        gate.stop()  # waits for what is still looked at
        gate.config["cameras"] = []
        gate.start()
        guard = gate.console("gus", "guard")
        page = wait_until("the alert", lambda: (a := guard.call("GET", "alerts?state=new")[1])["alerts"] and a)
        self.assertEqual(page["new"], len(page["alerts"]))
        alert = page["alerts"][-1]
        seq = alert["seq"]
        self.assertEqual(guard.call("GET", "alerts?camera=facade")[1]["alerts"], page["alerts"])  # read from the log: that camera is gone
        self.assertEqual(guard.call("GET", "alerts?camera=yard")[1], {**page, "alerts": []})
        self.assertEqual(len(alert["files"]), 3)
        clip = f"/api/v1/evidence/{alert['files'][0]['name']}"
        answer, part = guard.raw("GET", clip, headers={"Range": "bytes=4-7"})
        self.assertEqual((answer.status, part), (206, b"ftyp"))
        answer, _ = guard.raw("GET", clip)
        answer, part = guard.raw("GET", clip, headers={"If-None-Match": answer.headers["ETag"]})
        self.assertEqual((answer.status, part), (304, b""))

        status, noted = guard.call("POST", f"alerts/{seq}/verdict", {"verdict": "false", "cause": "bird", "note": "<script>1</script>"})
        self.assertEqual(status, 200, noted)
        self.assertEqual(noted["verdict"]["by"], "gus")
        self.assertEqual(guard.call("POST", f"alerts/{seq}/hold", {"held": True})[0], 200)
        status, case = guard.call("POST", "cases", {"title": "11楼", "alerts": [seq]})
        self.assertEqual(status, 201)
        tag = guard.answer.headers["ETag"]
        self.assertEqual(guard.call("PATCH", f"cases/{case['id']}", {"note": "police called"}, {"If-Match": tag})[0], 200)
        self.assertEqual(guard.call("PATCH", f"cases/{case['id']}", {"note": "late"}, {"If-Match": tag})[0], 412)

        answer, data = guard.raw("GET", f"/api/v1/alerts/{seq}/export")
        self.assertEqual((answer.status, answer.headers["Content-Type"]), (200, "application/zip"))
        code, result = self.verify(data)
        self.assertEqual((code, result["ok"], result["files"]), (0, True, 3))
        self.assertTrue(self.verify(data, "--key", str(gate.state / "keys" / "anchor.pub"))[1]["key_given"])
        self.assertEqual(self.forged(data)[0], 1)
        self.assertFalse([f for f in gate.state.iterdir() if f.suffix == ".zip"])

        gate.stop()
        gate.start()  # what was said is still there
        kept = wait_until("the alerts are known", lambda: (a := gate.call("GET", f"alerts/{seq}"))[0] != 503 and a[1])
        self.assertEqual((kept["verdict"]["cause"], kept["held"], kept["case"]), ("bird", True, case["id"]))
        told = [e for e in gate.events("alert.") if e["data"]["alert"] == seq]
        self.assertEqual([e["type"] for e in told], ["alert.reviewed", "alert.held"])
        self.assertNotIn("script", json.dumps(gate.events()))
        acts = [e["data"]["act"] for e in gate.events("operator.act") if e["data"]["by"] == "gus"]
        self.assertEqual([a for a in acts if a != "session.begin"], ["evidence.view", "alert.export"])
        # evidence that somebody changed on the disk is not vouched for
        with open(gate.state / "evidence" / alert["files"][1]["name"], "ab") as still:
            still.write(b"x")
        status, problem = gate.call("GET", f"alerts/{seq}/export")
        self.assertEqual((status, problem["code"]), (409, "evidence-changed"))
        gate.verify()
        gate.stop()

    def forged(self, data):
        """The same zip with another still in it."""
        changed = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(changed, "w") as new:
            for name in old.namelist():
                new.writestr(name, old.read(name) + (b"x" if name.endswith(".jpg") else b""))
        return self.verify(changed.getvalue())


if __name__ == "__main__":
    harness.main()
