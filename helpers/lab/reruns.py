"""Which Labs a cell of a notebook has made, so that running it again closes those of before."""

from typing import Any

from IPython import get_ipython

MADE: dict[str, list[tuple[str, Any]]] = {}  # by the id of a cell: (the id of the request that ran it, a Lab)


def running() -> tuple[str, str] | None:
    """Return (the id of the cell that is running, the id of the request to run it), or None where nobody tells."""
    shell: Any = get_ipython()
    request: Any = getattr(shell, "get_parent", dict)() or {}
    cell, message = request.get("metadata", {}).get("cellId"), request.get("header", {}).get("msg_id")
    return (cell, message) if cell and message else None


def replace_earlier(lab: Any) -> None:
    """Note which cell has made a Lab, and close the Labs that it made when it ran before."""
    if place := running():
        cell, message = place
        earlier = [other for ran, other in MADE.get(cell, []) if ran != message]
        MADE[cell] = [(ran, other) for ran, other in MADE.get(cell, []) if ran == message] + [(message, lab)]
        for other in earlier:
            other.close()
