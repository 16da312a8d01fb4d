"""What the network does to requests, and what the transport tells of it."""

import gzip
import json
import os
import ssl
import struct
import socket
import subprocess
import tempfile
import unittest

from servers import (Server, answer, answering, certificate, read_request, speak_http2, tls)

FETCH = os.path.join(os.environ["MUSTER_BUILD"], "bin", "fetch")


def fetch(*arguments):
    done = subprocess.run([FETCH, *map(str, arguments)], capture_output=True, text=True, timeout=60,
                          env={**os.environ, "no_proxy": "*"})
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def only(*arguments):
    responses = fetch(*arguments)
    assert len(responses) == 1, responses
    return responses[0]


class Plain(unittest.TestCase):
    def test_an_answer_has_status_headers_and_body(self):
        with Server(answering(answer(b"hello", "201 Created", "X-Kind: test"))) as server:
            response = only(server.url + "/a?b=1")
        self.assertEqual((response["outcome"], response["status"]), ("answered", 201))
        self.assertEqual((response["body"], response["headers"]["X-Kind"]), ("hello", "test"))
        self.assertTrue(server.requests[0].startswith("GET /a?b=1 HTTP/1.1"))

    def test_method_and_body_arrive_as_given(self):
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            with Server(answering(answer())) as server:
                only("--method", method, "--body", '{"a":1}', server.url)
            head, _, body = server.requests[0].partition("\r\n\r\n")
            self.assertTrue(head.startswith(method + " / "), head)
            self.assertEqual(body, '{"a":1}')

    def test_an_encoded_body_is_decoded(self):
        packed = answer(gzip.compress(b"hello"), "200 OK", "Content-Encoding: gzip")
        with Server(answering(packed)) as server:
            self.assertEqual(only(server.url)["body"], "hello")

    def test_connections_are_kept_alive(self):
        with Server(answering(answer(b"x"))) as server:
            responses = fetch("--one-by-one", *[server.url] * 5)
        self.assertEqual([response["body"] for response in responses], ["x"] * 5)
        self.assertEqual(server.connections, 1)

    def test_a_refused_connection_was_not_sent(self):
        with socket.socket() as nobody_listens:
            nobody_listens.bind(("127.0.0.1", 0))
            response = only(f"http://127.0.0.1:{nobody_listens.getsockname()[1]}")
        self.assertEqual(response["outcome"], "not sent")
        self.assertTrue(response["error"])

    def test_an_unknown_host_was_not_sent(self):
        self.assertEqual(only("https://no-such-host.invalid")["outcome"], "not sent")

    def test_another_scheme_is_not_sent(self):
        for url in ("file:///etc/passwd", "ftp://localhost/x", "nonsense://x", ""):
            self.assertEqual(only("--timeout", 2000, url or "http:")["outcome"], "not sent")

    def test_a_reset_after_the_request_may_have_taken_effect(self):
        def reset(server, connection):
            server.requests.append(read_request(connection))
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

        with Server(reset) as server:
            self.assertEqual(only("--method", "POST", server.url)["outcome"], "no answer")

    def test_a_kept_connection_that_closes_without_an_answer_is_no_reason_to_send_again(self):
        def answer_the_first(server, connection):
            server.requests.append(read_request(connection))
            if len(server.requests) == 1:
                connection.sendall(answer(b"first"))
                server.requests.append(read_request(connection))
                return  # closed: whether it took effect only the server knows
            connection.sendall(answer(b"again"))

        for method in ("POST", "GET"):
            with Server(answer_the_first) as server:
                first, second = fetch("--one-by-one", "--method", method, server.url + "/1",
                                      server.url + "/2")
            self.assertEqual(first["outcome"], "answered")
            self.assertEqual((second["outcome"], second["status"]), ("no answer", 0), method)
            self.assertIn("without an answer", second["error"])
            seen = [request.split()[1] for request in server.requests if request]
            self.assertEqual(seen, ["/1", "/2"], method)

    def test_a_truncated_body_is_no_answer(self):
        def truncate(server, connection):
            server.requests.append(read_request(connection))
            connection.sendall(answer(b"0123456789")[:-4])

        with Server(truncate) as server:
            response = only(server.url)
        self.assertEqual((response["outcome"], response["body"]), ("no answer", ""))

    def test_a_body_above_the_limit_is_no_answer(self):
        with Server(answering(answer(b"x" * 1001))) as server:
            response = only("--largest-body", 1000, server.url)
            self.assertEqual(response["outcome"], "no answer")
            self.assertEqual(response["error"], "the answer is too large")
            self.assertEqual(only("--largest-body", 1001, server.url)["outcome"], "answered")

    def test_a_packed_body_that_grows_above_the_limit_is_no_answer(self):
        packed = answer(gzip.compress(b"x" * 10_000_000), "200 OK", "Content-Encoding: gzip")
        with Server(answering(packed)) as server:
            self.assertEqual(only("--largest-body", 100_000, server.url)["outcome"], "no answer")

    def test_a_streamed_body_may_be_of_any_size(self):
        # More than the limit of 64 MiB that stands for every other answer.
        with Server(answering(answer(b"x" * (65 << 20)))) as server:
            response = only("--stream", server.url)
        self.assertEqual((response["outcome"], response["status"]), ("answered", 200))
        self.assertEqual((response["streamed"], response["body"]), (65 << 20, ""))

    def test_what_is_no_200_is_not_streamed(self):
        with Server(answering(answer(b"no", "403 Forbidden"))) as server:
            response = only("--stream", server.url)
        self.assertEqual((response["status"], response["body"]), (403, "no"))
        self.assertEqual(response["streamed"], 0)

    def test_silence_ends_at_the_timeout(self):
        def be_silent(server, connection):
            server.requests.append(read_request(connection))
            server.wait_until_closed()

        with Server(be_silent) as server:
            response = only("--timeout", 200, server.url)
        self.assertEqual(response["outcome"], "no answer")

    def test_what_is_in_flight_is_cancelled(self):
        def be_silent(server, connection):
            server.requests.append(read_request(connection))
            server.wait_until_closed()

        with Server(be_silent) as server:
            responses = fetch("--cancel-after", 200, server.url + "/1", server.url + "/2")
        self.assertEqual([response["outcome"] for response in responses], ["cancelled"] * 2)


class Names(unittest.TestCase):
    @unittest.skipIf(os.geteuid() != 0, "only root may make a network of its own")
    def test_a_silent_name_server_holds_up_nobody_who_gives_up(self):
        # It would be asked for minutes: without an end of its own, the command runs out of time.
        silent = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                              "with_silent_name_server.py")
        done = subprocess.run(
            ["unshare", "--net", "--mount", "/usr/bin/python3", silent, FETCH, "--timeout",
             "300000", "--cancel-after", "200", "https://name.example.com"],
            capture_output=True, text=True, timeout=20, check=True)
        self.assertEqual([response["outcome"] for response in json.loads(done.stdout)],
                         ["cancelled"])


class Redirects(unittest.TestCase):
    def test_are_not_followed_unasked(self):
        moved = answer(b"", "302 Found", "Location: http://localhost:1/")
        with Server(answering(moved)) as server:
            self.assertEqual(only(server.url)["status"], 302)

    def test_to_another_port_go_without_the_authorization(self):
        with Server(answering(answer(b"there"))) as other:
            moved = answer(b"", "302 Found", f"Location: {other.url}/x")
            with Server(answering(moved)) as server:
                response = only("--follow", "--authorization", "Bearer s3cret", server.url)
        self.assertEqual(response["body"], "there")
        self.assertIn("Bearer s3cret", server.requests[0])
        self.assertNotIn("s3cret", other.requests[0])

    def test_end_after_five(self):
        def again(server, connection):
            while request := read_request(connection):
                server.requests.append(request)
                connection.sendall(answer(b"", "302 Found", f"Location: {server.url}/again"))

        with Server(again) as server:
            response = only("--follow", server.url)
        self.assertEqual(response["outcome"], "no answer")
        self.assertEqual(len(server.requests), 6)

    def test_from_https_to_http_are_refused(self):
        with tempfile.TemporaryDirectory() as directory:
            trusted = certificate(directory, "good", "localhost")
            with Server(answering(answer(b"plain"))) as other:
                moved = answer(b"", "302 Found", f"Location: {other.url}/")
                with Server(answering(moved), tls(trusted)) as server:
                    response = only("--follow", "--authorities", trusted, server.url)
        self.assertNotEqual(response["outcome"], "answered")
        self.assertEqual(other.requests, [])


class Tls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls._directory = tempfile.TemporaryDirectory()
        cls.trusted = certificate(cls._directory.name, "good", "localhost")
        cls.of_another = certificate(cls._directory.name, "other", "other.example")

    @classmethod
    def tearDownClass(cls):
        cls._directory.cleanup()

    def refused(self, context, *arguments):
        with Server(answering(answer(b"seen")), context) as server:
            response = only("--authorization", "Bearer s3cret", *arguments, server.url)
        self.assertEqual(response["outcome"], "not sent")
        self.assertTrue(response["error"])
        self.assertEqual(server.requests, [])

    def test_a_trusted_server_is_spoken_to(self):
        with Server(answering(answer(b"hello")), tls(self.trusted)) as server:
            self.assertEqual(only("--authorities", self.trusted, server.url)["body"], "hello")

    def test_an_unknown_authority_is_refused(self):
        self.refused(tls(self.trusted))

    def test_a_certificate_of_another_host_is_refused(self):
        self.refused(tls(self.of_another), "--authorities", self.of_another)

    def test_a_version_before_1_2_is_refused(self):
        self.refused(tls(self.trusted, newest=ssl.TLSVersion.TLSv1_1),
                     "--authorities", self.trusted)

    def test_a_missing_file_of_authorities_is_refused(self):
        self.refused(tls(self.trusted), "--authorities", self.trusted + ".gone")

    def test_http2_carries_many_requests_on_one_connection(self):
        with Server(speak_http2, tls(self.trusted, ("h2",))) as server:
            responses = fetch("--authorities", self.trusted,
                              *[f"{server.url}/{number}" for number in range(20)])
        self.assertEqual(sorted(response["body"] for response in responses),
                         sorted(f"/{number}" for number in range(20)))
        self.assertTrue(all(response["outcome"] == "answered" for response in responses))
        self.assertEqual(server.connections, 1)


if __name__ == "__main__":
    unittest.main()
