"""
Faults of the daemon and of its power, in the kernel of tests/gpio/boot: prints what each relay did, one JSON object a
case, and for each the longest time a relay was at its releasing level without a command.

  tests/gpio/campaign.py [CASE...]     inputs start kill hang reload power; without a word: all
"""
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(os.environ.get("GH_BUILD_DIR", HERE.parents[1] / "build")).resolve()
LIMIT_S = 120


def boot(case, **more):
    """(status, output) of one case inside."""
    env = dict(os.environ, GH_POWER_CUT=more.pop("cut", ""))
    words = [f"{name}={value}" for name, value in {"GH_CASE": case, "GH_BUILD_DIR": BUILD, **more}.items()]
    child = subprocess.Popen([str(HERE / "boot"), str(HERE / "guest"), *words], env=env, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, start_new_session=True)
    try:
        output, _ = child.communicate(timeout=LIMIT_S)
        return child.returncode, output
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        output, _ = child.communicate()
        return 1, f"{output}\nthis kernel stood still for {LIMIT_S} s"


def power():
    """The kernel is killed while the relay is energised; a second one starts on the same disk."""
    state = pathlib.Path(tempfile.mkdtemp(prefix="gatehouse-power-", dir="/var/tmp"))
    pid_file = state / "kernel.pid"
    words = ["GH_CASE=cut", f"GH_BUILD_DIR={BUILD}", f"GH_STATE={state / 'state'}"]
    (state / "state").mkdir(mode=0o700)
    try:
        env = dict(os.environ, GH_KERNEL_PID=str(pid_file), GH_POWER_CUT="1")
        child = subprocess.Popen([str(HERE / "boot"), str(HERE / "guest"), *words], env=env, stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, text=True)
        deadline = time.monotonic() + LIMIT_S
        while not (state / "state" / "cut-me").exists():
            if child.poll() is not None or time.monotonic() > deadline:
                return 1, child.communicate()[0]
            time.sleep(0.05)
        # all processes of that kernel are children or threads of one: the power goes for all at once
        kernel = int(pid_file.read_text())
        for pid in [kernel, *children(kernel)]:
            with_kill(pid)
        child.communicate(timeout=LIMIT_S)
        return boot("after_cut", GH_STATE=state / "state")
    finally:
        shutil.rmtree(state, ignore_errors=True)


def children(pid):
    done = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    found = [int(word) for word in done.stdout.split()]
    return found + [grand for child in found for grand in children(child)]


def with_kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def main():
    cases = {name: lambda name=name: boot(name) for name in ("inputs", "start", "kill", "hang", "reload")}
    cases["power"] = power
    wrong = 0
    for name in sys.argv[1:] or cases:
        status, output = cases[name]()
        print(output.rstrip() if status else "\n".join(l for l in output.splitlines() if l.startswith("{")), flush=True)
        if status:
            print(f"{name}: failed with {status}", flush=True)
            wrong += 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
