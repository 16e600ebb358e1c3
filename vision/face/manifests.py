"""The manifests of the nets that the program is made for (models/fr_*.yaml), as the C table that the library starts with.

    manifests.py DIRECTORY OUT

It reads the part of YAML that these files use: members, members inside by two spaces or in braces, numbers and words, lists
of numbers. The test `model_manifest` compares its result with what libyaml reads."""
import pathlib
import re
import sys

ROLES = {"detector": ("fr_detect", "FACE_MODEL_DETECT"), "aligner": ("fr_landmark", "FACE_MODEL_LANDMARK"),
         "recogniser": ("fr_feature", "FACE_MODEL_FEATURE"), "liveness": ("fr_liveness", "FACE_MODEL_LIVENESS")}
KINDS = {"rfb": "FACE_DETECTOR_RFB", "yunet": "FACE_DETECTOR_YUNET"}


def value(text):
    if text.startswith("{"):
        return dict(re.findall(r"(\w+): ([^,}]+)", text))
    if text.startswith("["):
        return text[1:-1].split(", ")
    return text


def read(path):
    """The members; those of a member have its name and a dot before theirs."""
    members, inside = {}, ""
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        found = re.fullmatch(r"(|  )(\w+):(?: (.+))?", line)
        if found is None:
            sys.exit(f"{path}:{number}: expected `member: value`, members inside by two spaces")
        indent, name, text = found.groups()
        name = inside + name if indent else name
        inside = inside if indent else name + "."
        got = value(text) if text else None
        members.update({f"{name}.{key}": text for key, text in got.items()} if isinstance(got, dict) else {name: got})
    return members


def row(members, name):
    lines = [f'.file = "{members["file"]}"', f'.sha256 = "{members["sha256"]}"',
             f'.width_px = {members["input.width_px"]}', f'.height_px = {members["input.height_px"]}',
             f'.swap_rgb = {int(members["input.colours"] == "rgb")}',
             f'.mean = {members["input.mean"]}', f'.scale = {members["input.scale"]}']
    if "dimension" in members:
        lines.append(f'.dimension = {members["dimension"]}')
    if "kind" in members:
        lines.append(f'.kind = {KINDS[members["kind"]]}')
    if "scores.overlap_max" in members:
        lines.append(f'.overlap_max = {float(members["scores.overlap_max"])}f')
    if "scores.min" in members:
        lines.append(f'.score_min = {float(members["scores.min"])}f')
    return f"[{name}] = {{" + ", ".join(lines) + "},\n"


def main(folder, out):
    rows, curve = "", ""
    for role, (file, name) in ROLES.items():
        members = read(folder / f"{file}.yaml")
        if members["role"] != role:
            sys.exit(f"{folder / file}.yaml: expected the role {role}")
        rows += row(members, name)
        if role == "recogniser":
            norm = ", ".join(f".{key} = {members[f'scores.norm.{key}']}" for key in ("typical", "low", "high", "no_face", "exponent"))
            curve = (f'.scores = {{{", ".join(members["scores.false_match"])}}}, .min = {members["scores.min"]}, '
                     f".norm = {{{norm}}}\n")
    pathlib.Path(out + "/face_model_table.inc").write_text(rows)
    pathlib.Path(out + "/face_curve.inc").write_text(curve)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), sys.argv[2])
