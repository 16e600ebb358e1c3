#!/usr/bin/python3
"""Makes vision/litter/litter_table.c, by which a fall is judged, of falls that litter_suite --tracks wrote down.

  bench/litter_learn.py TRACKS.csv... [--write vision/litter/litter_table.c] [--hours H]

What is learned is a sum of curves, one for each measure of a fall, so that each can be told to a guard as a reason for or
against. A curve is straight between its knots and goes one way only, the way that physics wants: what falls less like
gravity is never worth more. The weights are those of a logistic regression with a penalty on each step of a curve, found
by the accelerated proximal gradient. Needs Debian's python3-numpy; only drawn scenes may be given to it.

Without --write it only tells how well it does on scenes that it was not given: five folds, by scene.
"""
import argparse
import csv
import sys

import numpy as np

# measure: (the way its curve goes, knots); the order is that of enum litter_measure
CURVES = {
    "travels": (+1, (0.06, 0.1, 0.15, 0.2, 0.3, 0.5)),
    "travels-storeys": (+1, (0.5, 1, 2, 3, 5, 8)),
    "unlike-a-fall": (-1, (0, 0.01, 0.02, 0.03, 0.05, 0.08, 0.15)),
    "faster-than-falling": (-1, (0.8, 1.0, 1.2, 1.4, 1.7)),
    "falls-like-gravity": (-1, (0, 0.003, 0.006, 0.01, 0.02, 0.04, 0.08)),
    "speeds-up": (+1, (1, 1.2, 1.5, 2, 3, 5, 10)),
    "too-slow": (+1, (0.5, 1, 2, 3, 5, 8)),
    "crawls": (+1, (0.01, 0.02, 0.03, 0.045, 0.07, 0.12)),
    "keeps-going-down": (-1, (0, 0.01, 0.03, 0.08, 0.15, 0.3)),
    "drifts": (-1, (0.1, 0.3, 0.6, 0.9, 1.3)),
    "wavers": (-1, (0.005, 0.01, 0.02, 0.04, 0.08, 0.15)),
    "slows-down": (+1, (0.3, 0.55, 0.7, 0.85, 1)),
    "enters-sideways": (+1, (0, 1)),
    "seldom-seen": (+1, (0.2, 0.35, 0.5, 0.65, 0.8, 0.95)),
    "leaps": (-1, (0.05, 0.1, 0.15, 0.25, 0.4, 0.6)),
    "few-sights": (+1, (6, 8, 11, 15, 22, 35)),
    "too-large": (-1, (0.02, 0.035, 0.05, 0.07, 0.1)),
    "tiny": (+1, (1, 2, 3, 4, 6, 8)),
    "ambiguous": (-1, (0, 0.2, 0.5, 1, 2)),
    "crowd": (-1, (0, 0.1, 0.2, 0.35, 0.5, 0.7)),
    "picture-upset": (-1, (0, 1, 2, 3, 5)),
    "restless-place": (-1, (0, 0.1, 0.3, 0.55, 0.75, 0.95)),
    "well-trodden": (-1, (0, 1, 3, 5, 8)),
    "begins-off-the-facade": (-1, (0, 1)),
    "goes-where-others-did": (-1, (0, 1, 2, 3)),
    "came-flying": (-1, (0, 0.03, 0.08, 0.15, 0.3)),
    "goes-on-after": (-1, (0, 0.4, 0.7, 1)),
    "changes-lightness": (-1, (0, 0.05, 0.2, 0.5, 1)),
    "changes-size": (+1, (0.3, 0.5, 0.7, 0.9)),
    "streak": (-1, (1, 1.5, 2.5, 4, 7)),
    "faint": (+1, (5, 10, 20, 40)),
    "stands-out": (+1, (0, 0.3, 0.6, 1)),
    "just-begun": (+1, (0, 5, 15)),
    "fast-at-once": (-1, (0.12, 0.2, 0.3, 0.45)),
    "off-gravity": (-1, (0.008, 0.015, 0.03)),
    "held-back": (-1, (0.005, 0.0065, 0.01)),
    "flying-start": (-1, (2, 3, 4.5)),
}
# What each reason weighed when people set the weights: at the first value the first weight, at the second the second. What
# too few falls tell about stays at PRIOR of that, and what is in KEPT weighs that much at least,
# or KEPT_TIMES that: all weights are larger than those were.
SET_BY_HAND = {
    "travels": (0.08, -1.5, 0.2, 1), "travels-storeys": (1, -1.5, 2.5, 1), "unlike-a-fall": (0.07, -2.5, 0.03, 0),
    "faster-than-falling": (1.6, -3, 1.2, 0), "falls-like-gravity": (0.06, -1, 0.015, 1),
    "speeds-up": (1.15, -1.5, 1.8, 1), "too-slow": (1, -2.5, 3, 0), "crawls": (0.02, -2.5, 0.045, 0),
    "keeps-going-down": (0.25, -2, 0.05, 0.5), "drifts": (1.3, -3, 0.6, 0), "wavers": (0.12, -2, 0.03, 0),
    "slows-down": (0.55, -3, 0.85, 0), "enters-sideways": (0, -1.5, 1, 0), "seldom-seen": (0.25, -2.5, 0.5, 0),
    "leaps": (0.5, -2, 0.25, 0), "few-sights": (6, -1.5, 11, 0), "too-large": (0.085, -2.5, 0.05, 0),
    "tiny": (1.5, -2, 3.75, 0), "ambiguous": (2, -2.5, 0.5, 0), "crowd": (0.6, -4, 0.35, 0),
    "picture-upset": (3, -3, 0, 0), "restless-place": (0.9, -2.5, 0.55, 0), "well-trodden": (7, -3, 3, 0),
    "begins-off-the-facade": (1, -1.5, 0, 0), "goes-where-others-did": (3, -3, 0, 0),
    "came-flying": (0.3, -4, 0.08, 0), "goes-on-after": (1, -2, 0.4, 0),
}
PRIOR = 0.3
KEPT = ("too-slow", "crawls", "slows-down", "came-flying", "goes-on-after", "too-large", "picture-upset",
        "begins-off-the-facade", "enters-sideways", "goes-where-others-did", "well-trodden", "leaps", "few-sights", "drifts",
        "keeps-going-down")
KEPT_TIMES = {"came-flying": 2, "goes-on-after": 2, "too-slow": 2, "crawls": 2, "goes-where-others-did": 1.5, "leaps": 2, "drifts": 2,
              "keeps-going-down": 2}
# What is set by hand after learning: so much less than was learned, knot by knot. What nobody asks for: things of less than three
# pixels (drops of water), falls of less than three storeys, far less still of one, what sails by at one pace (leaves: what
# is let go begins from rest), and what was hardly seen: what falls two storeys takes a second, which is 15 sights. What no drawn throw ever does, and a lift does: less than three times its own length in a second, or two hundredths of
# its way off every fall that gravity and drag allow. A long way, where storeys are not known, weighs more: such cameras
# have less to go by, and the same score to reach.
AFTERWARDS = {"tiny": (-6, -6, -4, 0, 0, 0), "travels-storeys": (-8, -8, -2, 0, 0, 0),
              "speeds-up": (-3, -3, 0, 0, 0, 0, 0), "travels": (0, 0, 0.25, 0.5, 0.5, 0.5),
              "too-slow": (-2, -2, -4.5, 0, 0, 0), "few-sights": (-2, -2, -2, 0, 0, 0),
              "unlike-a-fall": (0, 0, -0.9, -2.5, -2.5, -2.5, -2.5)}
# Not learned at all, knot by knot: drawn scenes begin far more often than a real camera does; what a camera without
# calibration sees counts for little in learning; drones that sink and insects that seem to fall are too rare to be learned of.
FIXED = {"just-begun": (-10, -10, 0), "fast-at-once": (0, -1.5, -3, -5), "off-gravity": (0, -3, -4),
         "held-back": (0, -1, -2.5), "flying-start": (0, -1, -2.5)}
FIRST = 7  # columns before the measures: scene, weather, throws, throw, begin, end, score
PENALTY = 5e-5
ROUNDS = 300
POSITIVE_WEIGHT = 3.0
UNCALIBRATED = 0.25  # what a fall counts that a camera without calibration saw
FOLDS = 5
BESIDE_THROW = -2
PLAIN, THIN = -2.0, 20


def read(paths):
    """Measures, labels, scenes, weathers and scores of the falls that tell something."""
    rows, labels, scenes, weathers, scores = [], [], [], [], []
    for path in paths:
        with open(path, newline="", encoding="utf-8") as file:
            lines = [line for line in csv.reader(file) if len(line) == FIRST + len(CURVES)]
        best = {}  # of the falls that are the same throw the longest stands for it
        for i, line in enumerate(lines):
            throw, begin, end = int(line[3]), float(line[4]), float(line[5])
            if throw >= 0:
                key = (line[0], throw)
                if key not in best or end - begin > best[key][0]:
                    best[key] = (end - begin, i)
        chosen = {i for _, i in best.values()}
        for i, line in enumerate(lines):
            throw = int(line[3])
            if throw >= 0 and i not in chosen or throw == BESIDE_THROW:
                continue  # a piece of a throw, or its mirror image
            rows.append([float(v) for v in line[FIRST:]])
            labels.append(throw >= 0)
            scenes.append(path + line[0])
            weathers.append(line[1])
            scores.append(float(line[6]))
    rows, labels, scores = np.array(rows), np.array(labels), np.array(scores)
    # of what is far from a throw, raindrops mostly, one in THIN is enough: else they alone shape the curves
    kept = labels | (scores >= PLAIN) | (np.arange(len(labels)) % THIN == 0)
    return rows[kept], labels[kept], np.array(scenes)[kept], np.array(weathers)[kept], scores[kept]


def steps(rows):
    """One column for each step between two knots: how far up it a measure is, 0 to 1; 0 where it is not known."""
    columns = []
    for k, (name, (_, knots)) in enumerate(CURVES.items()):
        value = np.full(len(rows), np.nan) if name in FIXED else rows[:, k]
        for a, b in zip(knots, knots[1:]):
            columns.append(np.nan_to_num(np.clip((value - a) / (b - a), 0, 1)))
    return np.stack(columns, axis=1)


def signs():
    return np.concatenate([np.full(len(knots) - 1, way) for way, knots in CURVES.values()])


def by_hand():
    """The steps that the weights set by hand make, where they go the way of the curve; and which of them are kept."""
    parts, kept = [], []
    for name, (way, knots) in CURVES.items():
        bad, at_bad, good, at_good = SET_BY_HAND.get(name, (0, 0, 1, 0))
        share = np.clip((np.array(knots) - bad) / (good - bad), 0, 1)
        step = np.diff(at_bad + share * (at_good - at_bad))
        parts.append(np.where(step * way > 0, step, 0))
        kept.append(np.full(len(step), KEPT_TIMES.get(name, 1) * (name in KEPT)))
    steps_by_hand = np.concatenate(parts)
    return PRIOR * steps_by_hand, np.concatenate(kept) * steps_by_hand


def fit(x, y, calibrated):
    """Steps' weights and the constant: logistic loss, squared penalty on what differs from the prior, each step on its side of zero."""
    known = np.concatenate([x, np.ones((len(x), 1))], axis=1)
    weight = np.where(y, POSITIVE_WEIGHT, 1.0) * np.where(calibrated, 1, UNCALIBRATED)
    weight /= weight.sum()
    way = np.append(signs(), 0)
    prior, least = (np.append(part, 0) for part in by_hand())
    at = momentum = prior
    rate = 4 / np.linalg.eigvalsh((known * weight[:, None]).T @ known)[-1]
    for n in range(ROUNDS):
        p = 1 / (1 + np.exp(-np.clip(known @ momentum, -40, 40)))
        slope = known.T @ (weight * (p - y)) + PENALTY * (momentum - prior) * (way != 0)
        new = momentum - rate * slope
        new = np.where(way > 0, np.maximum(new, least), np.where(way < 0, np.minimum(new, least), new))
        momentum = new + n / (n + 3) * (new - at)
        at = new
    return at[:-1], at[-1]


def tell(name, scores, y, weathers, hours):
    """Recall at so many false alarms a day."""
    false = np.sort(scores[~y])[::-1]
    print(f"{name}: {y.sum()} throws, {(~y).sum()} others, {hours:.1f} hours")
    for n in (0, 1, 2, 4, 8, 16, 32):
        if n >= len(false):
            break
        found = scores > false[n]
        by = ", ".join(f"{w} {100 * found[y & (weathers == w)].mean():.1f}"
                       for w in sorted(set(weathers[y])))
        print(f"  {n:3d} false ({24 * n / hours:6.1f} a day), above {false[n]:6.2f}: "
              f"{100 * found[y].mean():.1f} % ({by})")


def curves(weights, x, y):
    """Each curve's weight at its knots, moved so that throws and others together make it 0 in the mean."""
    half = np.where(y, 0.5 / y.sum(), 0.5 / (~y).sum())
    result, at = {}, 0
    for name, (_, knots) in CURVES.items():
        part = weights[at:at + len(knots) - 1]
        mean = float(half @ (x[:, at:at + len(part)] @ part))
        learned = np.concatenate([[0], np.cumsum(part)]) - mean + AFTERWARDS.get(name, 0)
        result[name] = (knots, np.array(FIXED[name], dtype=float) if name in FIXED else learned)
        at += len(part)
    return result


def write(path, learned, counts):
    lines = ["/* Made by bench/litter_learn.py of %d throws and %d other falls, all drawn: do not edit. */" % counts,
             '#include "litter_internal.h"', "", "const struct litter_curve litter_curves[LITTER_MEASURES] = {"]
    for name, (knots, weights) in learned.items():
        at = ", ".join(f"{k:g}" if k == int(k) else f"{k:g}f" for k in knots)
        w = ", ".join(f"{v:.3f}f" for v in weights)
        lines.append(f'\t{{"{name}", {len(knots)}, {{{at}}}, {{{w}}}}},')
    lines.append("};")
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tracks", nargs="+")
    parser.add_argument("--write")
    parser.add_argument("--hours", type=float, default=1, help="of scenes without a throw, for what is told")
    options = parser.parse_args()
    rows, y, scenes, weathers, scores = read(options.tracks)
    if not y.any() or y.all():
        sys.exit("litter_learn.py: throws and other falls are both needed")
    quiet = np.array(["quiet" in s for s in scenes])
    calibrated = ~np.isnan(rows[:, list(CURVES).index("travels-storeys")])
    x = steps(rows)
    tell("as it was", scores[quiet | y], y[quiet | y], weathers[quiet | y], options.hours)
    names = sorted(set(scenes))
    fold = {name: i % FOLDS for i, name in enumerate(names)}
    folds = np.array([fold[s] for s in scenes])
    out = np.zeros(len(y))
    for f in range(FOLDS):
        weights, constant = fit(x[folds != f], y[folds != f], calibrated[folds != f])
        out[folds == f] = x[folds == f] @ weights + constant
    for name, which in (("calibrated", calibrated), ("not calibrated", ~calibrated)):
        told = (quiet | y) & which
        tell(f"learned, on scenes not given, {name}", out[told], y[told], weathers[told], options.hours)
    weights, constant = fit(x, y, calibrated)
    learned = curves(weights, x, y)
    moved = constant + float(np.where(y, 0.5 / y.sum(), 0.5 / (~y).sum()) @ (x @ weights))
    print(f"constant {moved:.2f}: what a score of the table lacks of the logistic one")
    for name, (_, w) in sorted(learned.items(), key=lambda c: c[1][1].min() - c[1][1].max()):
        print(f"  {name:22s} {w[0]:6.2f} to {w[-1]:6.2f}")
    if options.write:
        write(options.write, learned, (int(y.sum()), int((~y).sum())))


if __name__ == "__main__":
    main()
