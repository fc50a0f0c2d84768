"""Builds and starts the two engines, and ends what it has started."""
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
CAMUNDA, PRODUCT = 18090, 18091
JDK = "openjdk-17-jdk-headless"


def missing(product, arguments):
    """What has to be there and is not, in words."""
    lacks = [] if arguments.camunda_url else java() + taken(CAMUNDA)
    if not arguments.product_url:
        lacks += taken(PRODUCT)
        if not os.access(product, os.X_OK):
            lacks.append(f"{product} is not built (make diom)")
    return lacks


def java():
    lacks = [f"{name} is not installed (Debian: {package})" for name, package in (("java", JDK), ("javac", JDK), ("mvn", "maven")) if not shutil.which(name)]
    if shutil.which("java"):
        words = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False)
        version = re.search(r'version "(\d+)', words.stderr + words.stdout)
        if version and int(version.group(1)) < 17:
            lacks.append(f"java is {version.group(1)}; 17 or later is needed (Debian: {JDK})")
    return lacks


def taken(port):
    with socket.socket() as probe:
        return [f"port {port} is taken"] if probe.connect_ex(("127.0.0.1", port)) == 0 else []


class Started:
    """Processes that end with the block."""

    def __init__(self, home):
        self.home, self.processes, self.started = home, [], {}

    def __enter__(self):
        os.makedirs(self.home, exist_ok=True)
        return self

    def __exit__(self, *_):
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()

    def start(self, name, command, port, **environment):
        self.started[name] = (command, port, environment)
        log = open(os.path.join(self.home, name + ".log"), "wb")
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=ROOT, env=os.environ | environment)
        process.name = name
        self.processes.append(process)
        for _ in range(240):
            if process.poll() is not None:
                break
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/engine-rest/version", timeout=2)
                return
            except urllib.error.HTTPError as refusal:
                if refusal.code == 401:
                    return
            except OSError:
                pass
            time.sleep(0.5)
        sys.exit(f"{name} did not start: see {log.name}")

    def again(self, name):
        """Ends a process that was started here, and starts it anew."""
        for process in self.processes:
            if process.name == name and process.poll() is None:
                process.kill()
                process.wait()
        command, port, environment = self.started[name]
        self.start(name, command, port, **environment)

    def camunda(self):
        built = os.path.join(self.home, "camunda")
        if subprocess.run(["mvn", "-q", "-B", "-f", os.path.join(HERE, "camunda"), f"-Dsidebyside.build={os.path.abspath(built)}", "package"], check=False).returncode:
            sys.exit("Camunda was not built: Maven has to reach Maven Central, or a mirror that ~/.m2/settings.xml names, once")
        jar = os.path.join(built, "camunda.jar")
        self.start("camunda", ["java", "-Xmx900m", "-jar", jar, f"--server.port={CAMUNDA}"], CAMUNDA)

    def product(self, program):
        """The product with an empty database: scripts count what is there."""
        shutil.rmtree(os.path.join(self.home, "product"), ignore_errors=True)
        self.start("product", [program, "dev"], PRODUCT, DIOM_DEMO="1", DIOM_DEMO_HISTORY="false", DIOM_HOME=os.path.join(self.home, "product"),
                   DIOM_ADDR=f"127.0.0.1:{PRODUCT}", DIOM_JOBS_AUTOMATIC="false")
