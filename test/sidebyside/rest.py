"""A client of /engine-rest, the same for both engines."""
import base64
import http.client
import json
import re
import uuid
import xml.etree.ElementTree as ET
from urllib.parse import urlsplit

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"


class Unanswered(Exception):
    """An engine has not answered within a minute: it is in an endless loop."""

    def __init__(self, engine, request):
        super().__init__(f"{engine.name} does not answer {request}")
        self.engine = engine


class Engine:
    """One engine at a URL; user is "name:password" or nothing."""

    def __init__(self, name, url, user=None):
        self.name, self.url, self.calls, self.jobs = name, urlsplit(url), 0, {}
        self.headers = {"Authorization": "Basic " + base64.b64encode(user.encode()).decode()} if user else {}
        self.connection = None

    def call(self, method, path, body=None, raw=None, kind="application/json"):
        """Returns the status and the decoded body."""
        data = raw if raw is not None else None if body is None else json.dumps(body).encode()
        headers = dict(self.headers)
        if data is not None:
            headers["Content-Type"] = kind
        self.calls += 1
        for attempt in (1, 2):  # the server may have closed a connection that rested
            if self.connection is None:
                self.connection = http.client.HTTPConnection(self.url.hostname, self.url.port, timeout=60)
            try:
                self.connection.request(method, self.url.path + path, body=data, headers=headers)
                answer = self.connection.getresponse()
                text = answer.read()
                break
            except TimeoutError:
                self.connection = None
                raise Unanswered(self, f"{method} {path}") from None
            except (http.client.HTTPException, ConnectionError):
                self.connection = None
                if attempt == 2:
                    raise
        try:
            return answer.status, json.loads(text) if text else None
        except ValueError:
            return answer.status, text.decode(errors="replace")

    def list(self, path):
        """Returns a list, or none if there is no such thing."""
        status, body = self.call("GET", path)
        return body if status == 200 else []

    def deploy(self, name, files):
        boundary, out = uuid.uuid4().hex, b""

        def part(field, value, filename=None):
            head = f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"'
            if filename:
                head += f'; filename="{filename}"\r\nContent-Type: application/octet-stream'
            return head.encode() + b"\r\n\r\n" + value + b"\r\n"

        out += part("deployment-name", name.encode())
        for filename, content in files.items():
            out += part(filename, content, filename)
        out += f"--{boundary}--\r\n".encode()
        return self.call("POST", "/deployment/create", raw=out, kind=f"multipart/form-data; boundary={boundary}")


def ordered(xml):
    """Puts what BPMN's schema wants last last: Camunda 7 insists on it, and our own models do not care."""
    for prefix, uri in re.findall(rb'xmlns:?(\w*)="([^"]*)"', xml):
        if not prefix.startswith(b"ns"):
            ET.register_namespace(prefix.decode(), uri.decode())
    root = ET.fromstring(xml)
    last = {f"{{{BPMN}}}{tag}" for tag in ("association", "textAnnotation", "group")}
    first = {f"{{{BPMN}}}{tag}" for tag in ("extensionElements", "documentation")}
    for element in root.iter():
        if any(child.tag in last for child in element):
            element[:] = sorted(element, key=lambda child: (child.tag in last) - (child.tag in first))
    definitions = [c for c in root if c.tag == f"{{{BPMN}}}process"]
    others = [c for c in root if c.tag != f"{{{BPMN}}}process"]
    root[:] = others + definitions
    return ET.tostring(root)
