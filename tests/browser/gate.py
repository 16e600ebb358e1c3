"""
A whole gate for the browser's tests: daemon, broker, a facade camera that shows a throw when it is asked to, a card
reader, and users of each role. Prints one line of JSON when it is ready, and ends when its input does.

With --faces a camera at the door as well, before which the man of the demo's photos stands every 11 seconds, and one of
H.265 in the yard.

A test asks over plain HTTP (the "control" address): POST /throw lets something fall, POST /swipe holds a card of a
resident whom a guard must let in, POST /stop and /start end and begin the daemon.
"""
import contextlib
import http.server
import json
import pathlib
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
import harness  # noqa: E402
from harness import BUILD, SOURCE, Broker, Gate, free_port, wait_until  # noqa: E402
from rtsp import RtspCamera  # noqa: E402

FPS, THROW_S, FILM_S = 25, 5, 9
CARD = 159 << 16 | 12345
FACES = SOURCE / "models" / "demo"
PASSWORD = "correct horse"
USERS = {"gus": "guard", "mia": "manager", "ada": "admin"}


class Street(RtspCamera):
    """Nothing but the beginning of the film, over and over, until it is asked for all of it."""

    def __init__(self, film):
        super().__init__(film, FPS)
        keys = [i for i, picture in enumerate(self.pictures) if any(nal[0] & 31 == 5 for nal in picture)]
        self.calm = max(key for key in keys if key <= (THROW_S - 1) * FPS)
        self.wanted, self.at = False, -1

    def picture(self, number):
        self.at += 1
        if self.at == len(self.pictures) or (self.at == self.calm and not self.wanted):
            self.at, self.wanted = 0, False
        return self.pictures[self.at]


def draw(folder):
    film = folder / "facade.h264"
    subprocess.run([str(BUILD / "tests" / "scene_make"), "--seed", "7", "--width", "640", "--height", "360", "--fps", str(FPS),
                    "--seconds", str(FILM_S), "--throw", f"{THROW_S},11,3,bottle", "--out", str(film),
                    "--truth", str(film.with_suffix(".csv"))], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    return film, json.loads(film.with_suffix(".json").read_text())["calibration"]


def draw_face(folder):
    film = folder / "door.mp4"
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", "-t", "7", "-i", str(FACES / "franck.mp4"), "-filter_complex",
                    "color=gray:s=640x480:r=25:d=4,format=yuv420p,setsar=1[g];[0:v]fps=25,scale=-2:480,"
                    "pad=640:480:(ow-iw)/2:0:gray,setsar=1,format=yuv420p[a];[g][a]concat=n=2:v=1:a=0[v]",
                    "-map", "[v]", "-c:v", "libx264", "-preset", "ultrafast", "-g", "25", str(film)], check=True)
    return film


def draw_h265(folder):
    film = folder / "yard.mp4"
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc=s=320x180:r=5:d=4", "-c:v", "libx265",
                    "-preset", "ultrafast", "-g", "5", "-pix_fmt", "yuv420p", "-x265-params", "log-level=none", str(film)], check=True)
    return film


def configure(gate, broker, street, calibration):
    config = gate.config
    config["api"].update(listen=f"127.0.0.1:{free_port()}", console_dir=str(SOURCE / "console" / "dist"))
    config["mqtt"] = {"brokers": [f"127.0.0.1:{broker.port}"]}
    config["litter"] = {"pre_roll_s": 2, "post_roll_s": 1}
    config["board"]["inputs"] += [{"name": line, "debounce_ms": 0, "active": "low"} for line in ("in-d0", "in-d1")]
    config["readers"] = [{"name": "in", "door": "main", "d0": "in-d0", "d1": "in-d1"}]
    config["cameras"] = [{"name": "facade", "role": "facade", "source": street.url, "calibration": calibration}]


def populate(gate):
    for user, role in USERS.items():
        status, answer = gate.call("POST", "users", {"user": user, "role": role, "password": PASSWORD})
        assert status == 201, answer
    # markup in a name is a name
    person = gate.gatectl("person", "add", "王小明 <b>Wang</b>").strip()
    gate.gatectl("credential", "add", person, "card", CARD)
    status, answer = gate.call("PUT", "access/rules/card-with-guard", {"open": ["card"], "guard": True})
    assert status == 200, answer


class Control(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        gate, street = self.server.gate, self.server.street
        deed = self.path.strip("/")
        if deed == "throw":
            street.wanted = True
        elif deed == "swipe":
            gate.gatectl("board", "swipe", "in", CARD)
        elif deed == "stop":
            gate.stop()
        elif deed == "start":
            gate.start()
        self.send_response(204 if deed in ("throw", "swipe", "stop", "start") else 404)
        self.end_headers()

    def log_message(self, *_):
        pass


def main():
    faces = "--faces" in sys.argv
    if faces and not (FACES / "franck.mp4").exists():
        print(json.dumps({"skip": "the models are not there (tools/setup)"}), flush=True)
        return
    with contextlib.ExitStack() as stack:
        gate = stack.enter_context(Gate())
        broker = stack.enter_context(Broker(gate.folder, record=False)).start()
        film, calibration = draw(gate.folder)
        street = stack.enter_context(Street(film))
        configure(gate, broker, street, calibration)
        if faces:
            gate.config["face"] = {"repeat_ms": 5000}
            gate.config["cameras"].append({"name": "entrance", "role": "face", "door": "main", "loop": True,
                                           "source": f"file:{draw_face(gate.folder)}"})
            gate.config["cameras"].append({"name": "yard", "role": "facade", "loop": True, "source": f"file:{draw_h265(gate.folder)}"})
        gate.start()
        populate(gate)
        wait_until("the camera", lambda: gate.status()["cameras"][0]["state"] == "live")
        server = http.server.HTTPServer(("127.0.0.1", 0), Control)
        server.gate, server.street = gate, street
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(json.dumps({"photos": sorted(map(str, FACES.glob("franck_*.jpg")))[:4], "db": str(gate.state / "gate.db"),
                          "url": f"http://{gate.config['api']['listen']}", "gatectl": str(harness.GATECTL), "password": PASSWORD,
                          "control": f"http://127.0.0.1:{server.server_port}", "log": str(gate.process.log_path)}), flush=True)
        sys.stdin.read()
        server.shutdown()


if __name__ == "__main__":
    main()
