"""
Every call of a test run against docs/reference/openapi.yaml: a path, method, status or member that the document lacks is a
failure. What the gate refuses on any path (no session, no such path, a body too large...) is in its preamble.
"""
import functools
import json
import pathlib
import re

DOCUMENT = pathlib.Path(__file__).resolve().parents[2] / "docs" / "reference" / "openapi.yaml"
ANYWHERE = {401, 403, 404, 405, 412, 413, 503}


@functools.cache
def load():
    """None when a library is missing: tools/setup --for test brings both."""
    try:
        import jsonschema
        import yaml
    except ImportError:
        return None
    return Document(yaml.safe_load(DOCUMENT.read_text()), jsonschema)


class Document:
    def __init__(self, document, jsonschema):
        self.document, self.jsonschema = document, jsonschema
        self.paths = []
        for path, item in document["paths"].items():
            pattern = re.sub(r"\\\{[a-z_]+\\\}", "[^/]+", re.escape(path))
            self.paths.append((re.compile(f"^{pattern}$"), path.count("{"), path, item))
        self.paths.sort(key=lambda each: each[1])  # a fixed path before one with a parameter

    def _resolve(self, thing):
        while "$ref" in thing:
            at = self.document
            for part in thing["$ref"].lstrip("#/").split("/"):
                at = at[part]
            thing = at
        return thing

    def _mistakes(self, schema, value):
        whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "components": self.document["components"]}
        return [f"{'/'.join(map(str, e.absolute_path))}: {e.message[:300]}"
                for e in self.jsonschema.Draft202012Validator(whole).iter_errors(value)]

    def complaint(self, method, route, sent, status, kind, answer):
        """None, or what is wrong with one call; @p sent and @p answer are bytes."""
        path = "/" + route.split("?")[0]
        found = next((each for each in self.paths if each[0].match(path)), None)
        if found is None:
            return None if status in ANYWHERE else f"{path} is not in openapi.yaml and was answered {status}"
        operation = found[3].get(method.lower())
        if operation is None:
            return None if status in ANYWHERE else f"{method} {found[2]} is not in openapi.yaml and was answered {status}"
        wrong = self._request(operation, sent) if status < 300 else None
        return wrong and f"{method} {found[2]}: {wrong}" or self._answer(method, found[2], operation, status, kind, answer)

    def _request(self, operation, sent):
        schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
        if schema is None or not sent:
            return None
        mistakes = self._mistakes(schema, json.loads(sent))
        return f"was taken though the request is not as described: {mistakes}" if mistakes else None

    def _answer(self, method, path, operation, status, kind, answer):
        described = operation["responses"].get(str(status))
        if described is None and status not in ANYWHERE:
            return f"{method} {path}: answer {status} is not in openapi.yaml"
        content = self._resolve(described or {"$ref": "#/components/responses/Problem"}).get("content", {})
        schema = content.get((kind or "").split(";")[0], {}).get("schema")
        if content and answer and schema is None and method != "HEAD":
            return f"{method} {path}: {status} comes as {kind}, which is not in openapi.yaml"
        if schema is None or "json" not in kind or "jsonl" in kind:
            return None
        mistakes = self._mistakes(schema, json.loads(answer))
        return f"{method} {path}: {status} is not as described: {mistakes}" if mistakes else None


def check(method, route, sent, status, kind, answer):
    """Raise when a call is not as docs/reference/openapi.yaml says."""
    document = load()
    wrong = document and document.complaint(method, route, sent, status, kind, answer)
    if wrong:
        raise AssertionError(wrong)
