"""Makes the virtual environment in `.venv` from a lock file, and says how far it is. Needs nothing but Python 3.

    python3 scripts/bootstrap.py requirements.lock

Written in old Python on purpose: it must run on one that is too old, to say so.
"""

import os
import shutil
import subprocess
import sys

NEEDED = (3, 11)
HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(HERE, ".venv")
SPACE = 1024  # MiB


def stop(message):
    sys.stderr.write(message + "\n")
    sys.exit(1)


def main(lock):
    if sys.version_info < NEEDED:
        stop(
            "telemed needs Python %d.%d or newer; this is %s. Try: make PYTHON=python3.11"
            % (NEEDED + (sys.version.split()[0],))
        )
    marker = os.path.join(VENV, "made-from-" + os.path.basename(lock))
    with open(os.path.join(HERE, lock)) as file:
        wanted = file.read()
    if os.path.exists(marker):
        with open(marker) as file:
            if file.read() == wanted:
                return
    free = shutil.disk_usage(HERE).free // 2**20
    if free < SPACE:
        stop("Only %d MiB are free on this disk; telemed needs about %d MiB to install." % (free, SPACE))
    python = os.path.join(VENV, "bin", "python")
    if not os.path.exists(python):
        print("Creating the virtual environment in .venv", flush=True)
        made = subprocess.run([sys.executable, "-m", "venv", VENV], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if made.returncode:
            shutil.rmtree(VENV, ignore_errors=True)
            stop("Python's venv module is incomplete. On Debian: apt-get install python3-venv, then run make again.")
    install([python, "-m", "pip", "install", "--require-hashes", "-r", os.path.join(HERE, lock)], wanted.count("=="))
    install([python, "-m", "pip", "install", "--no-deps", "-e", HERE], 1)
    with open(marker, "w") as file:
        file.write(wanted)


def install(command, total):
    environment = dict(os.environ, PIP_DISABLE_PIP_VERSION_CHECK="1", PIP_NO_INPUT="1", PIP_ROOT_USER_ACTION="ignore")
    process = subprocess.Popen(
        command + ["--progress-bar", "off"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment,
        text=True,
    )
    seen, said = 0, []
    for line in process.stdout:
        said.append(line)
        if line.startswith(("Collecting ", "Obtaining ", "Requirement already satisfied")):
            seen = min(seen + 1, total)
            name = line.split()[1].split("==")[0] if line.startswith("Coll") else ""
            show("  Installing %d of %d %s" % (seen, total, name))
        elif line.startswith("Installing collected"):
            show("  Unpacking %d packages" % total)
    if process.wait():
        stop("\nInstalling failed:\n" + "".join(said[-15:]))
    show("  Installed %d package%s" % (total, "s" if total != 1 else ""))
    print(flush=True)


def show(text):
    if sys.stdout.isatty():
        sys.stdout.write("\r\033[K" + text)
        sys.stdout.flush()
    elif not text.startswith("  Installing"):
        print(text, end="", flush=True)


main(sys.argv[1])
