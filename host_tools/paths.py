"""Where things lie in the project, so that no other module counts its way up the folders."""

from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
FIRMWARE = PROJECT / "firmware"
BUILD = PROJECT / "build"
TOOLS = PROJECT / ".tools"
VENV = PROJECT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
