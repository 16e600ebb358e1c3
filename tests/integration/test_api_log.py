"""The log as managers ask for it: filters, pages, files, the chain, the month; and figures for the operator."""
import csv
import io
import json
import re
import time
import unittest

import harness
from harness import Gate, free_port, wait_until


class Log(unittest.TestCase):
    def setUp(self):
        self.gate = self.enterContext(Gate())
        self.gate.config["api"]["listen"] = f"127.0.0.1:{free_port()}"

    def pages(self, session, query):
        """Every event of a question, following next."""
        found, before, turns = [], 0, 0
        while True:
            status, page = session.call("GET", f"events?{query}" + (f"&before={before}" if before else ""))
            self.assertEqual(status, 200, page)
            found += page["events"]
            before, turns = page["next"], turns + 1
            if before is None:
                return found
            self.assertLess(turns, 1000)

    def test_questions(self):
        gate = self.gate.start()
        manager = gate.console("mia", "manager")
        guard = gate.console("gus", "guard")
        person = manager.call("POST", "people", {"name": "Anna"})[1]["id"]
        for mode in ("Blocked", "Locked"):
            self.assertEqual(guard.call("POST", "doors/main/mode", {"mode": mode})[0], 200)
        self.assertEqual(guard.call("POST", "doors/main/open")[0], 200)
        gate.wait_event("access.granted")
        whole = gate.events()
        self.assertEqual([e["seq"] for e in self.pages(manager, "limit=3")], list(range(gate.last_seq(), 0, -1)))
        self.assertEqual({e["person"] for e in self.pages(manager, f"person={person}")}, {person})
        self.assertTrue(self.pages(manager, "door=main"))
        self.assertEqual({e["source"] for e in self.pages(manager, "door=main&limit=1")}, {"door/main"})
        self.assertEqual({e["type"] for e in self.pages(manager, "result=granted")}, {"access.granted"})
        self.assertEqual(self.pages(manager, "result=denied"), [])
        self.assertTrue(all("Blocked" in json.dumps(e) for e in self.pages(manager, "text=BLOCKED&limit=2")))
        self.assertTrue(self.pages(manager, "text=BLOCKED&limit=2"))
        self.assertTrue(self.pages(manager, "text=session.begin"))
        self.assertEqual(self.pages(guard, "text=session.begin"), [])
        self.assertEqual(self.pages(manager, "from=2100-01-01"), [])
        self.assertEqual(self.pages(manager, "to=2001-01-01"), [])
        self.assertGreaterEqual(len(self.pages(manager, "from=2001-01-01&to=2100-01-01")), len(whole))
        self.assertEqual({e["severity"] for e in self.pages(manager, "severity=alarm")} - {"alarm"}, set())

        answer, data = manager.raw("GET", "/api/v1/events/export?format=csv")
        rows = list(csv.reader(io.StringIO(data.decode())))
        self.assertEqual(rows[0][0], "seq")
        self.assertEqual([int(r[0]) for r in rows[1:]], list(range(1, len(rows))))
        answer, data = manager.raw("GET", "/api/v1/events/export?format=jsonl&type=access.")
        self.assertTrue(all(json.loads(line)["type"].startswith("access.") for line in data.splitlines()))
        self.assertEqual(guard.call("GET", "events/export?format=csv")[0], 403)
        self.assertTrue(manager.call("POST", "audit/verify")[1]["ok"])
        self.assertFalse(manager.call("GET", "audit/verify")[1]["running"])
        gate.stop()

    def test_two_people_at_one_person(self):
        gate = self.gate.start()
        one, two = gate.console("mia", "manager"), gate.console("max", "manager")
        person = one.call("POST", "people", {"name": "Anna"})[1]["id"]
        self.assertEqual(two.call("GET", f"people/{person}")[0], 200)
        tag = two.answer.headers["ETag"]
        self.assertEqual(one.call("PUT", f"people/{person}", {"name": "Anne"}, {"If-Match": tag})[0], 200)
        status, problem = two.call("PUT", f"people/{person}", {"name": "Ann"}, {"If-Match": tag})
        self.assertEqual((status, problem["code"]), (412, "changed"))
        self.assertEqual(two.call("DELETE", f"people/{person}", None, {"If-Match": tag})[0], 412)
        self.assertEqual(one.call("GET", f"people/{person}")[1]["name"], "Anne")
        self.assertEqual(two.call("PUT", "people/01ARYZ6S41TSV4RRFFQ69G5FAV", {"name": "x"}, {"If-Match": tag})[0], 404)
        admin = gate.console("ada", "admin")
        self.assertEqual(one.call("PUT", "access/groups/staff", {"title": "Staff"})[0], 200)
        for path, change, other in (("access/groups/staff", ("PUT", {"title": "A"}), ("PUT", {"title": "B"})),
                                    ("users/max", ("PATCH", {"role": "guard"}), ("PATCH", {"disabled": True}))):
            self.assertEqual(admin.call("GET", path)[0], 200)
            tag = {"If-Match": admin.answer.headers["ETag"]}
            self.assertEqual(admin.call(change[0], path, change[1], tag)[0], 200)
            self.assertEqual(admin.call(other[0], path, other[1], tag)[0], 412, path)
            self.assertNotIn("B", json.dumps(admin.call("GET", path)[1]))
        self.assertFalse(admin.call("GET", "users/max")[1]["disabled"])
        self.assertEqual(admin.call("GET", "users/nobody")[0], 404)
        gate.stop()

    def test_people_by_the_file(self):
        gate = self.gate.start()
        manager = gate.console("mia", "manager")

        def load(text, query=""):
            answer, raw = manager.raw("POST", "/api/v1/people/import" + query, text.encode(), {"Content-Type": "text/csv"})
            self.assertEqual(answer.status, 200, raw)
            return json.loads(raw)

        wrong = load('name,valid_to\r\nAnna,\r\n,2027-01-01\r\n"Li, Lei",tomorrow\r\n"open', "?dry_run=1")
        self.assertEqual([e["line"] for e in wrong["errors"]], [3, 4, 5])
        self.assertEqual(load("name,shoe\nAnna,42\n")["errors"][0]["line"], 1)
        self.assertEqual(load("")["error_count"], 1)
        self.assertEqual(load("name\nAnna\n" + "x" * 3000 + "\n")["added"], 0)
        rows = "\ufeffname,valid_to\r\n" + "".join(f'"Resident ""{n}""",2099-01-01\r\n' for n in range(300)) + "李雷,\r\n=cmd,\r\n"
        self.assertEqual(load(rows, "?dry_run=1")["people"], 302)
        self.assertEqual(manager.call("GET", "people")[1]["people"], [])
        self.assertEqual((done := load(rows))["added"], 302, done)
        answer, text = manager.raw("GET", "/api/v1/people/export")
        table = list(csv.reader(io.StringIO(text.decode())))
        self.assertEqual(len(table), 303)
        self.assertEqual({row[1] for row in table[1:]}, {f'Resident "{n}"' for n in range(300)} | {"李雷", "'=cmd"})
        self.assertEqual(manager.call("POST", "people/import?dry_run=yes", b"name\n")[0], 400)
        gate.verify()
        gate.stop()

    def test_consent_and_erasure(self):
        gate = self.gate.start()
        manager = gate.console("mia", "manager")
        person = manager.call("POST", "people", {"name": "Anna"})[1]["id"]
        route = f"people/{person}/consent"
        self.assertFalse(manager.call("GET", route)[1]["given"])
        self.assertTrue(manager.call("POST", route, {"version": "2026-11 zh", "given": True})[1]["given"])
        self.assertFalse(manager.call("POST", route, {"version": "2026-11 zh", "given": False})[1]["given"])
        for wrong in ({}, {"version": "", "given": True}, {"version": "a", "given": 1}, {"version": "a" * 65, "given": True}):
            self.assertEqual(manager.call("POST", route, wrong)[0], 400)
        self.assertEqual(manager.call("POST", "people/01ARYZ6S41TSV4RRFFQ69G5FAV/consent", {"version": "a", "given": True})[0], 404)
        gate.stop()
        gate.start()
        self.assertEqual([e["given"] for e in gate.call("GET", route)[1]["entries"]], [True, False])
        self.assertEqual(gate.call("GET", f"people/{person}/erasure")[0], 404)
        card = gate.gatectl("credential", "add", person, "card", "4711").strip()
        copy = json.loads(gate.gatectl("person", "copy", person))
        self.assertEqual((copy["person"]["id"], [c["id"] for c in copy["credentials"]]), (person, [card]))
        self.assertEqual(copy["consent"]["entries"], gate.call("GET", f"people/{person}/consent")[1]["entries"])
        self.assertIn("person.added", [e["type"] for e in copy["events"]])
        self.assertTrue(copy["events_complete"])
        self.assertNotIn("4711", json.dumps(copy), "what opens a door stays at the gate")
        self.assertEqual(gate.wait_event("operator.act", where=lambda e: e["data"].get("act") == "person.copy")["person"], person)
        self.assertEqual(gate.call("GET", "people/01KAJ5Q0000000000000000001/copy")[0], 404)
        self.assertEqual(gate.call("GET", "people/nobody/copy")[0], 404)
        self.assertEqual(gate.call("DELETE", f"people/{person}")[0], 204)
        certificate = wait_until("the certificate", lambda: (c := gate.call("GET", f"people/{person}/erasure"))[0] == 200 and c[1])
        self.assertEqual(certificate["event"]["hash"], gate.wait_event("person.removed")["hash"])
        gate.wait_event("person.consent_erased")
        self.assertEqual(gate.call("GET", route)[1]["entries"], [])
        gate.verify()
        gate.stop()

    def test_month(self):
        gate = self.gate.start()
        manager = gate.console("mia", "manager")
        person = manager.call("POST", "people", {"name": "Anna Secret"})[1]["id"]
        manager.call("POST", "doors/main/open")
        gate.wait_event("access.granted")
        manager.call("DELETE", f"people/{person}")
        month = time.strftime("%Y-%m", time.gmtime())
        status, report = manager.call("GET", f"report?month={month}")
        self.assertEqual(status, 200, report)
        self.assertEqual(sum(report["entries"].values()), 1)
        self.assertEqual(report["erasures"], {"people": 1})
        self.assertNotIn("Secret", json.dumps(report))
        self.assertNotIn(person, json.dumps(report))
        self.assertNotIn("mia", json.dumps(report))
        self.assertEqual(manager.call("GET", "report?month=2001-01")[1]["entries"], {})
        self.assertEqual(manager.call("GET", "report?month=x")[0], 400)
        gate.stop()

    def test_figures(self):
        gate = self.gate.start()
        token = (gate.state / "metrics.token").read_text().strip()
        guard = gate.console("gus", "guard")
        cookie, guard.headers = guard.headers, {}
        self.assertEqual(guard.raw("GET", "/metrics")[0].status, 401)
        guard.headers = {"Authorization": f"Bearer {token}"}
        answer, text = guard.raw("GET", "/metrics")
        self.assertEqual(answer.status, 200)
        for line in text.decode().splitlines():
            self.assertRegex(line, r"^(# (HELP|TYPE) gatehouse_\w+ .+|gatehouse_\w+(\{[^}]*\})? [-+0-9.e]+)$")
        figures = dict(re.findall(r"^(gatehouse_\w+) ([-+0-9.e]+)$", text.decode(), re.M))
        self.assertEqual(figures["gatehouse_storage_ok"], "1")
        self.assertGreater(float(figures["gatehouse_events_total"]), 0)
        guard.headers = cookie
        self.assertEqual(guard.raw("GET", "/metrics")[0].status, 200)
        gate.stop()


if __name__ == "__main__":
    harness.main()
