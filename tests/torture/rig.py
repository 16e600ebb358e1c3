"""What the cases of tools/torture share: the daemon under load, what must hold of it, and a disk that fails on command."""
import hashlib
import json
import mmap
import os
import pathlib
import re
import struct
import sys
import time
import types

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
import harness  # noqa: E402  (found by the line above)

DOORS_MS_MAX, READY_MS_MAX = 300, 1000
SHIMS = harness.BUILD / "tests"
NOBODY = types.SimpleNamespace(added=frozenset(), removed=frozenset(), shown={})


def is_quiet():
    """Times are judged only when nobody else uses the machine: less than half of it was busy in the last minute, or ours."""
    return os.getloadavg()[0] <= os.cpu_count()


class Gate(harness.Gate):
    """One whose daemon can be given an environment, and says how long it took."""

    def __init__(self, env=None, **changes):
        super().__init__(**changes)
        self.env = env
        for line in self.config["board"]["inputs"]:
            line["debounce_ms"] = 0  # a tap over the API is shorter than a finger's

    def launch(self):
        env = dict(os.environ, **self.env) if self.env else None
        self.process = harness.Process("gatehoused", [harness.GATEHOUSED, "--config", self.config_path], self.folder, env=env)
        return self.process

    def start(self, log_ready=True, text=None):
        super().start(log_ready, text)
        harness.wait_until("the API", self.status)  # the socket may be one that a killed daemon left behind
        return self

    def start_timed(self):
        """ms from the start of the process: doors under control (the daemon's own word), API and log (from outside)."""
        began = time.monotonic()
        self.start()
        ready_ms = (time.monotonic() - began) * 1000
        return float(re.search(r"doors under control after ([0-9.]+) ms", self.process.log)[1]), ready_ms

    def exit_works(self, limit_s=2.0):
        """The exit button releases the door; how long that took, in ms."""
        began = time.monotonic()
        self.tap("main-exit")
        harness.wait_until("the door to be released", lambda: self.door()["lock"] == "Unlocked", limit_s, 0.002)
        return (time.monotonic() - began) * 1000

    def exit_locks(self):
        harness.wait_until("the door to lock", lambda: self.door()["lock"] == "Locked", 10)

    def counts(self):
        """(descriptors, threads, kB of memory)"""
        folder = pathlib.Path(f"/proc/{self.process.child.pid}")
        rss = int(re.search(r"VmRSS:\s*(\d+)", (folder / "status").read_text())[1])
        return len(list((folder / "fd").iterdir())), len(list((folder / "task").iterdir())), rss

    def storage(self):
        return self.status()["storage"]["state"]


def broken(gate, load=NOBODY):
    """What does not hold of a log that is at rest; an empty list when all does."""
    wrong, log, added, removed = [], gate.events(), load.added, load.removed
    if [e["seq"] for e in log] != list(range(1, len(log) + 1)):
        wrong.append("seq has gaps")
    if len({e["id"] for e in log}) != len(log):
        wrong.append("an id twice")
    for kind, acknowledged in (("person.added", added), ("person.removed", removed)):
        told = [e["person"] for e in log if e["type"] == kind]
        if set(acknowledged) - set(told):
            wrong.append(f"{len(set(acknowledged) - set(told))} acknowledged {kind} lost")
        if len(told) != len(set(told)):
            wrong.append(f"{kind} twice")
    by_seq = {e["seq"]: e for e in log}
    if any(by_seq.get(seq) != event for seq, event in load.shown.items()):
        wrong.append("an event that was shown is lost or another")
    wrong += broken_evidence(gate, log)
    people = everybody(gate)
    if set(removed) & people:
        wrong.append("somebody erased came back")
    if {p for p in added if p not in removed} - people - {e["person"] for e in log if e["type"] == "person.removed"}:
        wrong.append("somebody acknowledged is not enrolled")
    if not gate.verify()["ok"]:
        wrong.append("the chain does not hold")
    return wrong


def broken_evidence(gate, log):
    """Each file that a throw's event names is there and is what the event says."""
    wrong = []
    for file in (file for e in log if e["type"].startswith("litter.") for file in e["data"]["evidence"]):
        path = gate.state / "evidence" / file["name"]
        if not path.exists():
            wrong.append("evidence is lost")
        elif hashlib.sha256(path.read_bytes()).hexdigest() != file["sha256"]:
            wrong.append("evidence is not what its event says")
    return wrong


def broken_orders(log, orders):
    """Each signed command that was answered is in the log, and none is there twice."""
    told = [e["data"]["command"] for e in log if e["type"] == "access.request" and "command" in e["data"]]
    wrong = [] if orders.answered <= set(told) else [f"{len(orders.answered - set(told))} answered commands lost"]
    return wrong + (["a command twice"] if len(told) != len(set(told)) else [])


def everybody(gate):
    found, after = set(), ""
    while True:
        page = gate.call("GET", "people?limit=1000" + (f"&after={after}" if after else ""))[1]
        found |= {p["id"] for p in page["people"]}
        after = page["next"]
        if not after:
            return found


def alarms(gate):
    return [e["type"] for e in gate.events() if e["severity"] == "alarm"]


def is_alarmed(gate, kind):
    """Soon: what is told now is in the log a commit later."""
    try:
        return harness.wait_until(kind, lambda: kind in alarms(gate))
    except AssertionError:
        return False


class Disk:
    """The five numbers of disk_shim.c."""

    FIELDS = ("calls", "from", "count", "error", "slow_us")

    def __init__(self, folder):
        self.path = pathlib.Path(folder) / "faults"
        self.path.write_bytes(bytes(8 * len(self.FIELDS)))
        self.file = open(self.path, "r+b")
        self.map = mmap.mmap(self.file.fileno(), 0)
        self.env = {"LD_PRELOAD": str(SHIMS / "disk_shim.so"), "GH_FAULTS": str(self.path)}

    def get(self, field):
        return struct.unpack_from("<q", self.map, 8 * self.FIELDS.index(field))[0]

    def set(self, field, value):
        struct.pack_into("<q", self.map, 8 * self.FIELDS.index(field), value)

    def fail(self, nth, count, error):
        """The n-th call from now, and @p count in all."""
        self.set("error", error)
        self.set("count", count)
        self.set("from", self.get("calls") + nth)

    def mend(self):
        self.set("from", 0)


def gate_on(disk_of=None, **changes):
    """A gate on a disk that fails on command."""
    gate = Gate(**changes)
    gate.disk = Disk(gate.folder)
    gate.env = gate.disk.env
    return gate


def dumps(row):
    return json.dumps(row, ensure_ascii=False)
