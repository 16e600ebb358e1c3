#!/usr/bin/python3
"""Whole films, decoding included, beside Debian's motion: processor seconds for a minute of video, and memory.

  litter_peers.py BUILD_DIR [SECONDS]    SECONDS of 1080p25 (default 30); films are drawn by the scene generator

Processor time is that of the children, so that what else the machine does is no part of it. motion looks at every
frame, too, and writes nothing. Without motion (package: motion) its line has no peer.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time

FPS, SECONDS_4K = 25, 6
MOTION = """
daemon off
setup_mode off
log_level 3
width {width}
height {height}
framerate 25
movie_output off
picture_output off
webcontrol_port 0
stream_port 0
target_dir {folder}
netcam_url file://{film}
threshold 1500
"""


def draw(build, film, width, height, seconds, *things):
    subprocess.run([str(build / "tests" / "scene_make"), "--seed", "5", "--width", str(width), "--height", str(height),
                    "--fps", str(FPS), "--seconds", str(seconds), *things, "--out", str(film), "--truth",
                    str(film.with_suffix(".csv"))], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def used(command, limit_s=None, **options):
    """Processor seconds and the peak of memory in MB of one child; ended after limit_s."""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          **options) as child:
        timer = threading.Timer(limit_s, child.terminate) if limit_s else None
        if timer:
            timer.start()
        output = child.stdout.read()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if timer:
            timer.cancel()
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, output.decode()


def analysed(build, film):
    """Decoded and analysed, as fast as it goes, on one processor."""
    cpu = min(os.sched_getaffinity(0))
    return used([str(build / "bench" / "litter_file"), str(film)], preexec_fn=lambda: os.sched_setaffinity(0, {cpu}))


def motion(folder, film, seconds):
    """Processor seconds that motion takes for the film, which it plays in its own time and then over again."""
    config = folder / "motion.conf"
    config.write_text(MOTION.format(width=1920, height=1080, folder=folder, film=film), encoding="utf-8")
    start = time.monotonic()
    spent, _, _ = used([shutil.which("motion"), "-n", "-c", str(config)], limit_s=seconds)
    return spent / (time.monotonic() - start)


def say(case, ours, unit, peer=None, peer_name=None):
    print(json.dumps({"bench": "litter", "case": case, "ours": round(ours, 3), "peer": peer and round(peer, 3),
                      "peer_name": peer_name, "unit": unit, "ratio": peer and round(peer / ours, 2)}), flush=True)


def main():
    if len(sys.argv) < 2:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    build, seconds = pathlib.Path(sys.argv[1]).resolve(), int(sys.argv[2]) if len(sys.argv) > 2 else 30
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        film, large = folder / "1080.mp4", folder / "2160.mp4"
        draw(build, film, 1920, 1080, seconds, "--throw", "5,14,3,bottle", "--throw", "13,12,5,box", "--birds", "3")
        spent, memory, _ = analysed(build, film)
        theirs = motion(folder, film, seconds) * 60 if shutil.which("motion") else None
        say("1080p25_cpu_s_a_minute", spent * 60 / seconds, "s", theirs, "motion" if theirs else None)
        say("1080p25_share_of_a_core", 100 * spent / seconds, "%")
        say("1080p25_memory", memory, "MB")
        draw(build, large, 3840, 2160, SECONDS_4K, "--throw", "1,14,3,bottle")
        spent, _, _ = analysed(build, large)
        say("2160p25_share_of_a_core", 100 * spent / SECONDS_4K, "%")
    return 0


if __name__ == "__main__":
    sys.exit(main())
