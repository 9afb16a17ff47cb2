"""`python server_process.py FOLDER [BYTES]`: a server in a process of its own, for tests of what a process may use.

Prints its address. With BYTES no file of the process can become larger than that, which is how its disk is full.
"""

import resource
import sys
import time
from pathlib import Path

from api_server import running

from callcov.cli.common import log_to


def serve(folder: Path) -> None:
    log_to(sys.stderr, "debug")
    with running(folder) as server:
        sys.stdout.write(server.base + "\n")
        sys.stdout.flush()
        while True:
            time.sleep(1)


if __name__ == "__main__":
    if len(sys.argv) > 2:
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
    serve(Path(sys.argv[1]))
