#!/usr/bin/python3
"""Writes small nets that answer like YuNet (March 2022) and SFace, for tests: make_nets.py FOLDER

yunet.onnx   a face wherever a place of the picture is blue: box and five points at fixed distances from the place
yunet.txt    what OpenCV's own FaceDetectorYN says to blue.ppm (an RGB picture, written beside it); only where it is installed
sface.onnx   112x112 raw RGB to 128 numbers
opset.onnx   the same in operator set 18, in which axes are an input and no attribute
"""
import pathlib
import struct
import sys

# ---- the few parts of ONNX's protocol buffers that are needed ----


def varint(value):
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def number(field, value):
    return varint(field << 3) + varint(value)


def part(field, data):
    data = data.encode() if isinstance(data, str) else data
    return varint(field << 3 | 2) + varint(len(data)) + data


def attribute(name, value):
    if isinstance(value, list):
        return part(5, part(1, name) + b"".join(number(8, v) for v in value) + number(20, 7))
    return part(5, part(1, name) + number(3, value) + number(20, 2))


def node(kind, inputs, output, **attributes):
    return part(1, b"".join(part(1, i) for i in inputs) + part(2, output) + part(3, output) + part(4, kind)
                + b"".join(attribute(k, v) for k, v in attributes.items()))


def tensor(name, dims, values, kind=1):
    packed = struct.pack(f"<{len(values)}{'f' if kind == 1 else 'q'}", *values)
    return part(5, b"".join(number(1, d) for d in dims) + number(2, kind) + part(8, name) + part(9, packed))


def value_info(field, name, dims):
    shape = b"".join(part(1, number(1, d)) for d in dims)
    return part(field, part(1, name) + part(2, part(1, number(1, 1) + part(2, shape))))


def model(parts, inputs, outputs, opset=11):
    graph = b"".join(parts) + part(2, "test") + b"".join(value_info(11, *i) for i in inputs) \
        + b"".join(value_info(12, *o) for o in outputs)
    return number(1, 6) + part(7, graph) + part(8, part(1, "") + number(2, opset))


# ---- YuNet: step, sizes of face a place ----

WIDTH, HEIGHT = 320, 256
LEVELS = ((8, 3), (16, 2), (32, 2), (64, 3))
PLACE = [0.5, -1, 0.4, 0.6, -3, -2, 3, -2, 0.2, 0.5, -2, 3, 2.5, 3.5]  # shift, size, points of a place


def yunet():
    parts, places = [], 0
    for level, (step, sizes) in enumerate(LEVELS):
        places += (HEIGHT // step) * (WIDTH // step) * sizes
        parts.append(node("AveragePool", ["input"], f"p{level}", kernel_shape=[step, step], strides=[step, step]))
        for head, width in (("loc", 14), ("conf", 2), ("iou", 1)):
            channels = sizes * width
            weights, bias = [0.0] * (channels * 3), [0.0] * channels
            for size in range(sizes):
                if head == "loc":
                    bias[size * 14:size * 14 + 14] = [v * (1 + 0.1 * size) for v in PLACE]
                elif head == "conf":
                    weights[(size * 2 + 1) * 3] = (0.99 - 0.02 * size - 0.01 * level) / 255  # of blue, BGR's first
                else:
                    bias[size] = 1.5  # more than 1 counts as 1
            name = f"{head}{level}"
            parts.append(tensor(name + "w", [channels, 3, 1, 1], weights))
            parts.append(tensor(name + "b", [channels], bias))
            parts.append(tensor(name + "s", [3], [1, -1, width], kind=7))
            parts.append(node("Conv", [f"p{level}", name + "w", name + "b"], name + "c", kernel_shape=[1, 1]))
            parts.append(node("Transpose", [name + "c"], name + "t", perm=[0, 2, 3, 1]))
            parts.append(node("Reshape", [name + "t", name + "s"], name))
    for head, width in (("loc", 14), ("conf", 2), ("iou", 1)):
        parts.append(node("Concat", [f"{head}{level}" for level in range(len(LEVELS))], head, axis=1))
    return model(parts, [("input", [1, 3, HEIGHT, WIDTH])],
                 [("loc", [1, places, 14]), ("conf", [1, places, 2]), ("iou", [1, places, 1])])


def sface(newer=False):
    state, weights = 1, []
    for _ in range(192 * 128):
        state = (state * 1103515245 + 12345) % 2**31
        weights.append(state / 2**31 - 0.5)
    parts = [node("AveragePool", ["data"], "pool", kernel_shape=[14, 14], strides=[14, 14]),
             tensor("axes", [1], [4], kind=7), node("Unsqueeze", ["pool", "axes"], "wide"),
             node("ReduceMax", ["wide", "axes"], "pooled", keepdims=0)] if newer else [
                 node("AveragePool", ["data"], "pooled", kernel_shape=[14, 14], strides=[14, 14])]
    parts += [node("Flatten", ["pooled"], "flat", axis=1),
             tensor("w", [128, 192], weights), tensor("b", [128], [0.0] * 128),
             node("Gemm", ["flat", "w", "b"], "fc1", transB=1)]
    return model(parts, [("data", [1, 3, 112, 112])], [("fc1", [1, 128])], 18 if newer else 11)


def picture():
    """A blue square of 64 px on green, at (64, 128): all sizes of face."""
    rows = bytearray()
    for y in range(HEIGHT):
        for x in range(WIDTH):
            rows += b"\0\0\xff" if 64 <= x < 128 and 128 <= y < 192 else b"\0\x60\0"
    return b"P6 %d %d 255\n" % (WIDTH, HEIGHT) + rows


def main(folder):
    (folder / "yunet.onnx").write_bytes(yunet())
    (folder / "sface.onnx").write_bytes(sface())
    (folder / "opset.onnx").write_bytes(sface(newer=True))
    (folder / "blue.ppm").write_bytes(picture())
    try:
        import cv2
    except ImportError:
        return
    detector = cv2.FaceDetectorYN.create(str(folder / "yunet.onnx"), "", (WIDTH, HEIGHT), 0.7, 0.4)
    _, faces = detector.detect(cv2.imread(str(folder / "blue.ppm")))
    (folder / "yunet.txt").write_text("".join(" ".join(f"{v:.4f}" for v in face) + "\n" for face in faces))


main(pathlib.Path(sys.argv[1]))
