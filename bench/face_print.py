#!/usr/bin/python3
"""Draws the film of a picture that somebody holds before a camera, or of a screen that shows one, as raw BGR frames on stdout.

  bench/face_print.py PHOTO [--seconds 30] [--fps 25] [--tilt DEGREES] [--hertz H] [--screen PITCH] [--seed N] | face_film 640x480 25

A print is turned about all three axes, bent, moved and noisy; --tilt and --hertz say how far and how fast, 0 holds it still. With
--screen it is shown on a screen whose pixels, each of a red, a green and a blue bar, are PITCH camera pixels wide: near
1 their raster and the camera's make moire. PHOTO is anything that ffmpeg reads; of a film every frame is shown in turn.
Needs python3-numpy and ffmpeg.
"""
import argparse
import subprocess
import sys

import numpy as np

WIDTH, HEIGHT, PRINT_WIDTH, FOCAL = 640, 480, 300.0, 900.0


def pictures(path, fps):
    """The photo, or the frames of a film over and over, 300 pixels wide."""
    wide = f"fps={fps},scale={int(PRINT_WIDTH)}:-2"
    size = subprocess.run(["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "stream=width,height",
                           "-of", "csv=p=0", path], capture_output=True, text=True, check=True).stdout.split(",")
    height = int(PRINT_WIDTH * int(size[1]) / int(size[0]) / 2 + 0.5) * 2
    none = True
    while True:
        with subprocess.Popen(["ffmpeg", "-v", "error", "-i", path, "-vf", wide, "-f", "rawvideo", "-pix_fmt", "bgr24", "-"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as film:
            while len(data := film.stdout.read(height * int(PRINT_WIDTH) * 3)) == height * int(PRINT_WIDTH) * 3:
                none = False
                yield np.frombuffer(data, np.uint8).reshape(height, int(PRINT_WIDTH), 3)
        if none:
            sys.exit(f"{path}: no picture at {fps} a second")


def swings(rng, seconds, amplitude, hertz):
    """A smooth course: six swings of random pace, up to @hertz."""
    return sum(rng.normal() * np.sin(2 * np.pi * rng.uniform(0.1, max(hertz, 0.11)) * seconds + rng.uniform(0, 7))
               for _ in range(6)) * amplitude / 2.4


def turned(x, y, z):
    (cx, cy, cz), (sx, sy, sz) = np.cos([x, y, z]), np.sin([x, y, z])
    return (np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]]) @ np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]]) @
            np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]]))


def sample(picture, x, y):
    """Bilinear; outside the picture grey."""
    height, width = picture.shape[:2]
    inside = (x >= 0) & (y >= 0) & (x < width - 1) & (y < height - 1)
    x, y = np.where(inside, x, 0), np.where(inside, y, 0)
    left, top = x.astype(int), y.astype(int)
    fx, fy = (x - left)[..., None], (y - top)[..., None]
    rows = picture.astype(np.float32)
    value = ((rows[top, left] * (1 - fx) + rows[top, left + 1] * fx) * (1 - fy) +
             (rows[top + 1, left] * (1 - fx) + rows[top + 1, left + 1] * fx) * fy)
    return np.where(inside[..., None], value, 110), inside


def raster(x, y, pitch):
    """How bright each colour's bar is at a place of the screen, in camera pixels of its own plane."""
    column = np.mod(x / pitch, 1)[..., None]
    bars = np.clip(3 - 9 * np.abs(np.mod(column - np.array([5, 3, 1]) / 6 + 0.5, 1) - 0.5), 0, 1.5)
    rows = np.clip(2.2 - 4 * np.abs(np.mod(y / pitch, 1) - 0.5), 0, 1.2)[..., None]
    return bars * rows / 0.75


def main():
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("photo")
    words.add_argument("--seconds", type=float, default=30)
    words.add_argument("--fps", type=int, default=25)
    words.add_argument("--tilt", type=float, default=20)
    words.add_argument("--hertz", type=float, default=1.5)
    words.add_argument("--screen", type=float, default=0)
    words.add_argument("--seed", type=int, default=1)
    args = words.parse_args()
    rng, count = np.random.default_rng(args.seed), int(args.seconds * args.fps)
    seconds = np.arange(count) / args.fps
    moving = 1 if args.tilt > 0 else 0.02
    tilt = [np.radians(swings(rng, seconds, a, args.hertz)) for a in (args.tilt, args.tilt, 6 * moving)]
    away = [swings(rng, seconds, a * moving, 1) for a in (50, 40, 0.1)]
    bend = swings(rng, seconds, 0.05 * moving, args.hertz)
    fine = 3 if args.screen > 0 else 1  # the camera's pixels gather light over their width
    v, u = np.mgrid[0:HEIGHT * fine, 0:WIDTH * fine].astype(np.float32) / fine
    for i, picture in zip(range(count), pictures(args.photo, args.fps)):
        high = PRINT_WIDTH * picture.shape[0] / picture.shape[1]
        plane = turned(tilt[0][i], tilt[1][i], tilt[2][i])
        # camera pixel = K (R[:, :2] (x, y) + t): the inverse takes a pixel to a place on the print
        seen = np.column_stack([plane[:, 0], plane[:, 1], [away[0][i], away[1][i], FOCAL * (1 + away[2][i])]])
        back = np.linalg.inv(np.diag([FOCAL, FOCAL, 1]) @ seen)
        px, py, pw = (back[k, 0] * (u - WIDTH / 2) + back[k, 1] * (v - HEIGHT / 2) + back[k, 2] for k in range(3))
        x, y = px / pw + PRINT_WIDTH / 2, py / pw
        y = y + bend[i] * ((2 * y / high) ** 2 - 1) * high / 2 + high / 2
        frame, inside = sample(picture, x, y)
        if args.screen > 0:
            frame = np.where(inside[..., None], frame * raster(x, y, args.screen), frame)
            frame = frame.reshape(HEIGHT, fine, WIDTH, fine, 3).mean(axis=(1, 3))
        frame = frame + rng.normal(0, 3, frame.shape)
        sys.stdout.buffer.write(np.clip(frame, 0, 255).astype(np.uint8).tobytes())


if __name__ == "__main__":
    try:
        main()
    except BrokenPipeError:
        sys.exit(1)
