"""
Fifty residents, enrolled from one photo each, and fifty strangers come to the door of the real daemon.

The people are picked from a folder of photos by a fixed rule; GH_LFW_SEED picks others. Each shows another photo
than the enrolled one, swaying a little as a person does, on an otherwise grey picture; nobody is shown twice.
At least 47 residents get in as themselves and no stranger does; a resident taken for another resident is counted
and bounded by the configured rate.
"""
import calendar
import json
import os
import random
import re
import subprocess
import sys
import time
import unittest

import harness
from harness import BUILD, DATA, SOURCE, Gate, need, need_program

PEOPLE = DATA / "faces" / "lfw-dev"
SEED = int(os.environ.get("GH_LFW_SEED", "1"))
EACH, ENTER_MIN = 50, 47
CAMERAS = ("left", "middle", "right", "yard", "garage")
LEAD_S, GREY_S, FACE_S = 3.0, 1.8, 1.8  # grey for longer than a track outlives its face
SLOT_S = GREY_S + FACE_S


def pick():
    """[(name, photo to enrol, photo to show)], [(name, photo to show)]"""
    rng = random.Random(SEED)
    photos = {p.name: sorted(p.glob("*.jpg")) for p in sorted(PEOPLE.iterdir()) if p.is_dir()}
    residents = rng.sample([name for name in photos if len(photos[name]) >= 2], EACH)
    strangers = rng.sample([name for name in photos if name not in set(residents) and photos[name]], EACH)
    return [(n, photos[n][0], photos[n][1]) for n in residents], [(n, photos[n][0]) for n in strangers]


def film(folder, name, shows, lead_s):
    """One camera's film: grey, photo, grey, photo..."""
    grey, listed, path = folder / "grey.jpg", folder / f"{name}.txt", folder / f"{name}.mp4"
    if not grey.exists():
        subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "color=gray:s=250x250", "-pix_fmt", "yuvj420p", "-frames:v", "1",
                        str(grey)], check=True, stdin=subprocess.DEVNULL)
    parts = [(grey, lead_s)]
    for photo in shows:
        parts += [(grey, GREY_S), (photo, FACE_S)]
    parts += [(grey, GREY_S), (grey, 0.04)]
    listed.write_text("ffconcat version 1.0\n" + "".join(f"file '{p}'\nduration {s}\n" for p, s in parts))
    sway = "scale=520:520,crop=480:480:x='20+14*sin(n/4)':y='20+10*cos(n/5)'"
    subprocess.run(["ffmpeg", "-v", "error", "-xerror", "-f", "concat", "-safe", "0", "-i", str(listed), "-vf",
                    f"fps=25,{sway},pad=640:480:80:0:gray,setsar=1,format=yuv420p", "-c:v", "libx264", "-preset",
                    "veryfast", "-crf", "18", "-g", "25", str(path)], check=True, stdin=subprocess.DEVNULL)
    return path


def unix_s(event):
    whole, part = event["time"].rstrip("Z").split(".")
    return calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) + float("0." + part)


class Faces(unittest.TestCase):
    def setUp(self):
        need(PEOPLE.is_dir(), f"{PEOPLE} is not there")
        need((SOURCE / "models" / "fr_feature.onnx").exists(), "the face models are not there: run tools/fetch-models")
        need_program("ffmpeg")
        cache = (BUILD / "CMakeCache.txt").read_text()
        need(re.search(r"^GH_SANITIZE:STRING=$", cache, re.M), "an instrumented build does not keep up with real time")
        self.gate = self.enterContext(Gate(face={"repeat_ms": 10000}))
        self.gate.config["doors"][0].update(release_ms=500)

    def enrol(self, residents):
        """{person id: name}; who cannot be enrolled counts as a resident who does not get in"""
        gate, ids = self.gate, {}
        gate.start()
        gate.process.wait_log("face models are ready")
        for name, photo, _ in residents:
            person = gate.call("POST", "people", {"name": name})[1]["id"]
            ids[person] = name
            status, answer = gate.call("POST", f"people/{person}/faces", photo.read_bytes())
            if status != 201:
                print(f"not enrolled: {name}: {answer}", file=sys.stderr)
        gate.stop()
        return ids

    def play(self, shows):
        """{camera: what it shows, in order} -> [(name shown, event)]"""
        gate = self.gate
        # their people come in turn: seldom more than one face at a time
        leads = {c: LEAD_S + i * SLOT_S / len(CAMERAS) for i, c in enumerate(CAMERAS)}
        gate.config["cameras"] = [{"name": c, "role": "face", "door": "main", "source":
                                   f"file:{film(gate.folder, c, [p for _, p in shows[c]], leads[c])}"} for c in CAMERAS]
        gate.start()
        begins = {}
        for camera in CAMERAS:
            gate.process.wait_log(f"camera {camera}: live")
            clock = re.search(rf"(\d\d):(\d\d):(\d\d\.\d+) +vision camera {camera}: live", gate.process.log).groups()
            begins[camera] = int(clock[0]) * 3600 + int(clock[1]) * 60 + float(clock[2]) + leads[camera] + GREY_S
        length_s = LEAD_S + SLOT_S * (len(shows[CAMERAS[0]]) + 3)
        for camera in CAMERAS:
            gate.wait_event("camera.ended", limit_s=length_s + harness.LIMIT_S,
                            where=lambda e, c=camera: e["source"] == f"camera/{c}")
        seen = []
        for event in gate.events("access."):
            camera = event["data"].get("camera")
            if event["type"] in ("access.granted", "access.denied") and camera:
                slot = ((unix_s(event) - begins[camera]) % 86400) / SLOT_S
                self.assertLess(slot, len(shows[camera]), event)
                seen.append((shows[camera][int(slot)][0], event))
        return seen

    def test_fifty_and_fifty(self):
        residents, strangers = pick()
        ids = self.enrol(residents)
        order = [(n, show) for n, _, show in residents] + strangers
        random.Random(SEED).shuffle(order)
        seen = self.play({c: order[i::len(CAMERAS)] for i, c in enumerate(CAMERAS)})
        decided = {}
        for name, event in seen:
            decided.setdefault(name, []).append(event)
        entered, wrong = set(), []
        for name, event in seen:
            if event["type"] != "access.granted":
                continue
            if ids[event["person"]] == name:
                entered.add(name)
            else:
                wrong.append((name, ids[event["person"]], event["data"]))
        for name, _, _ in residents:
            if name not in entered:
                said = [{k: e["data"].get(k) for k in ("reason", "score", "threshold", "liveness", "good_frames")}
                        for e in decided.get(name, [])]
                print(f"stayed outside: {name}: {said or 'no decision'}", file=sys.stderr)
        refused = [n for n, _ in strangers if any(e["type"] == "access.denied" for e in decided.get(n, []))]
        spoofs = len(self.gate.events("face.spoof"))
        print(json.dumps({"seed": SEED, "residents": EACH, "entered": len(entered), "strangers": EACH,
                          "strangers_refused": len(refused), "wrong": len(wrong), "taken_for_pictures": spoofs}),
              file=sys.stderr)
        known = {name for name, _, _ in residents}
        self.assertEqual([w for w in wrong if w[0] not in known], [], "a stranger got in")
        # at the configured 1 % of effective false accepts, fifty passages may see half a one; measured: seeds 1, 2
        # and 3 saw 1, 0 and 0 residents taken for another
        self.assertLessEqual(len(wrong), 1, "more residents were taken for others than the configured rate allows")
        self.assertGreaterEqual(len(entered), ENTER_MIN)
        self.gate.stop()
        self.assertTrue(self.gate.verify()["ok"])


if __name__ == "__main__":
    harness.main()
