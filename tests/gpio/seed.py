"""The randomness that a board's generator gives sooner or later; the kernel of tests/gpio/boot has none for minutes."""
import fcntl
import os
import struct

RNDADDENTROPY = 0x40085203  # linux/random.h


def give_randomness():
    seed = bytes.fromhex(os.environ["GH_SEED"])
    with open("/dev/random", "wb") as pool:
        fcntl.ioctl(pool, RNDADDENTROPY, struct.pack("ii", 8 * len(seed), len(seed)) + seed)
