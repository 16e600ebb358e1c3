"""Every event that may ring is in the operator's guide, and the guide speaks of no other."""
import re
import unittest

import contract
import harness

GUIDE = contract.SOURCE / "docs" / "OPERATIONS.md"


class Guide(unittest.TestCase):
    def setUp(self):
        try:
            messages = contract.load().document["components"]["messages"]
        except contract.Missing as missing:
            raise unittest.SkipTest(str(missing)) from None
        self.severities = {}
        for name, message in messages.items():
            for part in message.get("payload", {}).get("allOf", []):
                severity = part.get("properties", {}).get("severity")
                if severity:
                    self.severities[name] = set(severity.get("enum", [severity.get("const")]))

    def test_what_rings_is_explained(self):
        rows = [line for line in GUIDE.read_text().split("## What each alarm")[1].splitlines() if line.startswith("| `")]
        told = {name: row for row in rows for name in re.findall(r"`([a-z_]+\.[a-z_]+)`", row.split("|")[1])}
        rings = {name for name, severities in self.severities.items() if severities & {"warning", "alarm"}}
        self.assertEqual(sorted(rings - set(told)), [], "not in docs/OPERATIONS.md")
        self.assertEqual(sorted(set(told) & set(self.severities) - rings), [], "rings no bell")
        self.assertEqual(sorted(set(told) - set(self.severities)), [], "no such event")
        for name in rings:
            for severity in self.severities[name] & {"warning", "alarm"}:
                self.assertIn(severity, told[name].split("|")[2], name)


if __name__ == "__main__":
    harness.main()
