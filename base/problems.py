#!/usr/bin/python3
"""
problems.json lists all errors of the gate: code, errno, parameters with their types, and English sentence. This program
generates from it:

    problems.py --header FILE    the enum of codes and a typed function for each, for C
    problems.py --table FILE     the rows of the table of codes that problem.c includes
    problems.py --params FILE    the rows of the table of parameters that problem.c includes
    problems.py --write          the codes in docs/reference/openapi.yaml and problem.* in console/locales/en.json
    problems.py --check          prints where these two files differ from the table; exit status 1 if they do

Types: string, integer and number are printed unchanged. member is the name of a JSON member, word a term of the API,
system a text of the C library (an errno in C), code another problem, whose parameters are added to those of this one.
"""
import json
import pathlib
import re
import sys
import textwrap

ROOT = pathlib.Path(__file__).resolve().parent.parent
OPENAPI = ROOT / "docs" / "reference" / "openapi.yaml"
ENGLISH = ROOT / "console" / "locales" / "en.json"
C_TYPES = {"string": "const char *", "member": "const char *", "word": "const char *", "integer": "long long ",
           "number": "double ", "system": "int ", "code": "const struct problem *"}
C_CALLS = {"string": "text", "member": "text", "word": "text", "integer": "integer", "number": "number",
           "system": "system", "code": "code"}
PLACE = re.compile(r"\{(\w+)\}")


def codes():
    """{code: {"errno", "status", "params", "en"}}; fails on a table that contradicts itself."""
    groups = json.loads((ROOT / "base" / "problems.json").read_text())
    table, types = {}, {}
    for group in groups.values():
        for code, entry in group.items():
            params = entry.setdefault("params", {})
            if code in table or not re.fullmatch(r"[a-z][a-z0-9-]*[a-z0-9]", code):
                sys.exit(f"problems.json: {code}: occurs twice, or has other characters than a-z, 0-9 and hyphens")
            if set(PLACE.findall(entry["en"])) != set(params):
                sys.exit(f"problems.json: {code}: the placeholders of its sentence are not its parameters")
            for name, kind in params.items():
                if kind not in C_TYPES or types.setdefault(name, kind) != kind:
                    sys.exit(f"problems.json: {code}: {name} is {kind}: no such type, or another one elsewhere")
            table[code] = entry
    return table


def upper(code):
    return "PROBLEM_" + code.replace("-", "_").upper()


def header(table):
    lines = ["/* Made from base/problems.json by base/problems.py. Included by base/problem.h. */",
             "#ifndef GH_BASE_PROBLEM_CODES_H", "#define GH_BASE_PROBLEM_CODES_H", "", "enum problem_code {",
             "\tPROBLEM_NONE,"]
    lines += [f"\t{upper(code)}," for code in table]
    lines += ["\tPROBLEM_CODES", "};", ""]
    for code, entry in table.items():
        arguments = "".join(f", {C_TYPES[kind]}{name}" for name, kind in entry["params"].items())
        lines += [f"/** {entry['en'].replace('*/', '* /')} @return -{entry['errno']} */",
                  f"static inline int problem_{code.replace('-', '_')}(struct problem *problem{arguments})", "{",
                  f"\tproblem_begin(problem, {upper(code)});"]
        lines += [f'\tproblem_add_{C_CALLS[kind]}(problem, "{name}", {name});' for name, kind in entry["params"].items()]
        lines += ["\treturn problem_end(problem);", "}", ""]
    return "\n".join(lines + ["#endif", ""])


def rows(table):
    return "".join(f"[{upper(code)}] = {{{json.dumps(code)}, {entry['errno']}, {entry.get('status', 0)}, "
                   f"{json.dumps(entry['en'])}}},\n" for code, entry in table.items())


def params(table):
    kinds = {name: kind for entry in table.values() for name, kind in entry["params"].items()}
    return "".join(f"{{{json.dumps(name)}, {'true' if kind == 'code' else 'false'}}},\n" for name, kind in sorted(kinds.items()))


def with_codes(openapi, table):
    """The OpenAPI document with the table's codes between its two marks."""
    listed = textwrap.fill(", ".join(table), 116, initial_indent=" " * 8, subsequent_indent=" " * 8,
                           break_on_hyphens=False)
    begin, end = "# codes of base/problems.json, by base/problems.py --write", "# end of the codes"
    return re.sub(rf"({re.escape(begin)}\n).*?(\n *{re.escape(end)})",
                  lambda found: f"{found.group(1)}      enum: [\n{listed}]{found.group(2)}", openapi, flags=re.S)


def with_sentences(english, table):
    """The page's English texts, with the table's sentences after all others."""
    texts = {key: text for key, text in json.loads(english).items() if not key.startswith("problem.")}
    texts |= {f"problem.{code}": entry["en"] for code, entry in table.items()}
    return json.dumps(texts, ensure_ascii=False, indent="\t") + "\n"


def main():
    table = codes()
    makers = {"--header": header, "--table": rows, "--params": params}
    if len(sys.argv) == 3 and sys.argv[1] in makers:
        pathlib.Path(sys.argv[2]).write_text(makers[sys.argv[1]](table))
        return 0
    if sys.argv[1:] not in (["--write"], ["--check"]):
        sys.exit(__doc__)
    stale = 0
    for path, made in ((OPENAPI, with_codes(OPENAPI.read_text(), table)), (ENGLISH, with_sentences(ENGLISH.read_text(), table))):
        if path.read_text() == made:
            continue
        if sys.argv[1] == "--write":
            path.write_text(made)
        else:
            print(f"{path.relative_to(ROOT)} differs from base/problems.json: run base/problems.py --write")
            stale = 1
    return stale


if __name__ == "__main__":
    sys.exit(main())
