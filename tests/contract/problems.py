"""
The table of errors (base/problems.json) against all that uses it: each code stands in the page's English and Chinese
texts and in the OpenAPI document, takes the same parameters in both languages, and is used by some C file. The words of
a throw's reasons and the names of events' data are held the same way.
Prints what is missing.
"""
import functools
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PLACE = re.compile(r"\{(\w+)\}")


def codes():
    table = {}
    for group in json.loads((ROOT / "base" / "problems.json").read_text()).values():
        table.update(group)
    return table


def unused(table):
    """Codes that no C file makes."""
    sources = "".join(path.read_text() for folder in ("base", "daemon", "hw", "mqtt", "vision")
                      for path in sorted((ROOT / folder).rglob("*.c*")) if path.suffix in (".c", ".cpp"))
    made = set(re.findall(r"\bproblem_(\w+)", sources))
    return [code for code in table if code.replace("-", "_") not in made]


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
    mistakes = []
    if subprocess.run([sys.executable, "-B", ROOT / "base" / "problems.py", "--check"], check=False).returncode != 0:
        mistakes.append("base/problems.py --check failed")
    table = codes()
    texts = {name: json.loads((ROOT / "console" / "locales" / f"{name}.json").read_text()) for name in ("en", "zh")}
    for code, entry in table.items():
        for name, language in texts.items():
            sentence = language.get(f"problem.{code}")
            if sentence is None:
                mistakes.append(f"{name}.json has no problem.{code}: {entry['en']}")
            elif set(PLACE.findall(sentence)) != set(entry.get("params", {})):
                mistakes.append(f"{name}.json: problem.{code} does not take the parameters of the table")
    for name, language in texts.items():
        stale = {key.removeprefix("problem.") for key in language if key.startswith("problem.")} - set(table)
        mistakes += [f"{name}.json: problem.{code} is no code of the table" for code in sorted(stale)]
        mistakes += [f"{name}.json has no word.{word}" for word in sorted(reasons()) if f"word.{word}" not in language]
        mistakes += [f"{name}.json has no data.{member}" for member in sorted(data_names()) if f"data.{member}" not in language]
    mistakes += [f"base/problems.json: no C file makes {code}" for code in unused(table)]
    print("\n".join(mistakes))
    return 1 if mistakes else 0


if __name__ == "__main__":
    sys.exit(main())
