"""Copy the front-end libraries pinned in package-lock.json from npm into web/static/vendor.

Run by the set-up; nothing is copied a second time while the pins and the table below stay the same. The page and the
stand-alone HTML maps read these copies only, so that no request ever leaves the host.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENDOR = ROOT / "web" / "static" / "vendor"
STAMP = VENDOR / ".stamp"
PINS = (ROOT / "package.json", ROOT / "package-lock.json")

# package -> what is copied to vendor/<package>/<the same relative path>; a folder is copied whole.
FILES: dict[str, tuple[str, ...]] = {
    "maplibre-gl": (
        "dist/maplibre-gl.mjs",
        "dist/maplibre-gl-worker.mjs",
        "dist/maplibre-gl-shared.mjs",
        "dist/maplibre-gl.css",
        "LICENSE.txt",
    ),
    "leaflet": ("dist/leaflet.js", "dist/leaflet.css", "dist/images", "LICENSE"),
    "leaflet.awesome-markers": (
        "dist/leaflet.awesome-markers.js",
        "dist/leaflet.awesome-markers.css",
        "dist/images",
        "LICENSE",
    ),
    "jquery": ("dist/jquery.min.js", "LICENSE.txt"),
    "bootstrap": ("dist/js/bootstrap.bundle.min.js", "dist/css/bootstrap.min.css", "LICENSE"),
    "@fortawesome/fontawesome-free": ("css/all.min.css", "webfonts", "LICENSE.txt"),
    "d3": ("d3.min.js", "LICENSE"),
}


def digest() -> str:
    """Fingerprint of the pins and of the table of files: what the copies depend on."""
    total = hashlib.sha256(json.dumps(FILES, sort_keys=True).encode())
    for pin in PINS:
        total.update(pin.read_bytes())
    return total.hexdigest()


def is_current(wanted: str) -> bool:
    """True when the copies were made from the same pins and every file is still there."""
    if not STAMP.is_file() or STAMP.read_text(encoding="utf-8").strip() != wanted:
        return False
    return all((VENDOR / package / name).exists() for package, names in FILES.items() for name in names)


def find_npm() -> str:
    """Path of npm, or an exit that says how to get it."""
    npm = shutil.which("npm")
    if npm is None:
        sys.exit(
            "npm was not found; it fetches the front-end libraries of the web page (MapLibre, Leaflet).\n"
            "Install it, for example with: apt-get install -y --no-install-recommends nodejs npm\n"
            "and run this again: python tools/vendor_web.py"
        )
    return npm


def fetch(npm: str, folder: Path) -> Path:
    """Install exactly the locked versions into `folder`; no package script is run."""
    for pin in PINS:
        shutil.copy(pin, folder / pin.name)
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"'{' '.join(command[1:])}' failed with status {done.returncode}:\n{done.stdout}{done.stderr}")
    return folder / "node_modules"


def copy(modules: Path, target: Path) -> None:
    """Copy the listed files of every package into `target`; a file that a package does not hold is an error."""
    for package, names in FILES.items():
        for name in names:
            source, destination = modules / package / name, target / package / name
            if not source.exists():
                sys.exit(f"package '{package}' has no '{name}': mend FILES in tools/vendor_web.py or the pin")
            destination.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, destination)
            else:
                shutil.copy(source, destination)


def main() -> None:
    """Bring web/static/vendor up to date with the pins."""
    wanted = digest()
    if is_current(wanted):
        print(f"web/static/vendor is current ({len(FILES)} packages)")
        return
    npm = find_npm()
    with tempfile.TemporaryDirectory(prefix="gisrisk-npm-") as scratch:
        modules = fetch(npm, Path(scratch))
        fresh = Path(scratch) / "vendor"
        copy(modules, fresh)
        (fresh / STAMP.name).write_text(wanted + "\n", encoding="utf-8")
        shutil.rmtree(VENDOR, ignore_errors=True)
        VENDOR.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(fresh, VENDOR)
    print(f"web/static/vendor: copied {len(FILES)} packages")


if __name__ == "__main__":
    main()
