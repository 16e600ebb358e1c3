"""Cameras that fall silent, break and come back, and the evidence they leave: what the daemon makes of it."""
import contextlib
import json
import os
import random
import subprocess
import time
import unittest

from harness import BUILD, Gate, main, need, wait_until
from rtsp import H265, RtspCamera

SCENE_MAKE = BUILD / "tests" / "scene_make"
DAY_S = 24 * 3600


class CameraFaults(unittest.TestCase):
    def setUp(self):
        need(SCENE_MAKE.exists(), f"{SCENE_MAKE} is not built")
        self.gate = self.enterContext(Gate())

    def draw(self, name, seconds=3, width=640):
        film = self.gate.folder / name
        subprocess.run([str(SCENE_MAKE), "--seed", "3", "--width", str(width), "--height", str(width * 9 // 16), "--fps", "15",
                        "--seconds", str(seconds), "--out", str(film), "--truth", str(film.with_suffix(".csv"))], check=True,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        return film

    def camera(self, name):
        return next(c for c in self.gate.status()["cameras"] if c["name"] == name)

    def of(self, name):
        return lambda event: event["source"] == f"camera/{name}"

    def test_rtsp_stalls_drops_and_comes_back(self):
        gate = self.gate
        with RtspCamera(self.draw("live.h264"), 15) as live:
            gate.config["cameras"] = [{"name": "live", "role": "facade", "source": live.url}]
            gate.start()
            wait_until("the live camera", lambda: self.camera("live")["state"] == "live")
            live.stall()
            blind = gate.wait_event("camera.blind", where=self.of("live"))
            self.assertEqual(blind["data"]["cause"], "lost")
            lost = gate.wait_event("camera.lost", where=self.of("live"))
            self.assertNotIn("secret", lost["data"]["reason"])
            live.go_on()
            gate.wait_event("camera.restored", after=lost["seq"], where=self.of("live"))
            back = gate.wait_event("camera.sight_restored", after=blind["seq"], where=self.of("live"))
            self.assertGreaterEqual(back["data"]["seconds"], 2)
            live.drop()
            gate.wait_event("camera.lost", after=back["seq"], where=self.of("live"))
            wait_until("a new session", lambda: live.served >= 3)
            wait_until("the camera again", lambda: self.camera("live")["state"] == "live")
            sight = self.camera("live")["sight"]
            self.assertGreaterEqual(sight["seconds"]["lost"], 2)
            gate.stop()
            gate.config["cameras"][0]["source"] = "file:/nowhere"
            gate.start()  # what was blind today is known after a restart
            day = gate.wait_event("camera.blind_day", where=self.of("live"))["data"]
            self.assertFalse(day["complete"])
            self.assertGreaterEqual(day["seconds"]["lost"], sight["seconds"]["lost"])
            self.assertGreaterEqual(self.camera("live")["sight"]["seconds"]["lost"], day["seconds"]["lost"])
            gate.verify()

    def test_live_video_is_the_cameras_own_and_goes_on_over_a_lost_line(self):
        gate = self.gate
        with RtspCamera(self.draw("live.h264"), 15) as live, contextlib.closing(gate.connection()) as connection:
            left = {"privacy": [[[0, 0], [0.5, 0], [0.5, 1], [0, 1]]]}
            gate.config["cameras"] = [{"name": "live", "role": "facade", "source": live.url},
                                      {"name": "hidden", "role": "facade", "source": live.url, **left}]
            gate.start()
            for name in ("live", "hidden"):
                wait_until(f"camera {name}", lambda n=name: self.camera(n)["state"] == "live")
            connection.request("GET", "/api/v1/cameras/live/live.mp4")
            answer = connection.getresponse()
            self.assertEqual(answer.status, 200)
            self.assertRegex(answer.headers["Content-Type"], r'^video/mp4; codecs="avc1\.[0-9a-f]{6}"$')
            film = bytearray()

            def read(fragments):
                while film.count(b"moof") < fragments:
                    more = answer.read1(65536)
                    self.assertTrue(more, "the video ended")
                    film.extend(more)

            read(20)
            live.drop()  # the same camera comes back: the same run goes on
            read(60)
            (gate.folder / "live.mp4").write_bytes(film[:film.rindex(b"moof") - 4])
            probed = json.loads(subprocess.run(
                ["ffprobe", "-v", "error", "-count_frames", "-show_entries", "stream=codec_name,width,nb_read_frames", "-of", "json",
                 str(gate.folder / "live.mp4")], check=True, capture_output=True, text=True).stdout)["streams"][0]
            self.assertEqual((probed["codec_name"], probed["width"]), ("h264", 640))
            self.assertGreaterEqual(int(probed["nb_read_frames"]), 58)
            self.assertEqual(film.count(b"moov"), 1)
            # who hides windows shows pictures, with the windows hidden
            status, problem = gate.call("GET", "cameras/hidden/live.mp4")
            self.assertEqual((status, problem["code"]), (409, "no-video-masked"))
            self.assertEqual(gate.call("GET", "cameras/none/live.mp4")[0], 404)
            picture = self.first_picture("hidden")
            rows = [picture[y * 640:(y + 1) * 640] for y in range(4, 360, 16)]
            self.assertLess(max(max(row[:304]) for row in rows), 24)
            self.assertGreater(max(max(row[336:]) for row in rows), 60)
            self.assertEqual(len([e for e in gate.events("operator.act") if e["data"]["act"] == "camera.watch"]), 2)
            gate.stop()

    def test_live_camera_may_change_its_size_and_its_codec(self):
        gate = self.gate
        other = gate.folder / "other.hevc"
        subprocess.run(["ffmpeg", "-v", "error", "-i", str(self.draw("large.mp4")), "-c:v", "libx265", "-preset", "ultrafast",
                        "-x265-params", "log-level=none:keyint=15:bframes=0", str(other)], check=True, stdin=subprocess.DEVNULL)
        with RtspCamera(self.draw("live.h264"), 15) as live, RtspCamera(gate.folder / "live.h264", 15) as steady:
            windows = [[[0, 0], [0.5, 0], [0.5, 1], [0, 1]]]  # with windows to hide pictures come one by one
            gate.config["cameras"] = [{"name": "live", "role": "facade", "source": live.url, "privacy": windows},
                                      {"name": "steady", "role": "facade", "source": steady.url}]
            gate.start()
            for name in ("live", "steady"):
                wait_until(f"camera {name}", lambda n=name: self.camera(n)["state"] == "live")
            wait_until("its pictures", lambda: self.pixels("live") == 640 * 360)
            live.show(self.draw("small.h264", width=480))  # in the middle of the stream
            wait_until("the smaller pictures", lambda: self.pixels("live") == 480 * 270)
            live.show(other, H265)  # its settings were changed: it starts anew
            live.drop()
            gate.wait_event("camera.lost", where=self.of("live"))
            wait_until("the other codec", lambda: self.pixels("live") == 640 * 360)
            self.assertEqual(gate.events("litter.detected"), [])
            self.assertEqual([e for e in gate.events("camera.lost") if self.of("steady")(e)], [])
            gate.verify()
            gate.stop()

    def pixels(self, camera):
        """Of its next picture; none while it has none to show."""
        with contextlib.suppress(AssertionError):
            return len(self.first_picture(camera))
        return 0

    def first_picture(self, camera):
        """The luma of the first JPEG of a camera's motion JPEG."""
        with contextlib.closing(self.gate.connection()) as connection:
            connection.request("GET", f"/api/v1/cameras/{camera}/live.mjpeg")
            answer, heard = connection.getresponse(), b""
            while b"\xff\xd9" not in heard:
                more = answer.read1(65536)
                self.assertTrue(more, "the pictures ended")
                heard += more
        jpeg = heard[heard.index(b"\xff\xd8"):heard.index(b"\xff\xd9") + 2]
        return subprocess.run(["ffmpeg", "-v", "error", "-f", "mjpeg", "-i", "-", "-f", "rawvideo", "-pix_fmt", "gray", "-"], input=jpeg,
                              check=True, capture_output=True).stdout

    def test_damaged_films_and_missing_devices_leave_the_others_alone(self):
        gate, chance = self.gate, random.Random(1)
        good = self.draw("good.mp4")
        whole = good.read_bytes()
        films = {"good": f"file:{good}", "unplugged": "/dev/video99"}
        for number in range(3):
            broken = bytearray(whole)
            for _ in range(200 * (number + 1)):
                broken[chance.randrange(64, len(broken))] = chance.randrange(256)
            path = gate.folder / f"broken{number}.mp4"
            path.write_bytes(broken)
            films[f"broken{number}"] = f"file:{path}"
        (gate.folder / "cut.mp4").write_bytes(whole[:len(whole) // 2])
        films["cut"] = f"file:{gate.folder / 'cut.mp4'}"
        gate.config["cameras"] = [{"name": n, "role": "facade", "source": s} for n, s in films.items()]
        gate.start()
        gate.wait_event("camera.ended", where=self.of("good"))
        gate.wait_event("camera.lost", where=self.of("unplugged"))
        for name in films:
            wait_until(f"a word of {name}", lambda n=name: self.camera(n)["state"] in ("lost", "ended"))
        self.assertEqual(self.camera("good")["state"], "ended")
        self.assertEqual(self.camera("good")["sight"]["blind_s"], 0)
        self.assertIn("plugged in", self.camera("unplugged")["reason"])
        gate.stop()

    def test_evidence_goes_by_age_and_room_and_each_deletion_is_told(self):
        gate = self.gate
        folder = gate.state / "evidence"
        folder.mkdir(mode=0o700)
        now = time.time()

        def leave(name, age_days, length=1000):
            path = folder / name
            with open(path, "wb") as file:
                file.truncate(length)  # of holes
            os.utime(path, (now - age_days * DAY_S,) * 2)
            return path

        old = [leave(f"facade-1-0{end}", 31) for end in (".mp4", ".jpg", "-trajectory.jpg")]
        large = [leave(f"facade-{n}-0.mp4", 10 - n, 400_000_000) for n in (2, 3, 4)]
        left_over, stranger = leave(".facade-9-9.mp4.part", 2), leave("notes.txt", 900)
        gate.config["evidence"] = {"days": 30, "max_gb": 1}
        gate.start()
        wait_until("the old files to go", lambda: not any(path.exists() for path in [*old, large[0], left_over]))
        deleted = gate.events("evidence.deleted")
        self.assertEqual([(e["data"]["stem"], e["data"]["reason"], e["data"]["files"]) for e in deleted],
                         [("facade-1-0", "age", 3), ("facade-2-0", "space", 1)])
        self.assertTrue(large[1].exists() and large[2].exists() and stranger.exists())
        gate.verify()


if __name__ == "__main__":
    main()
