# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds an execution environment, and works in it as AWX does: ansible-runner, process isolation, podman.

    scripts/venv release python scripts/ee.py        (make ee)

1. ansible-builder reads what the built collection declares; it must be meta/ee-requirements.txt and nothing else.
2. The image: Debian as mmdebstrap makes it, ansible-core, the declared requirements, the collection's tarball.
3. In it, against the lab: issue, what others do meanwhile, renew, and renew again, which has to change nothing.
4. In it, DAYS days of scheduled jobs with 32 certificates and their people: tests/awx (make awx-proof: 400 days).

Where podman does not work, the same is played with a virtual environment that holds exactly the declared requirements
(scripts/venv ee), and the last line says so; REQUIRE_REAL=1 makes that a failure. All lies in .cache/ee-image.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
import typing as t
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPOSITORY / "scripts"), str(REPOSITORY / "tests")]

from build import build, moment  # noqa: E402
from lab.also import ALSO  # noqa: E402
from lab.human import press  # noqa: E402
from lab.inventory import DESCRIPTION, write_inventory  # noqa: E402
from lab.lab import Lab  # noqa: E402

PLACE = REPOSITORY / ".cache" / "ee-image"
BASE, IMAGE = "localhost/inkan-tls-base:1", "localhost/inkan-tls-ee:1"
BASE_PACKAGES = "python3,python3-pip,python3-venv,git,ca-certificates"
BASE_CORE = "ansible-core~=2.19.0"  # the newest that runs on the Python of that Debian
SERVED = {"web1": ("www.example.jp", "www.example.co.jp", "any.example.com")}
DAYS = int(os.environ.get("DAYS", "30"))
TELL = "import os, sys; print(sys.executable); print(os.environ['ANSIBLE_COLLECTIONS_PATH'])"


def main() -> int:
    PLACE.mkdir(parents=True, exist_ok=True)
    tarball = make_tarball()
    check_declared(tarball)
    subprocess.run([REPOSITORY / "scripts/packages", "containers"], cwd=REPOSITORY, check=False)
    why = reason_against_podman()
    if why:
        print(f"no podman here ({why}): a virtual environment with the declared requirements stands in")
        worker = virtual_environment()
    else:
        step("make the image", lambda: make_image(tarball))
        worker = container()
    step("issue, wait, renew, renew again, in the lab", lambda: work(worker))
    step(f"{DAYS} days of scheduled jobs", lambda: proof("" if why else IMAGE))
    print(f"played in {'a virtual environment, as podman does not work here' if why else IMAGE}")
    return 1 if why and os.environ.get("REQUIRE_REAL") else 0


def step(name: str, do: t.Callable[[], None]) -> None:
    begin = time.monotonic()
    do()
    print(f"{name}: {time.monotonic() - begin:.0f} s", flush=True)


# --- what is declared ----------------------------------------------------------------------------------------------


def make_tarball() -> Path:
    folder = PLACE / "dist"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return build(REPOSITORY, folder, moment(REPOSITORY)).tarball


def check_declared(tarball: Path) -> None:
    """As ansible-builder sees it, from the tarball that users get."""
    there = PLACE / "collections"
    shutil.rmtree(there, ignore_errors=True)
    install = ["ansible-galaxy", "collection", "install", "--offline", "--force", "--no-deps", "-p", there, tarball]
    subprocess.run(install, check=True, stdout=subprocess.DEVNULL)
    pip, bindep = PLACE / "introspected.txt", PLACE / "introspected-bindep.txt"
    for path in (pip, bindep):
        path.unlink(missing_ok=True)
    command = ["ansible-builder", "introspect", "--write-pip", pip, "--write-bindep", bindep, there]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    found, declared = requirements(pip), requirements(REPOSITORY / "meta/ee-requirements.txt")
    if found != declared:
        raise SystemExit(f"ansible-builder finds {sorted(found)}, meta/ee-requirements.txt declares {sorted(declared)}")
    if bindep.exists() and lines(bindep):
        raise SystemExit(f"meta/ee-bindep.txt asks for packages: {lines(bindep)}")
    print(f"ansible-builder finds what is declared: {', '.join(sorted(found))}")


def lines(path: Path) -> list[str]:
    told = (line.split("#")[0].strip() for line in path.read_text("utf-8").splitlines())
    return [line for line in told if line]


def requirements(path: Path) -> set[str]:
    return {"".join(line.split()) for line in lines(path)}


# --- the image -----------------------------------------------------------------------------------------------------


def reason_against_podman() -> str:
    """Empty: it works. It is asked to do something, not only whether it is installed."""
    missing = [program for program in ("podman", "runc", "mmdebstrap") if not shutil.which(program)]
    if missing:
        return f"{', '.join(missing)} not installed"
    set_up_podman()
    done = subprocess.run(["podman", "info"], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stderr.strip().splitlines()[-1]


def set_up_podman() -> None:
    """Also where cgroups are of both versions, and limits may not be raised; images of ours lie apart from others."""
    containers, storage = PLACE / "containers.conf", PLACE / "storage.conf"
    limits = '["nofile=1024:1024", "nproc=1024:1024"]'
    containers.write_text(f'[containers]\ndefault_ulimits = {limits}\n[engine]\nruntime = "runc"\n', "utf-8")
    paths = f'graphroot = "{PLACE}/pod/store"\nrunroot = "{PLACE}/pod/run"\n'
    storage.write_text(f'[storage]\ndriver = "overlay"\n{paths}', "utf-8")
    os.environ.update(CONTAINERS_CONF=str(containers), CONTAINERS_STORAGE_CONF=str(storage))


def make_image(tarball: Path) -> None:
    make_base()
    context = PLACE / "context"
    shutil.rmtree(context, ignore_errors=True)
    definition = PLACE / "execution-environment.yml"  # JSON is YAML
    definition.write_text(json.dumps(definition_of(tarball), indent=2), "utf-8")
    quiet("ansible-builder", "create", "--file", str(definition), "--context", str(context))
    command = ["podman", "build", "--network", "host", "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"]
    for name in ("SSL_CERT_DIR", "SSL_CERT_FILE", "PIP_CERT"):  # where a company looks into TLS, pip has to know
        if os.environ.get(name):
            path = os.environ[name]
            command += ["-v", f"{path}:{path}:ro", "--env", f"{name}={path}"]
    command += ["--env", "PIP_BREAK_SYSTEM_PACKAGES=1"]
    quiet(*command, "-t", IMAGE, "-f", str(context / "Containerfile"), str(context))


def definition_of(tarball: Path) -> dict[str, t.Any]:
    return {
        "version": 3,
        "images": {"base_image": {"name": BASE}},
        "dependencies": {
            "ansible_core": {"package_pip": BASE_CORE},
            "ansible_runner": {"package_pip": "ansible-runner"},
            "galaxy": {"collections": [{"name": f"/build/tarballs/{tarball.name}", "type": "file"}]},
        },
        "additional_build_files": [{"src": str(tarball), "dest": "tarballs"}],
        "additional_build_steps": {
            "prepend_base": ["ENV PIP_BREAK_SYSTEM_PACKAGES=1"],
            "prepend_galaxy": ["COPY _build/tarballs /build/tarballs"],
        },
        # Debian has no ensurepip beside its own pip, and no dnf
        "options": {"package_manager_path": "/usr/bin/apt-get", "skip_ansible_check": True, "skip_pip_install": True},
    }


def make_base() -> None:
    if subprocess.run(["podman", "image", "exists", BASE], check=False).returncode == 0:
        return
    archive = PLACE / "base.tar"
    quiet("mmdebstrap", "-q", "--variant=minbase", f"--include={BASE_PACKAGES}", "bookworm", str(archive))
    quiet("podman", "import", "-q", str(archive), BASE)
    archive.unlink()


def quiet(*command: str) -> None:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stdout[-6000:]}")


# --- the work ------------------------------------------------------------------------------------------------------

#: runs one playbook of the collection on a private directory; the changed tasks of each host
Worker = t.Callable[[Path, str, Path], dict[str, int]]


def work(run: Worker) -> None:
    folder = PLACE / "world"
    shutil.rmtree(folder, ignore_errors=True)
    with Lab(folder / "lab", vices=[], also=ALSO) as lab:
        write_inventory(lab.folder, lab.facts())
        run(folder / "job1", "issue", lab.folder)
        press(lab, "hostmaster@example.jp")
        lab.seller.crawl()
        run(folder / "job2", "renew", lab.folder)
        again = run(folder / "job3", "renew", lab.folder)
        orders = lab.history.events("order")
        ensure(len(orders) == 3, f"three certificates are three orders, and not {len(orders)}")
        ensure(not any(again.values()), f"once more changes nothing, and not {again}")
        for host, names in SERVED.items():
            for name in names:
                served = lab.web[host].served(name)
                ensure(served is not None and not served.is_default, f"{host} serves {name}")
        ensure(lab.failures == [], "\n".join(lab.failures))
    print(f"3 certificates, 3 orders, {len(SERVED['web1'])} served by web1; the third job changed nothing")


def proof(image: str) -> None:
    paths = os.pathsep.join(str(REPOSITORY / folder) for folder in ("tests", "tests/journeys"))
    command = [sys.executable, "-m", "awx.proof", "--days", str(DAYS), "--image", image]
    done = subprocess.run(command, cwd=REPOSITORY, env={**os.environ, "PYTHONPATH": paths}, check=False)
    ensure(done.returncode == 0, "all of the proof held")


def ensure(good: bool, what: str) -> None:
    if not good:
        raise SystemExit(f"not so: {what}")


def job(folder: Path, playbook: str, lab: Path) -> Path:
    """The private directory of one job, as AWX makes it."""
    for part in ("project", "inventory", "env"):
        (folder / part).mkdir(parents=True)
    (folder / "project" / "site.yml").write_text(f"- import_playbook: inkan.tls.{playbook}\n", "utf-8")
    shutil.copyfile(lab / "inventory.yml", folder / "inventory" / "hosts.yml")
    return folder


def container() -> Worker:
    def run(folder: Path, playbook: str, lab: Path) -> dict[str, int]:
        # hosts of the lab are folders and processes of this machine: they are reached where they are
        options = [f"--container-option={word}" for word in ("--network=host", "--pid=host", "--user=root")]
        isolation = ["--process-isolation", "--process-isolation-executable", "podman", "--container-image", IMAGE]
        mounts = ["--container-volume-mount", f"{lab}:{lab}:Z", "--container-volume-mount",
                  f"{DESCRIPTION}:{DESCRIPTION}:ro"]  # fmt: skip
        return runner(job(folder, playbook, lab), dict(os.environ), [*isolation, *options, *mounts])

    return run


def virtual_environment() -> Worker:
    command = [REPOSITORY / "scripts/venv", "ee", "python", "-c", TELL]
    python, collections = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.split()
    path = os.pathsep.join([str(Path(python).parent), os.environ["PATH"]])
    variables = {**os.environ, "PATH": path, "ANSIBLE_COLLECTIONS_PATH": collections}

    def run(folder: Path, playbook: str, lab: Path) -> dict[str, int]:
        return runner(job(folder, playbook, lab), variables, [])

    return run


def runner(folder: Path, variables: dict[str, str], words: t.Sequence[str]) -> dict[str, int]:
    program = shutil.which("ansible-runner") or "ansible-runner"
    command = [program, "run", str(folder), "-p", "site.yml", "--ident", "job", *words]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{(done.stdout + done.stderr)[-8000:]}")
    return changed(folder / "artifacts" / "job" / "job_events")


def changed(events: Path) -> dict[str, int]:
    told = {}
    for path in events.glob("*.json"):
        with contextlib.suppress(json.JSONDecodeError):
            event = json.loads(path.read_text("utf-8"))
            if event["event"] == "playbook_on_stats":
                told = {host: event["event_data"]["changed"].get(host, 0) for host in event["event_data"]["ok"]}
    ensure(bool(told), f"{events} has the event of the end")
    return told


if __name__ == "__main__":
    sys.exit(main())
