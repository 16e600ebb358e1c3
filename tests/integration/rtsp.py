"""A small RTSP camera: one H.264 or H.265 film, over and over, interleaved in TCP. It can stall, drop its line and come
back, and somebody may change its settings while it sends."""
import base64
import contextlib
import re
import socket
import struct
import threading
import time

PAYLOAD_MAX, CLOCK = 1300, 90000


def nal_units(annex_b):
    parts = re.split(rb"\x00\x00\x00?\x01", annex_b)
    return [part for part in parts if part]


class H264:
    """RFC 6184"""
    sets, names = (7, 8), ("sprop-parameter-sets",)

    @staticmethod
    def kind(nal):
        return nal[0] & 31

    @classmethod
    def is_picture(cls, nal):
        return cls.kind(nal) in (1, 5)

    @staticmethod
    def begins_picture(nal):
        return nal[1] & 0x80

    @classmethod
    def fragment(cls, nal, head):
        """What stands before each part of a divided NAL unit, and the unit's bytes that are parted."""
        return bytes([nal[0] & 0xE0 | 28, head | cls.kind(nal)]), nal[1:]


class H265:
    """RFC 7798"""
    sets, names = (32, 33, 34), ("sprop-vps", "sprop-sps", "sprop-pps")

    @staticmethod
    def kind(nal):
        return nal[0] >> 1 & 63

    @classmethod
    def is_picture(cls, nal):
        return cls.kind(nal) < 32

    @staticmethod
    def begins_picture(nal):
        return nal[2] & 0x80

    @classmethod
    def fragment(cls, nal, head):
        return bytes([nal[0] & 0x81 | 49 << 1, nal[1], head | cls.kind(nal)]), nal[2:]


def pictures(nals, codec):
    """Each picture with what comes before it: lists of NAL units."""
    found, running = [], []
    for nal in nals:
        if running and any(map(codec.is_picture, running)) and (not codec.is_picture(nal) or codec.begins_picture(nal)):
            found.append(running)
            running = []
        running.append(nal)
    return found + ([running] if running else [])


class RtspCamera:
    def __init__(self, film, fps, codec=H264):
        self.fps = fps
        self.show(film, codec)
        self.flowing, self.clients, self.served = threading.Event(), [], 0
        self.flowing.set()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = f"rtsp://127.0.0.1:{self.port}/main"
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.flowing.set()
        self.listener.close()
        self.drop()

    def show(self, film, codec=H264):
        """From the next picture on; another codec is told to those that come anew."""
        nals = nal_units(film.read_bytes())
        sets = [next(n for n in nals if codec.kind(n) == kind) for kind in codec.sets]
        self.pictures, self.sets, self.codec = pictures(nals, codec), sets, codec

    def stall(self):
        self.flowing.clear()

    def go_on(self):
        self.flowing.set()

    def drop(self):
        for client in self.clients:
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
        self.clients.clear()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                self.clients.append(client)
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _description(self):
        sets = [base64.b64encode(s).decode() for s in self.sets]
        values = sets if len(self.codec.names) > 1 else [",".join(sets)]
        told = ";".join(f"{name}={value}" for name, value in zip(self.codec.names, values))
        return ("v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=test\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\n"
                f"a=rtpmap:96 {self.codec.__name__}/{CLOCK}\r\na=fmtp:96 packetization-mode=1;{told}\r\n"
                "a=control:track1\r\n").encode()

    def _serve(self, client):
        with contextlib.suppress(OSError, ValueError), client, client.makefile("rb") as lines:
            while line := lines.readline():
                method, headers = line.split(b" ")[0], {}
                while (header := lines.readline().strip()):
                    name, _, value = header.partition(b":")
                    headers[name.lower()] = value.strip()
                body, more = b"", b""
                if method == b"OPTIONS":
                    more = b"Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n"
                elif method == b"DESCRIBE":
                    body = self._description()
                    more = b"Content-Type: application/sdp\r\n"
                elif method == b"SETUP":
                    more = b"Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"
                client.sendall(b"RTSP/1.0 200 OK\r\nCSeq: %s\r\nSession: 1;timeout=60\r\n%sContent-Length: %d\r\n\r\n%s"
                               % (headers.get(b"cseq", b"0"), more, len(body), body))
                if method == b"PLAY":
                    threading.Thread(target=self._play, args=(client,), daemon=True).start()

    def _play(self, client):
        self.served += 1
        sequence, begun = 0, time.monotonic()
        with contextlib.suppress(OSError):
            for number in range(10**6):
                self.flowing.wait()
                time.sleep(max(0, begun + number / self.fps - time.monotonic()))
                picture = self.picture(number)
                for index, nal in enumerate(picture):
                    for payload, last in self._payloads(nal):
                        mark = 0x80 if last and index == len(picture) - 1 else 0
                        packet = struct.pack(">BBHII", 0x80, 96 | mark, sequence & 0xFFFF,
                                             number * CLOCK // self.fps & 0xFFFFFFFF, 1) + payload
                        client.sendall(struct.pack(">cBH", b"$", 0, len(packet)) + packet)
                        sequence += 1

    def picture(self, number):
        return self.pictures[number % len(self.pictures)]

    def _payloads(self, nal):
        """One packet, or fragments."""
        if len(nal) <= PAYLOAD_MAX:
            yield nal, True
            return
        _, rest = self.codec.fragment(nal, 0)
        for at in range(0, len(rest), PAYLOAD_MAX):
            last = at + PAYLOAD_MAX >= len(rest)
            head, _ = self.codec.fragment(nal, (0x80 if at == 0 else 0) | (0x40 if last else 0))
            yield head + rest[at:at + PAYLOAD_MAX], last
