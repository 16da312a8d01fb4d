"""Runs a command where the only name server never answers. In namespaces of its own:

    unshare --net --mount python3 with_silent_name_server.py COMMAND…
"""

import fcntl
import socket
import struct
import subprocess
import sys
import tempfile

SIOCSIFFLAGS = 0x8914
IFF_UP = 1

with tempfile.NamedTemporaryFile("w") as resolv:
    resolv.write("nameserver 127.0.0.1\noptions timeout:30 attempts:5\n")
    resolv.flush()
    subprocess.run(["mount", "--bind", resolv.name, "/etc/resolv.conf"], check=True)
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    fcntl.ioctl(server, SIOCSIFFLAGS, struct.pack("16sh", b"lo", IFF_UP))
    server.bind(("127.0.0.1", 53))
    sys.exit(subprocess.run(sys.argv[1:], check=False).returncode)
