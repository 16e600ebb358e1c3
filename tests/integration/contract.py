"""
Every message of a test run against docs/reference/asyncapi.yaml: what the gate sends and the document lacks is a failure.

mosquitto_sub hears everything on the broker for as long as the broker is there; check() then looks at each message
that a gate sent. The schemas are those of the document itself; envelopes of events and data of events may hold
nothing that is not written there.
"""
import functools
import json
import pathlib
import re
import subprocess
import time

SOURCE = pathlib.Path(__file__).resolve().parents[2]
DOCUMENT = SOURCE / "docs" / "reference" / "asyncapi.yaml"
REPLIES = re.compile(r"^client/reply/")  # where the tests ask for answers


class Missing(Exception):
    """A library is not there; the test that needs it says so."""


@functools.cache
def load():
    try:
        import jsonschema
        import yaml
    except ImportError as error:
        raise Missing(f"python3-yaml or python3-jsonschema is not installed: {error}") from None
    document = yaml.safe_load(DOCUMENT.read_text())
    return Contract(document, jsonschema)


class Contract:
    def __init__(self, document, jsonschema):
        self.document = document
        resolver = jsonschema.RefResolver("", document)
        self.validators = {}
        for name, message in document["components"]["messages"].items():
            if "payload" in message:
                self.validators[name] = jsonschema.Draft7Validator(message["payload"], resolver=resolver)
        for kind in ("Bodies", "Results"):
            for name, schema in document["components"]["schemas"][kind]["properties"].items():
                self.validators[kind, name] = jsonschema.Draft7Validator(schema, resolver=resolver)
        self.channels = []
        for name, channel in document["channels"].items():
            parts = re.split(r"(\{[a-z_]+\})", channel["address"] or "")
            # a parameter is one level of a topic; event types and ids hold no slash
            pattern = "".join("[^/]+" if part.startswith("{") else re.escape(part) for part in parts)
            self.channels.append((re.compile(f"^{pattern}$"), name, list(channel["messages"])))

    def envelope(self):
        return set(self.document["components"]["schemas"]["Event"]["properties"])

    def complaint(self, topic, payload):
        """None, or what is wrong with this message."""
        if REPLIES.match(topic):
            return self._judge("reply", payload)
        for pattern, channel, messages in self.channels:
            if not pattern.match(topic):
                continue
            if channel == "event":
                return self._event(topic, payload)
            if payload == b"":
                return None  # a retained message was removed
            return self._judge(messages[0], payload)
        return "no channel has this topic"

    def answered(self, command, body, answer):
        """None, or what the document lacks of a command that was obeyed."""
        if not answer["ok"]:
            return None
        return self._judge(("Bodies", command), json.dumps(body)) or \
            self._judge(("Results", command), json.dumps(answer["result"]))

    def logged(self, event):
        """None, or what is wrong with an event as the log has it."""
        sent = {k: v for k, v in event.items() if k not in ("prev", "hash")}
        return self._event("event/" + event["type"], json.dumps(sent))

    def _event(self, topic, payload):
        try:
            event = json.loads(payload)
        except ValueError as error:
            return f"not JSON: {error}"
        name = event.get("type")
        if name != topic.rsplit("/", 1)[1]:
            return f"type {name} under another topic"
        unknown = set(event) - self.envelope()
        if unknown:
            return f"the envelope has {sorted(unknown)}"
        if name not in self.validators:
            return f"no message is called {name}"
        return self._judge(name, payload)

    def _judge(self, name, payload):
        try:
            value = json.loads(payload)
        except ValueError as error:
            return f"not JSON: {error}"
        errors = [f"{'/'.join(map(str, e.absolute_path))}: {e.message[:300]}" for e in self.validators[name].iter_errors(value)]
        return "; ".join(errors[:3]) or None


class Recorder:
    """Hears all that passes a broker."""

    def __init__(self, broker):
        self.broker, self.id = broker, f"recorder-{time.monotonic_ns()}"
        self.path = broker.folder / f"{self.id}.txt"
        self.out = open(self.path, "wb")
        self.child = subprocess.Popen(["mosquitto_sub", "-V", "5", "-h", "127.0.0.1", "-p", str(broker.port), "-i", self.id,
                                       "-q", "0", "-t", "#", "-F", "%t %x"], stdout=self.out, stderr=subprocess.DEVNULL,
                                      stdin=subprocess.DEVNULL, start_new_session=True)
        broker.process.wait_log(f"Sending SUBACK to {self.id}")

    def stop(self):
        self.child.kill()
        self.child.wait()
        self.out.close()

    def messages(self):
        """(topic, payload) of what a gate sent."""
        for line in self.path.read_bytes().split(b"\n")[:-1]:
            topic, _, payload = line.decode().partition(" ")
            if "/cmd/" not in topic:
                yield topic, bytes.fromhex(payload)

    def check(self):
        """A sentence a kind of mistake, at most ten."""
        contract, wrong, count = load(), {}, 0
        for topic, payload in self.messages():
            count += 1
            complaint = contract.complaint(topic, payload)
            if complaint:
                wrong.setdefault((topic, complaint), payload)
        told = [f"{topic}: {complaint}: {payload[:600]!r}" for (topic, complaint), payload in list(wrong.items())[:10]]
        return count, told
