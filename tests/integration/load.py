"""People at work on a gate that may be killed at any moment, and what of it was acknowledged."""
import contextlib
import http.client
import queue
import threading

import harness


class Worker(threading.Thread):
    """Does one act after another until the with-block ends; what went unanswered is tried anew with a new connection."""

    FAULTS = (OSError, http.client.HTTPException, ValueError)

    def __init__(self, gate, pause_s=0.0):
        super().__init__(daemon=True)
        self.gate, self.pause_s, self.acts, self.error, self.ended = gate, pause_s, 0, None, threading.Event()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, kind, *_):
        self.ended.set()
        self.join(harness.LIMIT_S)
        if kind is None:
            assert not self.is_alive(), f"{type(self).__name__} does not end"
            if self.error is not None:
                raise self.error

    def run(self):
        connection = None
        while not self.ended.wait(self.pause_s):
            try:
                connection = connection or self.gate.connection()
                self.act(connection)
                self.acts += 1
            except self.FAULTS:
                if connection is not None:
                    connection.close()
                connection = None  # the daemon was killed: unanswered is not acknowledged
                self.ended.wait(0.005)
            except Exception as error:  # told in the main thread
                self.error = error
                break
        if connection is not None:
            connection.close()

    def more(self, count):
        """Waits for so many acts more."""
        goal = self.acts + count
        harness.wait_until(f"{goal} acts", lambda: self.acts >= goal or self.error)
        if self.error is not None:
            raise self.error

    def act(self, connection):
        raise NotImplementedError


class Load(Worker):
    """People come and go, doors are opened and left by the button, over the API; with a reader, cards are shown, too."""

    CARD = 4711

    def __init__(self, gate, pause_s=0.0, reader=None):
        super().__init__(gate, pause_s)
        self.reader, self.shown, self.last = reader, {}, 0
        self.added, self.removed = set(), set()

    def act(self, connection):
        status, person = connection.call("POST", "people", {"name": f"Person {self.acts}"})
        if status == 201:
            self.added.add(person["id"])
            if self.acts % 3 == 0 and connection.call("DELETE", f"people/{person['id']}")[0] == 204:
                self.removed.add(person["id"])
        if self.acts % 4 == 0:
            connection.call("POST", "doors/main/open")
        if self.reader and self.acts % 2 == 0:
            connection.call("POST", f"board/readers/{self.reader}/swipe", {"code": self.CARD})
        for level in ("active", "inactive"):
            connection.call("POST", "board/lines/main-exit", {"level": level})
        self.look(connection)

    def look(self, connection):
        """What the log shows is committed, and has to be the same ever after."""
        status, page = connection.call("GET", f"events?limit=1000&after={self.last}")
        if status == 200:
            self.shown.update((event["seq"], event) for event in page["events"])
            self.last = max(self.shown, default=0)

    @property
    def acknowledged(self):
        return len(self.added) + len(self.removed)


class Orders(Worker):
    """The property system opens the door by signed commands; the ids of those that were answered well."""

    LIMIT_S = 1.0  # for an answer of a daemon that may just have been killed

    def __init__(self, gate, broker, key):
        super().__init__(gate, 0.01)
        self.broker, self.key, self.answered = broker, key, set()

    def run(self):
        from signer import Client

        with Client(self.broker.port, harness.LIMIT_S) as self.client:
            self.client.limit_s = self.LIMIT_S
            super().run()

    def act(self, _):
        id_ = f"order-{self.acts}"
        with contextlib.suppress(queue.Empty):
            if self.client.command(self.key, "door.open", {"door": "main"}, id_=id_)["ok"]:
                self.answered.add(id_)
