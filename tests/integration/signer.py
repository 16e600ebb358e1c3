"""
The property system's side of a command, written from docs/reference/mqtt.md alone: an MQTT 5 client that is not ours
(paho) and a signature that is not ours (PyNaCl).
"""
import base64
import itertools
import json
import queue
import socket
import time

import contract

SITE_TOPIC = "gatehouse/test-site/test-gate"


class Key:
    def __init__(self, name):
        import nacl.signing

        self.name, self.secret = name, nacl.signing.SigningKey.generate()
        self.nonce = itertools.count(time.time_ns() // 1000)

    @property
    def seed(self):
        return base64.b64encode(bytes(self.secret)).decode()

    @property
    def public(self):
        return base64.b64encode(bytes(self.secret.verify_key)).decode()

    def sign(self, topic, body, id_="t-1", expires_ms=None, nonce=None, **more):
        envelope = {"v": 1, "key": self.name, "id": id_, "nonce": nonce or next(self.nonce), "body": body,
                    "expires": expires_ms or int(time.time() * 1000) + 60000, **more}
        text = json.dumps(envelope, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        envelope["sig"] = base64.b64encode(self.secret.sign(f"{topic}\n{text}".encode()).signature).decode()
        return json.dumps(envelope, ensure_ascii=False)


class Client:
    """paho in its own thread; answers come to one topic, told apart by their correlation data."""

    def __init__(self, port, limit_s, **login):
        import paho.mqtt.client as paho
        from paho.mqtt.packettypes import PacketTypes
        from paho.mqtt.properties import Properties

        self.limit_s, self.properties = limit_s, lambda: Properties(PacketTypes.PUBLISH)
        self.answers, self.number = {}, itertools.count()
        self.answer_topic = f"client/reply/{time.monotonic_ns()}"
        self.ready = queue.Queue()
        self.client = paho.Client(protocol=paho.MQTTv5)
        self.client.on_message = self._on_message
        self.client.on_subscribe = lambda *_: self.ready.put(True)
        self.client.on_socket_open = lambda _client, _arg, sock: sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        self.client.subscribe(self.answer_topic, qos=1)
        self.ready.get(timeout=limit_s)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.disconnect()
        self.client.loop_stop()

    def _on_message(self, _client, _arg, message):
        waiting = self.answers.get(bytes(message.properties.CorrelationData))
        if waiting:
            waiting.put(json.loads(message.payload))

    def send(self, topic, payload, **options):
        self.client.publish(topic, payload, qos=1, **options).wait_for_publish(self.limit_s)

    def ask(self, name, payload):
        properties, correlation = self.properties(), b"%d" % next(self.number)
        properties.ResponseTopic, properties.CorrelationData = self.answer_topic, correlation
        waiting = self.answers[correlation] = queue.Queue()
        self.client.publish(f"{SITE_TOPIC}/cmd/{name}", payload, qos=1, properties=properties)
        try:
            return waiting.get(timeout=self.limit_s)
        finally:
            del self.answers[correlation]

    def command(self, key, name, body, **envelope):
        """The answer of a well signed command."""
        answer = self.ask(name, key.sign(f"{SITE_TOPIC}/cmd/{name}", body, **envelope))
        wrong = contract.load().answered(name, body, answer)
        if wrong:
            raise AssertionError(f"docs/reference/asyncapi.yaml does not have this {name}: {wrong}")
        return answer
