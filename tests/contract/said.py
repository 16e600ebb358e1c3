"""
Every sentence that the gate can say to somebody at the page stands in the page's catalogue in Chinese
(console/src/said-zh.ts), by its printf format as it is in the source; every code of a problem document has a
word in console/locales/en.json.
Prints what is missing. `said.py --list` prints all sentences.
"""
import functools
import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
CATALOGUE = ROOT / "console" / "src" / "said-zh.ts"
LOCALE = ROOT / "console" / "locales" / "en.json"
# where sentences for people are made; what else is in these folders speaks to MQTT, the journal or the command line
SPEAKING = """
base/json.c daemon/access/policy.c daemon/access/access_rules.c daemon/access/roster*.c daemon/access/schedule.c daemon/api/api*.c
daemon/gate/cameras/faces.c daemon/gate/cameras/calibration.c daemon/gate/doors/controlled_door.c
daemon/gate/doors/modes.c daemon/gate/entry/decision.c daemon/gate/entry/credential.c
daemon/gate/entry/entry.c daemon/gate/entry/outcome.c daemon/gate/entry/what_if.c daemon/gate/entry/guard.c daemon/gate/people/gate_directory.c daemon/gate/entry/readers.c daemon/gate/gate_api.c
daemon/gate/gate_log.c daemon/gate/people/gate_access_api.c daemon/gate/people/gate_change.c
daemon/gate/people/gate_change_keep.c daemon/gate/people/gate_consent.c daemon/gate/people/gate_enrol.c
daemon/gate/people/gate_people.c daemon/gate/people/gate_person_faces.c daemon/http/http_answer_mhd.c daemon/http/http_mhd.c
daemon/store/audit.c daemon/store/store*.c mqtt/connect_mosquitto.c mqtt/link_mosquitto.c vision/camera/camera_ffmpeg.c
vision/camera/source_ffmpeg.c vision/evidence/evidence_ffmpeg.c vision/face/face_enrol.c vision/face/face_opencv.cpp
vision/face/face_quality.c vision/face/face_watch.c vision/face/threshold_calibration.c vision/litter/litter_watch.c
""".split()
NOT_SPEAKING = {"daemon/api/api_token.c", "daemon/store/store_report.c", "daemon/store/store_query.c", "daemon/store/store_search.c"}
# calls whose texts are for programs, programmers or the operator of the machine
SILENT = re.compile(r"log_\w+|json_pack\w*|_Static_assert|head|put_\w+|fprintf|guard|runtime_error|db_\w+|strcmp|strncmp|read_pem|open_tcp|open_listeners|"
                    r"http_open|http_set_header|http_stream_start|file_response|type_of_file|MHD_\w+|api_open")
HEADER = re.compile(r"charset=|filename=|SameSite|'none'|geolocation|max-age|boundary=|data key")
ENTRY = re.compile(r"""^\t\[(?:'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)"),\s+'((?:\\.|[^'\\])*)'\]""", re.M)
SQL = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|CREATE|PRAGMA|ALTER|BEGIN|COMMIT|WITH|DROP|FROM|AND|VALUES)\b")
TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|[A-Za-z_]\w*|\S|\s+', re.S)
FUNCTION = re.compile(r"^[a-z][\w\s\*]*?\b(\w+)\([^;{]*\)[\w\s]*\{", re.M)


def literals(text):
    """(function, innermost call, text) of each string, neighbours put together."""
    text = re.sub(r"^#.*$", lambda line: " " * len(line.group()), text, flags=re.M)
    functions = [(found.start(), found.group(1)) for found in FUNCTION.finditer(text)]
    stack, before, running = [], "", None
    for token in TOKEN.finditer(text):
        word = token.group()
        if word.isspace() or word.startswith(("/*", "//")):
            continue
        if word[0] == '"':
            running = (running or "") + word[1:-1]
            continue
        if running is not None:
            where = next((name for start, name in reversed(functions) if start < token.start()), "")
            yield where, stack[-1] if stack else "", running.replace('\\"', '"')
            running = None
        if word == "(":
            stack.append(before if re.fullmatch(r"[A-Za-z_]\w*", before) else stack[-1] if stack else "")
        elif word == ")" and stack:
            stack.pop()
        before = word


def sentences(words_min=2):
    """Each with the files that say it; one word alone may be of a program."""
    found = {}
    for pattern in SPEAKING:
        for path in sorted(ROOT.glob(pattern)):
            if str(path.relative_to(ROOT)) in NOT_SPEAKING:
                continue
            for function, call, text in literals(path.read_text()):
                if SILENT.fullmatch(call) or SILENT.fullmatch(function) or SQL.match(text) or HEADER.search(text) or "\\n" in text:
                    continue
                if words_min < 2 or re.search(r"[a-z]{2,}.* .*[a-z]", re.sub(r"%[-0-9.*]*[lz]*[a-z]", "", text)):
                    found.setdefault(text, set()).add(path.name)
    return found


def codes():
    """Of problem documents: the status's own, and those that are given."""
    text = "".join(path.read_text() for path in sorted((ROOT / "daemon").rglob("*.c")) if re.match(r"(api|http|gate_api)", path.name))
    table = re.search(r"codes\[\] = \{(.*?)\n\t\};", text, re.S).group(1)
    given = re.findall(r'(?:respond_problem_code|refuse)\([^;"]*?"([a-z-]+)"', text)
    return set(re.findall(r'"([a-z-]+)"', table)) | set(given) | {"failed", "evidence-changed", "no-evidence"}


def reasons():
    """Why something is taken for a throw, or not."""
    return set(re.findall(r'^\t\{"([a-z-]+)"', (ROOT / "vision" / "litter" / "litter_table.c").read_text(), re.M))


def data_names():
    """Of the members of events' data, by docs/reference/asyncapi.yaml; none where its parser is missing (tools/setup --for test)."""
    try:
        import yaml
    except ImportError:
        return set()
    document = yaml.safe_load((ROOT / "docs" / "reference" / "asyncapi.yaml").read_text())

    def members(schema):
        if "$ref" in schema:
            schema = functools.reduce(lambda at, part: at[part], schema["$ref"].lstrip("#/").split("/"), document)
        found = set(schema.get("properties", {}))
        return found.union(*(members(each) for kind in ("allOf", "anyOf", "oneOf") for each in schema.get(kind, [])))

    def data(schema):
        found = members(schema["properties"]["data"]) if "data" in schema.get("properties", {}) else set()
        return found.union(*(data(each) for kind in ("allOf", "anyOf", "oneOf") for each in schema.get(kind, [])))

    return set().union(*(data(message["payload"]) for message in document["components"]["messages"].values())) - {"v"}


def main():
    if "--list" in sys.argv:
        for text, files in sentences().items():
            print(f"{text}\t{' '.join(sorted(files))}")
        return 0
    catalogue = CATALOGUE.read_text()
    own, system = catalogue.split("/* the system's own */")
    entries = {single or double: chinese for single, double, chinese in ENTRY.findall(own + system)}
    stale = {single or double for single, double, _ in ENTRY.findall(own)} - set(sentences(words_min=1))
    words = {key.removeprefix("word.") for key in json.loads(LOCALE.read_text()) if key.startswith("word.")}
    missing = {text: files for text, files in sentences().items() if text not in entries}
    for text, files in missing.items():
        print(f"{CATALOGUE.name} has no Chinese for {text!r} of {', '.join(sorted(files))}")
    for text in sorted(stale):
        print(f"{CATALOGUE.name}: nobody says {text!r} any more")
    wordless = (codes() | reasons()) - words
    for code in sorted(wordless):
        print(f"{LOCALE.name} has no word.{code}")
    names = set(re.findall(r"\b(\w+): '", system))
    for name in sorted(data_names() - names):
        print(f"{CATALOGUE.name} has no name for {name!r} of an event's data")
        missing[name] = ()
    for english, chinese in entries.items():
        places = len(re.findall(r"%[-0-9.*]*[lz]*[a-z]", english))
        if any(int(number) > places for number in re.findall(r"\{(\d)\}", chinese)):
            print(f"{english!r}: its Chinese has more places")
            missing[english] = ()
    return 1 if missing or stale or wordless else 0


if __name__ == "__main__":
    sys.exit(main())
