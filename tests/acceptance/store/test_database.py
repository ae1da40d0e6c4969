"""Opening the database in a process of its own."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import TYPE_CHECKING

from filmgate.store import Store

if TYPE_CHECKING:
    from pathlib import Path


def test_opening_an_up_to_date_database_needs_no_alembic(tmp_path: Path) -> None:
    """Only an outdated database pays for the import of the migration tool."""
    path = tmp_path / "rows.sqlite"
    asyncio.run(Store.open(path).close())
    script = (
        "import sys; from pathlib import Path; from filmgate.store import Store; "
        "Store.open(Path(sys.argv[1])); sys.exit('alembic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script, str(path)], check=False, timeout=60)
    assert done.returncode == 0
