"""Servers on port 0 that answer as a test says, and keep what they were sent."""

import socket
import ssl
import subprocess
import threading
import warnings

import h2.config
import h2.connection
import h2.events


def read_request(connection):
    """One HTTP/1.1 request as text; '' when the peer left."""
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65536)
        if not chunk:
            return ""
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    while len(body) < length:
        body += connection.recv(65536)
    return (head + b"\r\n\r\n" + body).decode()


def answer(body=b"", status="200 OK", *headers):
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


class Server:
    """`serve(server, connection)` is run for each connection, in a thread of its own."""

    def __init__(self, serve, context=None):
        self.requests = []
        self.connections = 0
        self._serve, self._context = serve, context
        self._done = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self):
        return f"{'https' if self._context else 'http'}://localhost:{self.port}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._done.set()
        self._listener.close()

    def wait_until_closed(self):
        self._done.wait()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._run, args=(connection,), daemon=True).start()

    def _run(self, connection):
        try:
            if self._context:
                connection = self._context.wrap_socket(connection, server_side=True)
            self._serve(self, connection)
        except OSError:
            pass
        finally:
            connection.close()


def answering(*answers):
    """Answers requests with these, in turn; the last one for all that follow."""

    def serve(server, connection):
        while request := read_request(connection):
            server.requests.append(request)
            connection.sendall(answers[min(len(server.requests), len(answers)) - 1])

    return serve


def speak_http2(server, connection):
    """Answers each stream with its path."""
    assert connection.selected_alpn_protocol() == "h2", connection.selected_alpn_protocol()
    protocol = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
    protocol.initiate_connection()
    connection.sendall(protocol.data_to_send())
    while data := connection.recv(65536):
        for event in protocol.receive_data(data):
            if isinstance(event, h2.events.RequestReceived):
                path = dict(event.headers)[b":path"]
                server.requests.append(path.decode())
                protocol.send_headers(event.stream_id, [(":status", "200")])
                protocol.send_data(event.stream_id, path, end_stream=True)
        connection.sendall(protocol.data_to_send())


def certificate(directory, name, host):
    """A self-signed certificate for `host`: the file with it, and with its key."""
    file = f"{directory}/{name}.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-keyout", file + ".key", "-out", file, "-subj", f"/CN={host}",
         "-addext", f"subjectAltName=DNS:{host}"],
        check=True, capture_output=True)
    return file


def tls(certificate_file, protocols=("http/1.1",), newest=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate_file, certificate_file + ".key")
    context.set_alpn_protocols(list(protocols))
    if newest:
        context.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # old versions are the point
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = newest
    return context
