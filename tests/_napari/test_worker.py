"""Jobs beside the interface, where the interface goes first."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import time
from qtpy.QtWidgets import QApplication
from napari_hounsfield._napari.worker import Job
from napari_hounsfield.operation import Progress

def steps():
    for n in range(1000):
        time.sleep(0.02)
        yield Progress(n / 1000)

app = QApplication([])
looked_at = Job(steps(), print, print, print)
alone = Job(steps(), print, print)
print("end", flush=True)
"""


def test_a_script_without_an_event_loop_ends_while_jobs_run() -> None:
    command = [sys.executable, "-W", "ignore", "-c", SCRIPT]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "end\n"
