"""The pages hold together: named tests exist, links lead somewhere, each guide has its Chinese twin, and pages keep their size."""
import os
import pathlib
import re
import subprocess
import sys
import unittest

SOURCE = pathlib.Path(os.environ.get("GH_SOURCE_DIR", pathlib.Path(__file__).resolve().parents[2]))
BUILD = pathlib.Path(os.environ.get("GH_BUILD_DIR", SOURCE / "build"))
# left out of a build without a kernel for them, Chromium or node
REFERENCE_LINES_MAX = 150
CONDITIONAL = re.compile(r"gpio_\w+|browser\w*|mqtt_contract")


def registered():
    text = subprocess.run(["ctest", "--test-dir", str(BUILD), "-N"], capture_output=True, text=True, check=True).stdout
    return set(re.findall(r"Test +#\d+: (\S+)", text))


def rows(name):
    """The cells of each row of the tables whose last column is `tested by`."""
    inside = False
    for line in (SOURCE / "docs" / "reference" / name).read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if not cells:
            inside = False
        elif cells[-1] == "tested by":
            inside = True
        elif inside and not set(line) <= set("|-"):
            yield cells


def prose(path):
    """The lines outside fenced blocks."""
    return re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.M | re.S).splitlines()


def headings(path):
    return [line.lstrip("#").strip() for line in prose(path) if re.match(r"#+ ", line)]


def anchor_of(heading):
    """As the usual viewers of Markdown make it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def blocks(path):
    """The commands and settings of a guide, without what a comment or a value says in the reader's language."""
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        command = re.match(r"(?:    )?((?:gatectl|gatehoused|systemctl|apt|cp|install|tools/\S+)( .*)?)$", line)
        if command:
            found.append(re.sub(r"\s+#.*|title=.*", "", command[1]))
    return found


class Docs(unittest.TestCase):
    def judge(self, name, empty_is):
        known, count = registered(), 0
        self.assertGreater(len(known), 50)
        for cells in rows(name):
            count += 1
            named = re.findall(r"`([^`]+)`", cells[-1])
            self.assertTrue(named or cells[-1] == empty_is, cells)
            for test in named:
                there = (SOURCE / test.split()[0]).exists() if "/" in test else test in known or CONDITIONAL.fullmatch(test)
                self.assertTrue(there, f"{name}: no such test: {test}")
        return count

    def test_each_threat_has_a_test(self):
        self.assertGreater(self.judge("security.md", None), 20)

    def test_each_duty_has_a_test_or_is_the_sites(self):
        self.assertGreater(self.judge("privacy.md", "-"), 12)

    def test_each_event_of_the_contract_is_in_the_protocol(self):
        contract = (SOURCE / "docs" / "reference" / "asyncapi.yaml").read_text(encoding="utf-8")
        page = (SOURCE / "docs" / "reference" / "mqtt.md").read_text(encoding="utf-8")
        events = set(re.findall(r"^      ([a-z_]+\.[a-z_]+): \{\$ref: '#/components/messages/", contract, re.M))
        self.assertGreater(len(events), 60)
        self.assertEqual(events - set(re.findall(r"`([a-z_]+\.[a-z_]+)`", page)), set())

    def test_the_manual_has_each_command(self):
        usage = subprocess.run([BUILD / "gatectl", "--help"], capture_output=True, text=True, check=True).stdout
        page = (SOURCE / "docs" / "reference" / "man" / "gatectl.1").read_text(encoding="utf-8")
        lines = [set(re.findall(r"[a-z]+(?:-[a-z]+)*", re.sub(r"\\f.|\\", "", line))) for line in page.splitlines()]
        commands = re.findall(r"^  ([a-z-]+)(?: ([a-z-]+)(?![a-z|]))?", usage.split("Commands:")[1], re.M)
        self.assertGreater(len(commands), 50)
        for command in commands:
            self.assertTrue(any(set(filter(None, command)) <= words for words in lines), f"gatectl(1) lacks {command}")

    def test_links_lead_somewhere(self):
        for path in [*SOURCE.glob("*.md"), *(SOURCE / "docs").rglob("*.md")]:
            for link, anchor in re.findall(r"\]\(([^)#:]*)(?:#([^)]*))?\)", path.read_text(encoding="utf-8")):
                target = path.parent / link if link else path
                self.assertTrue(target.exists(), f"{path.name}: {link}")
                if anchor and target.suffix == ".md":
                    self.assertIn(anchor, [anchor_of(text) for text in headings(target)], f"{path.name}: {link}#{anchor}")

    def test_each_guide_has_its_chinese_twin(self):
        guides = [path for path in (SOURCE / "docs" / "guide").glob("*.md") if not path.name.endswith(".zh.md")]
        self.assertEqual({path.stem for path in guides}, {"install", "operate", "guard", "manager"})
        for path in [*guides, SOURCE / "README.md"]:
            twin = path.with_suffix(".zh.md")
            self.assertEqual(len(headings(path)), len(headings(twin)), f"{path.name}: its twin has other headings")
            self.assertEqual(blocks(path), blocks(twin), f"{path.name}: its twin has other commands")

    def test_pages_name_files_and_functions_that_exist(self):
        rooms = ("base", "hw", "mqtt", "daemon", "vision", "bench", "tests", "tools", "console/src")
        sources = [path for room in rooms for path in (SOURCE / room).rglob("*")
                   if path.suffix in {".c", ".h", ".cpp", ".py", ".ts", ".tsx", ".sh", ".cmake"} and "node_modules" not in path.parts]
        files = {path.name for path in sources}
        words = set(re.findall(r"\w+", "".join(path.read_text(encoding="utf-8") for path in sources)))
        pages = [*SOURCE.glob("*.md"), *(path for path in (SOURCE / "docs").rglob("*.md") if "research" not in path.parts)]
        for path in pages:
            for code in re.findall(r"`([^`\n]+)`", path.read_text(encoding="utf-8")):
                # a name with * or in capitals stands for several
                for name in re.findall(r"(?<![\w*./-])(?:[\w.-]+/)*([a-z][\w.-]*\.(?:c|h|cpp|tsx?))\b", code):
                    self.assertTrue(name in files, f"{path.name}: there is no file {name}")
                for name in re.findall(r"\b([a-z_]\w+)\(\)", code):
                    self.assertTrue(name in words, f"{path.name}: there is no function {name}()")

    def test_reference_stays_short(self):
        for name in ("faces.md", "littering.md"):
            lines = len((SOURCE / "docs" / "reference" / name).read_text(encoding="utf-8").splitlines())
            self.assertLessEqual(lines, REFERENCE_LINES_MAX, f"{name}: what was tried and measured belongs in docs/research")


if __name__ == "__main__":
    if os.environ.get("GH_SANITIZE"):
        print("skipped: the release build has all the tests")
        sys.exit(77)
    unittest.main(verbosity=2)
