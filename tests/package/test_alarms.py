"""docs/guide/operate.md, in both languages, says what to do at every event that is a warning or an alarm, in the contract and in the code."""
import os
import pathlib
import re
import unittest

SOURCE = pathlib.Path(os.environ.get("GH_SOURCE_DIR", pathlib.Path(__file__).resolve().parents[2]))


def from_protocol():
    """{type: severity words} of the table in docs/reference/mqtt.md; severities are in the order of the types."""
    for line in (SOURCE / "docs" / "reference" / "mqtt.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) < 4 or not re.search("warning|alarm", cells[2]):
            continue
        types = re.findall(r"`([a-z_]+\.[a-z_]+)`", cells[1])
        severities = cells[2].split(", ")
        for at, name in enumerate(types):
            if re.search("warning|alarm", severities[min(at, len(severities) - 1)]) and not name.endswith("restored"):
                yield name


def from_code():
    """The types beside a severity in the sources: journal_record(journal, "TYPE", EVENT_ALARM and tables of the same shape."""
    for path in (SOURCE / "daemon").rglob("*.c"):
        text = path.read_text(encoding="utf-8")
        yield from (name for name in re.findall(r'"([a-z]+\.[a-z_]+)",\s*(?:[^",;]*\? *)?EVENT_(?:ALARM|WARNING)', text)
                    if not name.endswith("_ok"))  # the good end of a pair


class Alarms(unittest.TestCase):
    def test_each_is_explained(self):
        said, coded = set(from_protocol()), set(from_code())
        self.assertGreater(len(said), 20)
        self.assertGreater(len(coded), 20)
        for page in ("operate.md", "operate.zh.md"):
            text = (SOURCE / "docs" / "guide" / page).read_text(encoding="utf-8")
            self.assertEqual((said | coded) - set(re.findall(r"^\| `([a-z_.]+)` \|", text, re.M)), set(), page)


if __name__ == "__main__":
    unittest.main(verbosity=2)
