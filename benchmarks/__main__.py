"""`python -m benchmarks`: see --help. `make bench`, `bench-json`, `bench-check` and `profile` call it."""

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.database import SIZES as BATCH_SIZES
from benchmarks.database import database_figures
from benchmarks.due_tokens import with_due_tokens
from benchmarks.flame_graph import ProfilerFailed, flame_graph
from benchmarks.gateway import GatewayFailed, gateway
from benchmarks.load import WrkMissing
from benchmarks.measure import (
    Bench,
    ComparisonFailed,
    Proxy,
    due_token_figures,
    main_figures,
    payload_figures,
)
from benchmarks.nginx import PAYLOAD_BYTES, NginxMissing, reverse_proxy, service
from benchmarks.population import SIZES, Caller, callers, move_service, write_requests
from benchmarks.prepared import prepared
from benchmarks.python_proxy import PythonProxyFailed, python_proxy
from benchmarks.soak import soak
from portway import __version__

ROOT = Path(__file__).resolve().parent.parent / ".bench"
_GATES = {"nginx": 25.0, "python": 3.5}
"""A gateway whose part of an execution costs more than so many proxies has lost something on the way (`--check`).

It costs 11 to 22 nginx proxies, by the processor, and 2.1 in Python; 2.8 while a machine has other work.
"""
_FAILURES = (
    NginxMissing, WrkMissing, GatewayFailed, PythonProxyFailed, ComparisonFailed, ProfilerFailed
)  # fmt: skip


def main() -> int:
    """Measures, prints a table or one JSON object, and keeps the result in .bench/results/."""
    options = _options()
    # Whoever ends it ends the servers that it has started, too.
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    if options.database:
        figures = _measure_database(options)
        print(json.dumps(figures) if options.json else _batch_table(figures))
        return 0
    try:
        if options.profile:
            return _profile(options)
        result = _soak(options) if options.soak else _measure(options)
    except _FAILURES as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    results = ROOT / "results"
    results.mkdir(parents=True, exist_ok=True)
    (results / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}.json").write_text(json.dumps(result, indent=2) + "\n")
    if options.json:
        print(json.dumps(result))
    elif options.soak:
        print(_soak_table(result))
    else:
        _print_table(result)
    if result["errors"]:
        print(f"error: {result['errors']} requests failed", file=sys.stderr)
        return 1
    return 1 if options.check and not _is_within_gates(result) else 0


def _is_within_gates(result: dict[str, Any]) -> bool:
    ratios = {name: result[f"ratio_to_{name}_proxy"] for name in _GATES}
    too_dear = [name for name, most in _GATES.items() if ratios[name] > most]
    for name in too_dear:
        words = (
            f"an execution costs as much CPU as {ratios[name]} proxies ({name}), more than {_GATES[name]:g}"
        )
        print(f"error: {words}", file=sys.stderr)
    return not too_dear


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=main.__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument(
        "--check", action="store_true", help="fail where the cost against the proxies has grown"
    )
    parser.add_argument("--size", choices=SIZES, default="small", help="of the database (default: small)")
    parser.add_argument(
        "--rounds", type=int, default=3, help="interleaved runs; medians are taken (default: 3)"
    )
    parser.add_argument("--seconds", type=float, default=6.0, help="of each run (default: 6)")
    parser.add_argument("--workers", type=int, default=1, help="gateway processes (default: 1)")
    parser.add_argument(
        "--nodes", type=int, default=1, help="gateways of so many workers, behind nginx (default: 1)"
    )
    parser.add_argument("--jwt", action="store_true", help="callers have a session's JWT, not an API key")
    instead.add_argument(
        "--profile",
        action="store_true",
        help="a flame graph of a worker under 32 callers, as .bench/profile.svg, and no figures",
    )
    instead.add_argument(
        "--soak",
        type=float,
        metavar="MINUTES",
        help="32 callers for so long, and what that leaves behind in the tables and in memory",
    )
    instead.add_argument(
        "--database",
        action="store_true",
        help="the database's part alone: microseconds of its CPU for opening and closing an execution, by the number"
        " of executions in a batch, over --seconds; needs no nginx and no wrk, and keeps no result",
    )
    options = parser.parse_args()
    if options.check and (options.workers, options.nodes) != (1, 1):
        parser.error("--check is for one worker: several have smaller batches, and cost more")
    return options


def _measure(options: argparse.Namespace) -> dict[str, Any]:
    started = time.monotonic()
    with ExitStack() as stack:
        bench, people, folder = _standing(options, stack)
        _tell("measuring")
        requests = write_requests(folder / "items", people, "get-item", {"id": 17}, jwt=options.jwt)
        proxies = _proxies(bench, folder, stack)
        figures: dict[str, Any] = main_figures(
            bench, proxies, requests, rounds=options.rounds, seconds=options.seconds
        )
        figures["payloads"] = payload_figures(
            bench, _payload_requests(folder, people), seconds=options.seconds / 2
        )
        figures["due_token"] = _due_token(bench, folder, people)
    figures["errors"] += sum(of["errors"] for of in (figures["due_token"], *figures["payloads"].values()))
    return figures | _circumstances(options) | {"took_seconds": round(time.monotonic() - started, 1)}


def _circumstances(options: argparse.Namespace) -> dict[str, Any]:
    return {
        "size": options.size,
        "workers": options.workers,
        "nodes": options.nodes,
        "callers": "jwt" if options.jwt else "api_key",
        "machine": _machine(),
    }


def _due_token(bench: Bench, folder: Path, people: list[Caller]) -> dict[str, float]:
    base_url = bench.upstream_url.removesuffix("/items/17")
    due = with_due_tokens(bench.urls, people, base_url)
    return due_token_figures(bench, write_requests(folder / "due", due, "get-item", {"id": 17}), len(due))


def _profile(options: argparse.Namespace) -> int:
    drawing = ROOT / "profile.svg"
    with ExitStack() as stack:
        bench, people, folder = _standing(options, stack)
        requests = write_requests(folder / "items", people, "get-item", {"id": 17}, jwt=options.jwt)
        flame_graph(bench, requests, drawing, seconds=options.seconds)
    print(drawing)
    return 0


def _standing(options: argparse.Namespace, stack: ExitStack) -> tuple[Bench, list[Caller], Path]:
    """Everything started, until the stack is unwound; the callers, and a folder for their requests."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="portway-bench-")))
    folder.chmod(0o755)
    _tell(f"preparing the database ({options.size})")
    database = stack.enter_context(prepared(ROOT, options.size))
    upstream_port, _ = stack.enter_context(service(folder / "service"))
    people = callers(database.urls, SIZES[options.size])
    move_service(database.urls, f"http://127.0.0.1:{upstream_port}", people)
    nodes = [
        stack.enter_context(gateway(database.urls, folder / f"gateway-{n}.log", workers=options.workers))
        for n in range(options.nodes)
    ]
    bench = Bench(
        upstream_url=f"http://127.0.0.1:{upstream_port}/items/17",
        execute_url=f"{_entrance(nodes, folder, stack)}/api/v2/execute",
        gateway_pids=tuple(pid for _, pid in nodes),
        database_pid=database.pid,
        urls=database.urls,
    )
    return bench, people, folder


def _proxies(bench: Bench, folder: Path, stack: ExitStack) -> dict[str, Proxy]:
    """Started, until the stack is unwound, in front of the service."""
    service_url = urlsplit(bench.upstream_url)
    service_port = service_url.port or 0
    started = {
        "nginx": stack.enter_context(reverse_proxy(folder / "proxy", service_port)),
        "python": stack.enter_context(python_proxy(service_port)),
    }
    return {
        name: Proxy(service_url._replace(netloc=f"127.0.0.1:{port}").geturl(), pid)
        for name, (port, pid) in started.items()
    }


def _entrance(nodes: list[tuple[str, int]], folder: Path, stack: ExitStack) -> str:
    """The node's URL; of several, that of a load balancer, whose CPU is not counted."""
    (url, _), *others = nodes
    if not others:
        return url
    ports = [urlsplit(each).port or 0 for each, _ in nodes]
    port, _ = stack.enter_context(reverse_proxy(folder / "balancer", *ports))
    return f"http://127.0.0.1:{port}"


def _soak(options: argparse.Namespace) -> dict[str, Any]:
    with ExitStack() as stack:
        bench, people, folder = _standing(options, stack)
        requests = write_requests(folder / "items", people, "get-item", {"id": 17}, jwt=options.jwt)
        _tell(f"load for {options.soak:g} minutes")
        return soak(bench, requests, minutes=options.soak) | _circumstances(options)


def _measure_database(options: argparse.Namespace) -> dict[str, Any]:
    _tell(f"preparing the database ({options.size})")
    with prepared(ROOT, options.size) as database:
        people = callers(database.urls, SIZES[options.size])
        _tell("measuring")
        figures = database_figures(database.urls, people, seconds=options.seconds)
    return figures | {"size": options.size, "machine": _machine()}


def _batch_table(figures: dict[str, Any]) -> str:
    lines = [f"{'executions in a batch':24}{'open, us each':>16}{'close, us each':>16}"]
    lines += [
        f"{size:<24}{figures['open'][f'{size}_cpu_us']:>16}{figures['close'][f'{size}_cpu_us']:>16}"
        for size in BATCH_SIZES
    ]
    lines += [
        f"{words:24}{figures['open'][name]:>16}{figures['close'][name]:>16}"
        for words, name in (("a batch, us", "cpu_us_per_batch"), ("and an element, us", "cpu_us_per_element"))
    ]
    return "\n".join(lines)


def _soak_table(result: dict[str, Any]) -> str:
    lines = [f"{'executions':>14}{'per second':>12}{'gateway us':>12}{'database us':>13}{'memory MB':>11}"]
    lines += [
        f"{part['executions']:>14,}{part['per_second']:>12,.0f}{part['cpu_us_gateway']:>12.0f}"
        f"{part['cpu_us_database']:>13.0f}{part['memory_mb_gateway']:>11.0f}"
        for part in result["parts"]
    ]
    lines.append(
        f"\n{'table':24}{'inserted':>12}{'updated':>12}{'HOT':>9}{'dead':>10}{'MB before':>11}{'after':>9}"
        "   bytes for each new row"
    )
    lines += [
        f"{name:24}{of['inserted']:>12,}{of['updated']:>12,}{'' if of['hot'] is None else format(of['hot'], '.2%'):>9}"
        f"{of['dead']:>10,}{of['mb'][0]:>11,.0f}{of['mb'][1]:>9,.0f}   "
        + " ".join(map(str, of["bytes_per_row"]))
        for name, of in result["tables"].items()
    ]
    return "\n".join(lines)


def _payload_requests(folder: Path, people: list[Caller]) -> dict[str, Path]:
    files: dict[str, Path] = {}
    for size in PAYLOAD_BYTES:
        down, up = f"down_{size}", f"up_{size}"
        files[down] = write_requests(folder / down, people[:8], "get-payload", {"size": size})
        files[up] = write_requests(folder / up, people[:8], "echo", {"data": "x" * size})
    return files


def _machine() -> dict[str, Any]:
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "load_before": os.getloadavg()[0],
        "system": platform.platform(),
        "python": platform.python_version(),
        "portway": __version__,
        "commit": _commit(),
    }


def _commit() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False, cwd=ROOT.parent
    )
    return done.stdout.strip()


def _print_table(result: dict[str, Any]) -> None:
    machine = result["machine"]
    print(
        f"{machine['cpu']}, {machine['cores']} cores, database {result['size']},"
        f" {result['nodes']} node(s) of {result['workers']} worker(s)\n"
    )
    rows = [
        ("", "per second", "CPU us", "p50 ms", "p99 ms"),
        ("the service alone", f"{result['upstream_per_second']:,.0f}", "", "", ""),
        (
            "nginx as a proxy",
            f"{result['nginx_proxy_per_second']:,.0f}",
            f"{result['cpu_us_nginx_proxy']:.1f}",
            "",
            "",
        ),
        (
            "a proxy in Python",
            f"{result['python_proxy_per_second']:,.0f}",
            f"{result['cpu_us_python_proxy']:.1f}",
            "",
            "",
        ),
        (
            "Portway, 32 callers",
            f"{result['executions_per_second']:,.0f}",
            f"{result['cpu_us_gateway']:.0f} + {result['cpu_us_database']:.0f}",
            f"{result['p50_ms']:.1f}",
            f"{result['p99_ms']:.1f}",
        ),
        (
            "Portway, one caller",
            f"{result['single_caller_per_second']:,.0f}",
            "",
            f"+{result['added_ms_single_caller']:.2f}",
            "",
        ),
    ]
    for row in rows:
        print(f"{row[0]:22}{row[1]:>12}{row[2]:>14}{row[3]:>10}{row[4]:>10}")
    print(f"\nCPU is that of the gateway + PostgreSQL; {result['executions']:,} executions, "
          f"{result['errors']} errors, durable audit: {result['durable_audit']}")  # fmt: skip
    others = {f"payload, {name.replace('_', ' ')} bytes": of for name, of in result["payloads"].items()}
    print(f"\n{'also':32}{'per second':>12}{'CPU us':>20}")
    for name, of in {"token due, refreshed first": result["due_token"], **others}.items():
        cpu = f"{of['cpu_us_gateway']:,.0f} + {of['cpu_us_database']:,.0f}"
        print(f"{name:32}{of['per_second']:>12,.0f}{cpu:>20}")


def _tell(words: str) -> None:
    print(words, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
