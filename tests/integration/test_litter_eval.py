"""litter_eval on a small manifest: throws found, clips that are broken, missing or of an odd size told and counted."""
import json
import pathlib
import subprocess
import tempfile
import unittest

import harness
from harness import BUILD, need

SCENE_MAKE, EVAL = BUILD / "tests" / "scene_make", BUILD / "bench" / "litter_eval"
THROW_S, SECONDS = 3, 8


class Evaluation(unittest.TestCase):
    def setUp(self):
        need(SCENE_MAKE.exists() and EVAL.exists(), "scene_make or litter_eval is not built")
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def draw(self, name, *things, size=(640, 360)):
        film = self.folder / name
        subprocess.run([str(SCENE_MAKE), "--seed", "3", "--width", str(size[0]), "--height", str(size[1]), "--fps",
                        "25", "--seconds", str(SECONDS), *things, "--out", str(film), "--truth",
                        str(film) + ".csv"], check=True, stdin=subprocess.DEVNULL)
        return film

    def evaluate(self, *lines, status=0):
        manifest = self.folder / "manifest.csv"
        manifest.write_text("path,roi,begin_s,end_s,x0,y0,x1,y1\n" + "\n".join(lines) + "\n")
        done = subprocess.run([str(EVAL), "--manifest", str(manifest), "--json"], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, check=False)
        self.assertEqual(done.returncode, status, done.stderr)
        return (json.loads(done.stdout.splitlines()[-1]) if done.stdout else None), done.stderr

    def test_throws_and_none(self):
        film = self.draw("throw.mp4", "--throw", f"{THROW_S},14,3,bottle")
        self.draw("calm.mp4", "--birds", "1", size=(402, 306))
        with open(str(film) + ".csv", encoding="ascii") as file:
            rows = [line.split(",") for line in file.read().splitlines()[1:]]
        boxes = [[float(v) for v in row[3:7]] for row in rows]
        frames = [int(row[2]) for row in rows]
        sights = [f"throw.mp4,,{n / 25:.3f},{n / 25:.3f},{x - w / 2},{y - h / 2},{x + w / 2},{y + h / 2}"
                  for n, (x, y, w, h) in zip(frames, boxes)]
        whole = (f'"throw.mp4",0:0;640:0;640:360;0:360,{frames[0] / 25},{frames[-1] / 25},{boxes[-1][0]},{boxes[-1][1]},'
                 f"{boxes[0][0]},{boxes[0][1]}")
        for truth in ([whole], sights):
            result, _ = self.evaluate(*truth, "calm.mp4,,,,,,,")
            self.assertEqual((result["throws"], result["event_recall"], result["event_precision"]), (1, 1, 1))
            self.assertEqual((result["alerts_on_negatives"], result["alerts_per_camera_hour"]), (0, 0))
            self.assertAlmostEqual(result["negative_hours"] * 3600, SECONDS, delta=0.1)
            self.assertLess(result["delay_s_p95"], 2.5)
            self.assertGreater(result["frame_f"], 0.3)
            self.assertGreater(result["time_range_overlap"], 0.5)
            self.assertGreater(result["ms_per_frame"], 0)
            self.assertIn("suspected_on_negatives", result)

    def test_a_throw_elsewhere_is_not_found(self):
        self.draw("throw.mp4", "--throw", f"{THROW_S},14,3,bottle")
        result, _ = self.evaluate("throw.mp4,,3,6,600,0,640,300")
        self.assertEqual((result["event_recall"], result["event_precision"]), (0, 0))
        result, _ = self.evaluate("throw.mp4,,0,0.3")
        self.assertEqual(result["event_recall"], 0)

    def test_broken_clips(self):
        film = self.draw("whole.mkv", "--throw", f"{THROW_S},14,3,bottle")
        data = film.read_bytes()
        (self.folder / "half.mkv").write_bytes(data[:len(data) // 2])
        (self.folder / "rubbish.mp4").write_bytes(bytes(range(256)) * 64)
        (self.folder / "empty.gif").write_bytes(b"")
        result, said = self.evaluate("whole.mkv,,3,6", "half.mkv", "rubbish.mp4", "empty.gif,,1,2", "missing.mp4,,1,2",
                                     "whole.mkv,,3.1,6.1", status=1)
        self.assertEqual((result["clips"], result["clips_failed"]), (5, 3))
        self.assertEqual((result["throws"], result["found"]), (4, 1))
        for name in ("rubbish.mp4", "empty.gif", "missing.mp4"):
            self.assertIn(name, said)

    def test_wrong_manifests(self):
        for line, word in (("a.mp4,1:1;2,1,2", "roi"), ("a.mp4,,x,2", "begin_s"), ("a.mp4,,3,2", "begin_s"),
                           ("a.mp4,,1,2,5,5,x,9", "x0"), (",,1,2", "expected"), ('"a.mp4,,1,2', "expected"),
                           ("a,,,,,,,,,", "expected"), ("# nothing", "no clip"), ("a.mp4,,,,1,1,2,2", "box")):
            _, said = self.evaluate(line, status=2)
            self.assertIn(word, said)
        done = subprocess.run([str(EVAL), "--manifest", str(self.folder / "none")], capture_output=True, text=True,
                              check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("none", done.stderr)


if __name__ == "__main__":
    harness.main()
