"""What live connections cost: memory and CPU time of the web processes, and how late events come.

    python -m tests.benchmarks.realtime --npm FOLDER [--clients 200] [--seconds 20] [--postgres URL]

FOLDER holds `node_modules` with `socket.io-client` (and `node`, or a link to one, in `node_modules/.bin`).
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

from immich_flask.infra.config import load_config
from tests.core.programs import Program, free_port
from tests.plugins.realtime.clients import Account, Node
from tests.plugins.realtime.test_processes import threads_of, web_processes
from tests.serving import sign_up

CHANGES = 100


def pss_mb(pid: int) -> float:
    line = next(line for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines() if line.startswith("Pss:"))
    return int(line.split()[1]) / 1024


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--npm", type=Path, required=True)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--postgres", help="address of an empty database")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        overrides = {"data_dir": folder, "server.port": free_port(), "auth.bcrypt_rounds": 4}
        if options.postgres:
            overrides["database.url"] = options.postgres
        config = load_config(overrides=overrides, environ={})
        with Program(Path(folder), "immich_flask.cli", "serve", config=config) as program:
            program.expect("is listening on")
            account = Account(sign_up(f"http://127.0.0.1:{config.server.port}/api", program))
            measure(account, Node(options.npm.resolve() / "node_modules" / ".bin"), options)


def measure(account: Account, node: Node, options: argparse.Namespace) -> None:
    clients, processes = [], web_processes(account.served)
    for count in (0, 1, options.clients):
        while len(clients) < count:
            clients.append(account.client(node))
        # Longer than after which idle processes give back memory.
        time.sleep(7)
        before = sum(map(cpu_seconds, processes))
        time.sleep(options.seconds)
        percent = (sum(map(cpu_seconds, processes)) - before) / options.seconds * 100
        print(f"{count:4} clients: {sum(map(pss_mb, processes)):6.1f} MB, {percent:5.2f} % of a core, "
              f"{max(map(threads_of, processes))} threads at most", flush=True)
    asset = account.upload()
    clients[0].wait("AssetUploadReadyV2")
    late = []
    for number in range(CHANGES):
        account.call("PUT", f"/assets/{asset}", {"description": f"hills {number}"})
        answered_at = time.time()
        clients[0].wait("on_asset_update", count=number + 1)
        at = [at for name, _, at in clients[0].heard if name == "on_asset_update"][number]
        late.append((at - answered_at) * 1000)
    late.sort()
    print(f"events come {statistics.median(late):.0f} ms after the answer, 95 % within {late[95 * CHANGES // 100]:.0f} ms")
    node.close()


if __name__ == "__main__":
    main()
