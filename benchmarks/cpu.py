"""CPU time of processes and their descendants, from /proc (proc(5))."""

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(root: int) -> float:
    """User and system time of a process and everything below it, those that ended (and were waited for) included."""
    return sum(_own_seconds(pid) for pid in (root, *descendants(root)))


def resident_bytes(root: int) -> int:
    """Resident memory of a process and everything below it; what they share is counted for each."""
    page = os.sysconf("SC_PAGE_SIZE")
    return sum(_resident_pages(pid) for pid in (root, *descendants(root))) * page


def _own_seconds(pid: int) -> float:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    # The name, in parentheses, may hold anything. After it: state is field 3, utime to cstime are 14 to 17.
    fields = stat.rpartition(")")[2].split()
    return sum(int(field) for field in fields[11:15]) / _TICKS


def _resident_pages(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0


def descendants(root: int) -> list[int]:
    """The processes below one, its children first."""
    found: list[int] = []
    waiting = [root]
    while waiting:
        children = _children(waiting.pop())
        found += children
        waiting += children
    return found


def _children(pid: int) -> list[int]:
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
    except (FileNotFoundError, ProcessLookupError):
        return []
    children: list[int] = []
    for task in tasks:
        try:
            children += map(int, (task / "children").read_text(encoding="ascii").split())
        except (FileNotFoundError, ProcessLookupError):
            continue
    return children
