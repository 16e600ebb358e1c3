"""
Runs inside the User-Mode Linux kernel: the daemon with its state on an ext4 disk (/dev/ubda), changes over its API, and each
one that was acknowledged in a line of $GH_ACK, a file of the host. Without $GH_CASE it goes on until somebody pulls the
plug; with "clock" the kernel's clock is set to and fro, with "readonly" the disk is turned read-only and back,
with "aborted" for good, as after an error, and it ends.
"""
import http.client
import json
import os
import pathlib
import socket
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "gpio"))
import seed  # noqa: E402  (found by the line above)

BUILD, DISK, RUN = pathlib.Path(os.environ["GH_BUILD_DIR"]), pathlib.Path("/run/disk"), pathlib.Path("/run/gatehouse")

ZONE = "Europe/Berlin"
CHANGES = (1806195598, 1824944398)  # two seconds before summer time begins (2027-03-28) and ends (2027-10-31)


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


def start_daemon():
    """(process, connection) once its log is there."""
    DISK.mkdir()
    RUN.mkdir(mode=0o700)
    subprocess.run(["mount", "-t", "ext4", "-o", "errors=remount-ro", "/dev/ubda", str(DISK)], check=True)
    (DISK / "state").mkdir(mode=0o700, exist_ok=True)
    (RUN / "gatehouse.yaml").write_text(json.dumps({
        "version": 1, "site": "test-site", "gate": "test-gate", "state_dir": str(DISK / "state"), "models_dir": "/nowhere",
        "board": {"outputs": [{"name": "main-lock"}], "inputs": [{"name": "main-exit", "debounce_ms": 0}]},
        "doors": [{"name": "main", "lock": "main-lock", "exit_button": "main-exit", "release_ms": 300}],
        "api": {"socket": str(RUN / "api.sock"), "listen": ""}}))
    with open(RUN / "log", "wb") as log:
        child = subprocess.Popen([str(BUILD / "gatehoused"), "--config", str(RUN / "gatehouse.yaml")], stdout=log, stderr=log,
                                 env=dict(os.environ, TZ=ZONE))
    deadline = time.monotonic() + 60
    while True:
        try:
            connection = Connection("localhost")
            if connection.call("GET", "status")[1]["storage"]["last_seq"] > 0:
                return child, connection
        except (OSError, http.client.HTTPException):
            pass
        if time.monotonic() > deadline:
            raise SystemExit((RUN / "log").read_text())
        time.sleep(0.05)


def act(connection, told, number):
    """Somebody comes, every third goes again; each answer is on the host's disk when this returns."""
    status, person = connection.call("POST", "people", {"name": f"Person {number}"})
    lines = [("added", person["id"])] if status == 201 else []
    if lines and number % 3 == 0 and connection.call("DELETE", f"people/{person['id']}")[0] == 204:
        lines.append(("removed", person["id"]))
    for line in lines:
        os.write(told, " ".join(line).encode() + b"\n")
    os.fsync(told)


def door(connection):
    return connection.call("GET", "doors")[1]["doors"][0]["lock"]


def wait_lock(connection, lock):
    deadline = time.monotonic() + 20
    while door(connection) != lock:
        if time.monotonic() > deadline:
            raise SystemExit(f"the door is not {lock}:\n{(RUN / 'log').read_text()}")
        time.sleep(0.01)


def steps():
    """Where the clock is set to, in seconds since 1970: an hour back, a day on, two years on, to just before each change of
    summer time, years back, and where it was."""
    now = time.time()
    return [now - 3600, now + 86400, now + 2 * 365 * 86400, *CHANGES, 1735700000, now]


def leave(connection):
    """Out by the button, and the door locks again."""
    connection.call("POST", "board/lines/main-exit", {"level": "active"})
    connection.call("POST", "board/lines/main-exit", {"level": "inactive"})
    wait_lock(connection, "Unlocked")
    wait_lock(connection, "Locked")  # after release_ms, whatever clock and disk say


def clock(connection, told):
    for number, to in enumerate(steps()):
        time.clock_settime(time.CLOCK_REALTIME, to)
        act(connection, told, number)
        leave(connection)
        if to in CHANGES:
            time.sleep(3)  # over the change


def wait_for(what, check):
    deadline = time.monotonic() + 30
    while not check():
        if time.monotonic() > deadline:
            raise SystemExit(f"not within 30 s: {what}\n{(RUN / 'log').read_text()}")
        time.sleep(0.05)


def is_read_only():
    return any(words[1] == str(DISK) and "ro" in words[3].split(",") for words in map(str.split, pathlib.Path("/proc/mounts").open()))


def readonly(connection, told):
    """The kernel turns the disk read-only under the open files, as it does on an error, and somebody turns it back."""
    def storage():
        return connection.call("GET", "status")[1]["storage"]["state"]

    for number in range(int(os.environ["GH_ROUNDS"])):
        act(connection, told, number)
        pathlib.Path("/proc/sysrq-trigger").write_text("u")
        wait_for("a read-only disk", is_read_only)
        leave(connection)
        wait_for("the alarm", lambda: storage() == "failed")
        leave(connection)
        status, answer = connection.call("POST", "doors/main/open")  # is not kept waiting for a disk
        if status != 200:
            raise SystemExit(f"the door was not opened: {status} {answer}")
        wait_lock(connection, "Locked")
        subprocess.run(["mount", "-o", "remount,rw", str(DISK)], check=True)
        wait_for("the log", lambda: storage() == "ok")
        act(connection, told, 1 + number)


def aborted(connection, told):
    """ext4 finds something wrong, which here is said to it, and the kernel lets nobody write until it is repaired."""
    for number in range(10):
        act(connection, told, number)
    pathlib.Path("/sys/fs/ext4/ubda/trigger_fs_error").write_text("said so")
    leave(connection)
    wait_for("the alarm", lambda: connection.call("GET", "status")[1]["storage"]["state"] == "failed")
    leave(connection)
    status, answer = connection.call("POST", "doors/main/open")
    if status != 200:
        raise SystemExit(f"the door was not opened: {status} {answer}")
    wait_lock(connection, "Locked")


def end(child):
    child.terminate()
    if child.wait(60) != 0 and os.environ["GH_CASE"] != "aborted":  # where what was not written could not be
        raise SystemExit(f"gatehoused ended with {child.returncode}:\n{(RUN / 'log').read_text()}")
    subprocess.run(["umount", str(DISK)], check=True)


def main():
    seed.give_randomness()
    child, connection = start_daemon()
    told = os.open(os.environ["GH_ACK"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    case = {"clock": clock, "readonly": readonly, "aborted": aborted}.get(os.environ.get("GH_CASE"))
    if case is not None:
        case(connection, told)
        end(child)
        return
    number = 0
    while True:
        act(connection, told, number)
        number += 1


if __name__ == "__main__":
    main()
