"""
Runs inside the User-Mode Linux kernel: the daemon with its state on an ext4 disk (/dev/ubda), changes without end over its
API, and each one that was acknowledged in a line of $GH_ACK, a file of the host. It is ended by pulling the plug.
"""
import fcntl
import http.client
import json
import os
import pathlib
import socket
import struct
import subprocess
import time

BUILD, DISK, RUN = pathlib.Path(os.environ["GH_BUILD_DIR"]), pathlib.Path("/run/disk"), pathlib.Path("/run/gatehouse")

RNDADDENTROPY = 0x40085203  # linux/random.h


class Connection(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(str(RUN / "api.sock"))

    def call(self, method, route, body=None):
        text = json.dumps(body) if body is not None else None
        self.request(method, "/api/v1/" + route, text, {"Content-Type": "application/json"} if text else {})
        answer = self.getresponse()
        raw = answer.read()
        return answer.status, json.loads(raw) if raw else None


def give_randomness():
    """This kernel has no source of its own that is fast enough: the host's, as a board's generator would give it."""
    with open("/dev/random", "wb") as pool:
        fcntl.ioctl(pool, RNDADDENTROPY, struct.pack("ii", 512, 64) + bytes.fromhex(os.environ["GH_SEED"]))


def main():
    give_randomness()
    DISK.mkdir()
    RUN.mkdir(mode=0o700)
    subprocess.run(["mount", "-t", "ext4", "/dev/ubda", str(DISK)], check=True)
    (DISK / "state").mkdir(mode=0o700, exist_ok=True)
    (RUN / "gatehouse.yaml").write_text(json.dumps({
        "version": 2, "site": "test-site", "gate": "test-gate", "state_dir": str(DISK / "state"), "models_dir": "/nowhere",
        "board": {"outputs": [{"name": "main-lock"}]}, "doors": [{"name": "main", "lock": "main-lock"}],
        "api": {"socket": str(RUN / "api.sock"), "listen": ""}}))
    with open(RUN / "log", "wb") as log:
        subprocess.Popen([str(BUILD / "gatehoused"), "--config", str(RUN / "gatehouse.yaml")], stdout=log, stderr=log)
    deadline = time.monotonic() + 60
    while True:
        try:
            connection = Connection("localhost")
            if connection.call("GET", "status")[1]["storage"]["last_seq"] > 0:
                break
        except (OSError, http.client.HTTPException):
            pass
        if time.monotonic() > deadline:
            raise SystemExit((RUN / "log").read_text())
        time.sleep(0.05)
    told = os.open(os.environ["GH_ACK"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    number = 0
    while True:
        status, person = connection.call("POST", "people", {"name": f"Person {number}"})
        lines = [("added", person["id"])] if status == 201 else []
        if lines and number % 3 == 0 and connection.call("DELETE", f"people/{person['id']}")[0] == 204:
            lines.append(("removed", person["id"]))
        for line in lines:
            os.write(told, " ".join(line).encode() + b"\n")
        os.fsync(told)
        number += 1


if __name__ == "__main__":
    main()
