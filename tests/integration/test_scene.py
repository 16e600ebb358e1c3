"""A drawn building with one throw, birds and a leaf: one alert, from the right floor, with evidence."""
import hashlib
import json
import subprocess
import sys
import unittest

import harness
from harness import BUILD, Gate, need

SCENE_MAKE = BUILD / "tests" / "scene_make"
THROW_S, FLOOR, COLUMN = 6, 11, 3
FIRST_SIGHT_S = 1.0


class Scene(unittest.TestCase):
    def setUp(self):
        need(SCENE_MAKE.exists(), f"{SCENE_MAKE} is not built")
        self.gate = self.enterContext(Gate(litter={"pre_roll_s": 2, "post_roll_s": 1}))

    def draw(self, *things):
        film = self.gate.folder / "facade.mp4"
        subprocess.run([str(SCENE_MAKE), "--seed", "7", "--width", "1280", "--height", "720", "--fps", "25", "--seconds",
                        "12", *things, "--out", str(film), "--truth", str(film.with_suffix(".csv"))], check=True,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        facts = json.loads(film.with_suffix(".json").read_text())
        self.gate.config["cameras"] = [{"name": "facade", "role": "facade", "source": f"file:{film}",
                                        "calibration": facts["calibration"],
                                        "privacy": [[[0, 0], [0.05, 0], [0.05, 0.05], [0, 0.05]]]}]

    def watch(self):
        gate = self.gate
        gate.start()
        gate.wait_event("camera.ended", limit_s=2 * harness.LIMIT_S)  # played to its end
        gate.stop()  # waits for what is still looked at
        gate.config["cameras"] = []
        gate.start()
        return gate.events("litter.")

    def test_throw(self):
        self.draw("--throw", f"{THROW_S},{FLOOR},{COLUMN},bottle", "--birds", "3", "--leaves", "1")
        events = self.watch()
        self.assertEqual([e["type"] for e in events], ["litter.detected"], events)
        data = events[0]["data"]
        origin = data["origin"]
        print(f"first sight {data['first_sight_pts_ms']} ms, origin {origin}, score {data['score']}", file=sys.stderr)
        self.assertLess(abs(data["first_sight_pts_ms"] / 1000 - THROW_S), FIRST_SIGHT_S)
        self.assertLessEqual(abs(origin["floor_low"] - FLOOR), 1)
        self.assertLessEqual(abs(origin["floor_high"] - FLOOR), 1)
        self.assertEqual(len(data["evidence"]), 3)
        self.assertTrue(0 < data["clip_offset_ms"] <= data["first_sight_pts_ms"], "the pre-roll, and no more than there was")
        for file in data["evidence"]:
            self.assertEqual((self.gate.state / "evidence" / file["name"]).stat().st_size, file["bytes"])
        sealed = self.gate.state / "evidence" / data["sealed"]["name"]
        self.assertEqual(hashlib.sha256(sealed.read_bytes()).hexdigest(), data["sealed"]["sha256"])
        self.assertEqual(sealed.parent.stat().st_mode & 0o777, 0o700)
        for name in (data["sealed"]["name"], data["sealed"]["name"].replace("/", "%2f"), "sealed"):
            self.assertEqual(self.gate.call("GET", f"evidence/{name}")[0], 404, "nothing sealed is shown")

    def test_nothing_thrown(self):
        self.draw("--birds", "4", "--leaves", "2")
        self.assertEqual([e for e in self.watch() if e["type"] == "litter.detected"], [])


if __name__ == "__main__":
    harness.main()
