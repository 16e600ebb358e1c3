"""Doors as the site wires them: interlock, lockdown, fire that stays, tamper, sounds, and what outlives a restart."""
import unittest

import harness
from harness import EXIT_CONFIG, Gate, wait_until


def names(*words):
    return [{"name": word, "debounce_ms": 0} for word in words]


class Doors(unittest.TestCase):
    def setUp(self):
        self.gate = self.enterContext(Gate())
        self.gate.config.update(
            board={"driver": "sim", "outputs": [{"name": n} for n in ("a-lock", "b-lock", "a-bolt", "a-buzzer", "a-light", "siren")],
                   "inputs": names("a-contact", "a-exit", "b-contact", "b-exit", "fire", "fire-key", "case")},
            doors=[{"name": "a", "lock": "a-lock", "contact": "a-contact", "exit_button": "a-exit", "double_lock": "a-bolt",
                    "buzzer": "a-buzzer", "light": "a-light", "interlock": "trap", "kind": "mantrap", "release_ms": 600000},
                   {"name": "b", "lock": "b-lock", "contact": "b-contact", "exit_button": "b-exit", "interlock": "trap",
                    "kind": "mantrap", "fail": "safe", "release_ms": 600000}],
            fire_input="fire", fire_reset="fire-key", tamper_input="case", tamper_refuse_s=3600, sounds={"siren": "siren"})

    def mode(self, name):
        return self.gate.door(name)["mode"]

    def refused(self, words, *command):
        done = self.gate.gatectl_run(*command)
        self.assertEqual(done.returncode, 1, done)
        self.assertIn(words, done.stderr)

    def test_interlock(self):
        gate = self.gate.start()
        gate.gatectl("door", "open", "a")
        self.assertEqual(gate.line("a-lock"), "active")
        self.refused("Interlock", "door", "open", "b")
        self.assertEqual(gate.wait_event("access.denied")["data"]["reason"], "Interlock")
        self.assertEqual(gate.line("b-lock"), "active")  # fail-safe: energised is locked
        gate.press("a-contact")
        gate.release("a-contact")  # through, and closed again: locked at once
        wait_until("door a locked", lambda: self.mode("a") == "Locked")
        gate.gatectl("board", "cut", "a-contact")  # what cannot be read counts as open
        self.refused("Interlock", "door", "open", "b")
        gate.press("b-exit")  # the way out never waits for another door
        wait_until("door b released", lambda: gate.line("b-lock") == "inactive")

    def test_lockdown_and_evacuation(self):
        gate = self.gate.start()
        gate.gatectl("lockdown", "on")
        self.assertEqual({self.mode("a"), self.mode("b")}, {"LockedDown"})
        self.refused("Unauthorized", "door", "open", "a")
        gate.gatectl("evacuate", "on")  # life safety beats security
        self.assertEqual({self.mode("a"), self.mode("b")}, {"LockedOpen"})
        self.refused("could not follow", "lockdown", "on")
        self.assertEqual((gate.line("a-lock"), gate.line("b-lock")), ("active", "inactive"))
        gate.gatectl("evacuate", "off")
        self.assertEqual({self.mode("a"), self.mode("b")}, {"Locked"})
        self.assertEqual(gate.gatectl_run("lockdown", "maybe").returncode, 2)

    def test_fire_stays_until_reset_on_site(self):
        gate = self.gate.start()
        gate.gatectl("door", "mode", "a", "Blocked")
        gate.press("fire")
        wait_until("both doors open", lambda: (gate.line("a-lock"), gate.line("b-lock")) == ("active", "inactive"))
        self.assertEqual(gate.line("siren"), "active")
        self.refused("fire", "door", "mode", "a", "Locked")
        self.refused("still calls", "fire-reset")
        gate.release("fire")  # a panel that falls silent shuts nobody in
        gate.kill()
        gate.start()
        self.assertEqual((self.mode("a"), gate.line("a-lock"), gate.line("b-lock")), ("LockedOpen", "active", "inactive"))
        gate.gatectl("board", "cut", "fire")
        gate.wait_event("fire.fault")
        self.refused("cannot be read", "fire-reset")
        gate.release("fire")
        gate.press("fire-key")
        self.assertEqual(gate.wait_event("fire.reset")["data"]["by"], "switch")
        self.assertEqual((self.mode("a"), self.mode("b")), ("Blocked", "Locked"))
        wait_until("silence", lambda: gate.line("siren") == "inactive")
        self.refused("no fire", "fire-reset")

    def test_modes_outlive_a_restart_and_grants_do_not(self):
        gate = self.gate.start()
        gate.gatectl("door", "mode", "a", "DoubleLocked")
        self.assertEqual(gate.line("a-bolt"), "active")
        gate.gatectl("door", "open", "b")
        self.assertEqual(gate.line("b-lock"), "inactive")
        wait_until("the mode on disk", lambda: "a DoubleLocked" in (gate.state / "doors").read_text())
        for end in (gate.kill, gate.stop):
            end()
            gate.start()
            self.assertEqual((self.mode("a"), gate.line("a-bolt"), gate.line("a-lock")), ("DoubleLocked", "active", "inactive"))
            self.assertEqual((self.mode("b"), gate.line("b-lock")), ("Locked", "active"))
        gate.gatectl("door", "mode", "b", "Unlocked")
        gate.stop()
        gate.start()
        self.assertEqual((self.mode("b"), gate.line("b-lock")), ("Unlocked", "inactive"))

    def test_tamper(self):
        self.gate.config["board"]["inputs"].append({"name": "a-tamper"})
        self.gate.config["doors"][0]["tamper"] = "a-tamper"
        gate = self.gate.start()
        for line in ("a-tamper", "case"):  # nothing else moves meanwhile
            gate.press(line)
            wait_until("the siren", lambda: gate.line("siren") == "active")
            gate.release(line)
            wait_until("silence", lambda: gate.line("siren") == "inactive")
        gate.press("case")
        gate.wait_event("tamper.alarm")
        wait_until("the siren", lambda: gate.line("siren") == "active")
        self.refused("another credential", "door", "open", "a")
        gate.press("a-exit")
        wait_until("the way out", lambda: gate.line("a-lock") == "active")
        gate.release("case")
        gate.wait_event("tamper.cleared")
        wait_until("silence", lambda: gate.line("siren") == "inactive")

    def test_sounds(self):
        gate = self.gate.start()
        gate.press("a-contact")  # forced
        wait_until("the buzzer", lambda: gate.line("a-buzzer") == "active" and gate.line("siren") == "active")
        gate.release("a-contact")
        wait_until("silence", lambda: gate.line("a-buzzer") == "inactive" and gate.line("siren") == "inactive")
        gate.gatectl("door", "open", "a")
        self.assertEqual(gate.line("a-light"), "active")

    def test_tailgating(self):
        self.gate.config["doors"][0]["relock_delay_ms"] = 10000
        gate = self.gate.start()
        gate.gatectl("door", "open", "a")
        for _ in range(2):
            gate.press("a-contact")
            gate.release("a-contact")
        gate.wait_event("access.tailgating")
        self.assertEqual(len(gate.events("access.taken")), 1)

    def test_wrong_wiring_is_refused(self):
        doors = self.gate.config["doors"]
        for change, words in (({"buzzer": "b-lock"}, "is the buzzer of door"), ({"interlock": "alone"}, "no other door"),
                              ({"interlock": ""}, "mantrap"), ({"kind": "portcullis"}, "mantrap"), ({"tamper": "fire"}, "already"),
                              ({"held_open_ms": 7200000}, "3600000")):
            kept = dict(doors[0])
            doors[0].update(change)
            self.gate.write_config()
            process = self.gate.launch()
            self.assertEqual(process.child.wait(harness.LIMIT_S), EXIT_CONFIG, change)
            self.assertIn(words, process.log)
            doors[0] = kept


class Hours(unittest.TestCase):
    """A door that stands unlocked by a schedule."""

    def setUp(self):
        self.gate = self.enterContext(Gate())
        self.gate.config["board"]["inputs"] += names("d0", "d1")
        self.gate.config["board"]["inputs"][0]["debounce_ms"] = 0
        self.gate.config["board"]["outputs"].append({"name": "side-lock"})
        self.gate.config["doors"].append({"name": "side", "lock": "side-lock"})
        self.gate.config["readers"] = [{"name": "main-in", "door": "main", "d0": "d0", "d1": "d1"}]
        self.gate.start()

    def mode(self):
        return self.gate.door("main")["mode"]

    def hours(self, week, *more):
        self.gate.gatectl("schedule", "add", "hours", week)
        self.gate.gatectl("opening", "add", "main", "schedule=hours", *more)

    def test_begin_end_and_what_a_person_orders(self):
        self.hours("daily 00:00-24:00")
        event = self.gate.wait_event("door.scheduled")
        self.assertEqual((event["data"]["mode"], event["data"]["schedule"]), ("Unlocked", "hours"))
        for end in (self.gate.kill, self.gate.stop):  # a restart within them changes nothing
            end()
            self.gate.start()
            self.assertEqual(self.mode(), "Unlocked")
        self.gate.gatectl("door", "mode", "main", "Locked")
        self.gate.stop()
        self.gate.start()
        self.assertEqual(self.mode(), "Locked")
        self.gate.gatectl("door", "mode", "main", "Unlocked")
        self.gate.gatectl("schedule", "add", "hours")  # never open from now on
        wait_until("their end", lambda: self.mode() == "Locked")
        self.assertEqual(self.gate.gatectl_run("schedule", "remove", "hours").returncode, 1)
        self.gate.gatectl("opening", "remove", "main")
        self.gate.gatectl("schedule", "remove", "hours")

    def test_they_end_while_the_gate_is_off(self):
        self.hours("daily 00:00-24:00")
        self.gate.wait_event("door.scheduled")
        self.gate.gatectl("opening", "remove", "main")
        self.gate.kill()
        self.gate.start()
        wait_until("locked", lambda: self.mode() == "Locked")
        self.gate.gatectl("door", "mode", "main", "Unlocked")  # no hours: what a person ordered stays
        self.gate.stop()
        self.gate.start()
        self.gate.wait_event("system.started")
        self.assertEqual(self.mode(), "Unlocked")

    def test_lockdown_is_stronger(self):
        self.gate.gatectl("door", "mode", "main", "LockedDown")
        self.hours("daily 00:00-24:00")
        self.gate.gatectl("opening", "add", "side", "schedule=hours")
        self.assertEqual(self.gate.wait_event("door.scheduled")["data"]["name"], "side")
        self.assertEqual(self.mode(), "LockedDown")

    def test_the_first_person_in(self):
        self.hours("daily 00:00-24:00", "first_person=yes")
        person = self.gate.gatectl("person", "add", "Li").split()[-1]
        self.gate.gatectl("credential", "add", person, "card", "4711")
        self.gate.gatectl("door", "open", "main")  # a guard's is not the first person's
        self.gate.tap("main-contact")
        wait_until("locked again", lambda: self.mode() == "Locked")
        self.gate.gatectl("board", "swipe", "main-in", "4711")
        self.assertEqual(self.gate.wait_event("door.scheduled")["person"], person)
        self.assertEqual(self.mode(), "Unlocked")


class ByGatectlAlone(unittest.TestCase):
    """Two doors, an interlock, a schedule, a visitor's pass, and why a door stayed shut: no file is written by hand."""

    def test_a_gate_of_two_doors(self):
        gate = self.enterContext(Gate())
        made = gate.gatectl("config", "new", "riverside", "north", "doors=main,side,porch", "interlock=main,side")
        gate.start(text=f'{made}state_dir: {gate.state}\napi:\n  socket: {gate.socket}\n  listen: ""\n')
        self.assertEqual([d["name"] for d in gate.status()["doors"]], ["main", "side", "porch"])
        gate.gatectl("schedule", "add", "office", "mon-fri 08:00-18:00")
        gate.gatectl("opening", "add", "porch", "schedule=office")
        refused = gate.gatectl_run("opening", "add", "main", "schedule=office")
        self.assertIn("interlock", refused.stderr)
        gate.gatectl("rule", "add", "staff", "open=card", "doors=main", "schedule=office")
        self.assertTrue(gate.gatectl("pass", "create", "Ms Wu", "to=2099-01-01T00:00Z", "doors=side", "uses=2"))
        gate.gatectl("door", "open", "side")
        refused = gate.gatectl_run("door", "open", "main")
        self.assertIn("Interlock", refused.stderr)
        denied = gate.wait_event("access.denied")
        said = gate.gatectl("explain", str(denied["seq"]))
        self.assertIn("Interlock", said)
        self.assertIn("side", said)
        for words in (["riverside", "north", "doors=main,main"], ["Riverside", "north", "doors=main"], ["a", "b"],
                      ["a", "b", "doors=main", "interlock=main,side"], ["a", "b", "doors=main,side", "interlock=side"],
                      ["a", "b", "doors=main,", "interlock="]):
            self.assertEqual(gate.gatectl_run("config", "new", *words).returncode, 2, words)


if __name__ == "__main__":
    harness.main()
