"""
Readers of the real daemon: cards, PINs, wrong tries, faults, devices that come and go.
"""
import json
import os
import pty
import tty
import unittest

import harness
from harness import Gate, wait_until

LINES = ["in-d0", "in-d1", "out-d0", "out-d1"]


def gate_with_readers(**changes):
    gate = Gate()
    gate.config["board"]["outputs"] += [{"name": "in-led"}, {"name": "in-buzzer"}]
    gate.config["board"]["inputs"] += [{"name": line, "debounce_ms": 0, "active": "low"} for line in LINES]
    gate.config["readers"] = [
        {"name": "in", "door": "main", "d0": "in-d0", "d1": "in-d1", "led": "in-led", "buzzer": "in-buzzer"},
        {"name": "out", "door": "main", "direction": "out", "d0": "out-d0", "d1": "out-d1", "format": "wiegand34",
         "keypad": False},
    ]
    gate.config.update(changes)
    return gate


def reader(gate, name="in"):
    return next(r for r in gate.call("GET", "readers")[1]["readers"] if r["name"] == name)


class Readings(unittest.TestCase):
    def test_a_strange_card_is_denied_once_with_its_reason(self):
        with gate_with_readers().start() as gate:
            gate.gatectl("board", "swipe", "in", 159 << 16 | 12345)
            denied = gate.wait_event("access.denied")
            self.assertEqual(denied["data"]["factor"], "card")
            self.assertEqual(denied["data"]["reason"], "CredentialNotFound")
            self.assertEqual(denied["data"]["reader"], "in")
            self.assertEqual(denied["source"], "door/main")
            self.assertEqual(gate.line("main-lock"), "inactive")
            gate.gatectl("board", "swipe", "out", 1)
            self.assertTrue(gate.wait_event("access.denied", after=denied["seq"])["data"]["leaving"])
            gate.stop()
            # neither number nor PIN stands anywhere
            self.assertNotIn(str(159 << 16 | 12345).encode(), (gate.state / "gate.db").read_bytes())

    def test_wrong_tries_lock_the_reader_out_also_over_a_restart(self):
        with gate_with_readers(lockout={"tries": 5, "seconds": 3600}).start() as gate:
            for number in range(1, 3):
                gate.gatectl("board", "swipe", "in", number)
            gate.gatectl("board", "type", "in", "12*9999#")
            gate.wait_event("access.wrong_try", where=lambda e: e["data"]["tries"] == 3)
            self.assertEqual(gate.events("access.denied")[-1]["data"]["factor"], "pin")
            gate.stop()
            gate.start()
            self.assertEqual(reader(gate)["wrong_tries"], 3)
            gate.gatectl("board", "type", "in", "11#")
            self.assertEqual(gate.events("access.wrong_tries"), [])
            gate.gatectl("board", "type", "in", "12345678901234567#")  # longer than any PIN: a try like another
            alarm = gate.wait_event("access.wrong_tries")
            self.assertEqual(alarm["severity"], "alarm")
            self.assertEqual(alarm["source"], "reader/in")
            self.assertEqual(alarm["data"]["tries"], 5)
            self.assertGreater(reader(gate)["locked_out_s"], 3590)
            self.assertEqual(reader(gate, "out")["locked_out_s"], 0)
            gate.stop()
            gate.start()
            self.assertGreater(reader(gate)["locked_out_s"], 3500)
            denials = len(gate.events("access.denied"))
            gate.gatectl("board", "swipe", "in", 1)
            refused = gate.wait_event("reader.refused")
            self.assertEqual(refused["data"]["reason"], "locked_out")
            gate.gatectl("board", "swipe", "in", 1)
            self.assertEqual(len(gate.events("access.denied")), denials)
            self.assertEqual(len(gate.events("reader.refused")), 1)  # the second is counted, not told
            # the other reader of the door and the way out are not
            gate.gatectl("board", "swipe", "out", 1)
            wait_until("a denial at the other reader", lambda: len(gate.events("access.denied")) == denials + 1)
            gate.press("main-exit")
            wait_until("the exit button to open", lambda: gate.line("main-lock") == "active")

    def test_light_and_buzzer_tell_a_denial_and_end(self):
        with gate_with_readers().start() as gate:
            seen = []

            def silent_again():
                seen.append(gate.line("in-buzzer"))
                return "active" in seen and seen[-1] == "inactive" and reader(gate)["wrong_tries"] == 1

            gate.call("POST", "board/readers/in/swipe", {"code": "7"})
            wait_until("the buzzer to sound and end", silent_again, every_s=0.005)
            self.assertEqual(gate.line("in-led"), "inactive")

    def test_at_night_it_is_light_alone(self):
        with gate_with_readers(sounds={"quiet": ["daily 00:00-24:00"]}).start() as gate:
            seen = []

            def dark_again():
                seen.append((gate.line("in-led"), gate.line("in-buzzer")))
                return ("active", "inactive") in seen and seen[-1][0] == "inactive"

            person = gate.gatectl("person", "add", "Li").split()[-1]
            gate.gatectl("credential", "add", person, "card", "7")
            gate.call("POST", "board/readers/in/swipe", {"code": "7"})
            wait_until("the light to come and go", dark_again, every_s=0.005)
            self.assertNotIn("active", [buzzer for _, buzzer in seen])

    def test_what_no_reader_could_send_is_refused(self):
        with gate_with_readers().start() as gate:
            for words, says in ((("swipe", "none", "1"), "no such reader"), (("swipe", "in", "x1"), "decimal"),
                                (("swipe", "in", str(1 << 24)), "no card"), (("type", "out", "1#"), "no keypad"),
                                (("type", "in", "12a"), "0 to 9")):
                done = gate.gatectl_run("board", *words)
                self.assertEqual(done.returncode, 1, words)
                self.assertIn(says, done.stderr)
            self.assertEqual(gate.events("access."), [])

    def test_a_stuck_a_cut_and_a_noisy_line_are_told_and_doors_work_on(self):
        with gate_with_readers().start() as gate:
            gate.press("in-d0")
            fault = gate.wait_event("reader.fault")
            self.assertEqual(fault["severity"], "alarm")
            self.assertIn("D0", fault["data"]["reason"])
            self.assertEqual(reader(gate)["fault"], "stuck")
            self.assertEqual(gate.gatectl_run("board", "swipe", "in", 1).returncode, 1)
            # one pulse is no burst: noise, told once, then counted
            self.assertEqual(gate.wait_event("reader.misread")["data"]["reason"], "noise")
            gate.release("in-d0")
            gate.wait_event("reader.restored", after=fault["seq"])
            gate.gatectl("board", "cut", "in-d1")
            fault = gate.wait_event("reader.fault", after=fault["seq"])
            self.assertIn("D1 cannot be read", fault["data"]["reason"])
            gate.gatectl("board", "swipe", "out", 5)
            gate.wait_event("access.denied")
            for _ in range(50):
                gate.tap("out-d0")
            self.assertEqual(reader(gate, "out")["fault"], "")
            gate.press("main-exit")
            wait_until("the exit button to open", lambda: gate.line("main-lock") == "active")
            gate.release("in-d1")
            gate.wait_event("reader.restored", after=fault["seq"])
            self.assertIn("wiegand", gate.gatectl("reader", "list"))


class Devices(unittest.TestCase):
    def plug(self, gate):
        far, near = pty.openpty()
        tty.setraw(near)
        link = gate.folder / "reader"
        link.unlink(missing_ok=True)
        link.symlink_to(os.ttyname(near))
        os.close(near)
        return far

    def test_a_serial_reader_may_be_unplugged_and_plugged_again(self):
        gate = gate_with_readers()
        gate.config["readers"].append({"name": "qr", "door": "main", "kind": "serial",
                                       "device": str(gate.folder / "reader"), "baud": 115200})
        with gate:
            gate.start()
            lost = gate.wait_event("reader.lost")
            self.assertEqual(lost["source"], "reader/qr")
            far = self.plug(gate)
            restored = gate.wait_event("reader.restored", after=lost["seq"])
            os.write(far, b"\x020000004711\r\n\x03")
            denied = gate.wait_event("access.denied")
            self.assertEqual(denied["data"]["factor"], "card")
            os.write(far, b"x" * 600 + b"\n")
            self.assertEqual(gate.wait_event("reader.misread")["data"]["reason"], "unfit_text")
            os.write(far, b"GH1.visitor-token\r")
            gate.wait_event("access.denied", after=denied["seq"], where=lambda e: e["data"]["factor"] in ("qr", "pass"))
            os.close(far)
            lost = gate.wait_event("reader.lost", after=restored["seq"])
            far = self.plug(gate)
            gate.wait_event("reader.restored", after=lost["seq"])
            os.write(far, b"4711\n")
            gate.wait_event("access.denied", after=lost["seq"])
            os.close(far)


class BadConfig(unittest.TestCase):
    def test_a_reader_that_cannot_be_names_itself(self):
        gate = gate_with_readers()
        gate.config["readers"][0]["d1"] = "main-contact"
        with gate:
            gate.write_config(json.dumps(gate.config))
            gate.launch()
            gate.process.child.wait(harness.LIMIT_S)
            self.assertEqual(gate.process.child.returncode, harness.EXIT_CONFIG)
            self.assertIn("readers[0].d1", gate.process.log)


if __name__ == "__main__":
    harness.main()
