"""Packages of Node.js for tests and benchmarks, kept under var/ between runs; none of them is in the repository."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


class NodePackagesError(Exception):
    """Node.js is here, and the packages cannot be had; the message says what to do."""


def has_node() -> bool:
    return shutil.which("node") is not None


def node_packages(*packages: str) -> Path:
    """Return the ``node_modules`` folder that holds these packages, each spelled ``name@version``."""
    folder = ROOT / "var" / "node" / "+".join(package.replace("/", "-") for package in packages)
    modules = folder / "node_modules"
    if all((modules / package.rpartition("@")[0] / "package.json").exists() for package in packages):
        return modules
    npm = shutil.which("npm")
    if npm is None:
        raise NodePackagesError("Node.js is here but npm is not: install npm (apt-get install npm).")
    folder.mkdir(parents=True, exist_ok=True)
    command = [npm, "install", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder)]
    done = subprocess.run([*command, *packages], capture_output=True, text=True, timeout=180, check=False)
    if done.returncode:
        raise NodePackagesError(
            f"npm could not install {' '.join(packages)}: make the npm registry reachable, "
            f"or put them into {modules}.\n{done.stderr[-2000:]}"
        )
    return modules
