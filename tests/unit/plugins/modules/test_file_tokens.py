# SPDX-FileCopyrightText: The inkan.tls developers
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import fcntl
import hashlib
import os
import stat
import tempfile
import typing as t
from pathlib import Path

import pytest
from ansible_collections.inkan.tls.plugins.module_utils._core.errors import InputErrors
from ansible_collections.inkan.tls.plugins.module_utils._io import token_files
from ansible_collections.inkan.tls.plugins.module_utils._io.files import Directory, System
from ansible_collections.inkan.tls.plugins.module_utils._module.results import Result
from ansible_collections.inkan.tls.plugins.modules import file_tokens

TOKEN = ".well-known/acme-challenge/LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDf_-"


class Recording(System):
    """Notes what is changed; dies at the call with the name given."""

    def __init__(self, dies_at: str = "") -> None:
        self.calls: list[str] = []
        self.dies_at = dies_at

    def _note(self, call: str) -> None:
        self.calls.append(call)
        if call == self.dies_at:
            raise KeyboardInterrupt

    def open(self, name: str, flags: int, mode: int, dir_fd: int) -> int:
        self._note("open")
        return super().open(name, flags, mode, dir_fd)

    def mkdir(self, name: str, mode: int, dir_fd: int) -> None:
        self._note("mkdir")
        super().mkdir(name, mode, dir_fd)

    def rename(self, old: str, new: str, dir_fd: int) -> None:
        self._note("rename")
        super().rename(old, new, dir_fd)

    def unlink(self, name: str, dir_fd: int) -> None:
        self._note("unlink")
        super().unlink(name, dir_fd)

    def rmdir(self, name: str, dir_fd: int) -> None:
        self._note("rmdir")
        super().rmdir(name, dir_fd)

    def fchmod(self, fd: int, mode: int) -> None:
        self._note("fchmod")
        super().fchmod(fd, mode)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = tmp_path / "www" / "html"
    made.mkdir(parents=True)
    return made


def token(root: Path, name: str = "shop", **changes: t.Any) -> dict[str, t.Any]:
    return {"name": name, "document_root": str(root), "path": TOKEN, "content": "key.thumb", **changes}


def run(*tokens: dict[str, t.Any], check: bool = False, system: System | None = None, **options: t.Any) -> Result:
    return file_tokens.run({"tokens": list(tokens), "state": "present", **options}, check, system or System())


def outcomes(result: Result) -> list[str]:
    return [item.outcome for item in result.items]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_token_is_placed_and_the_folders_are_public(root: Path) -> None:
    before = os.umask(0o077)
    try:
        result = run(token(root))
    finally:
        os.umask(before)
    assert outcomes(result) == ["placed"]
    assert (root / TOKEN).read_bytes() == b"key.thumb"
    assert mode(root / TOKEN) == 0o644
    assert mode(root / ".well-known") == mode(root / ".well-known" / "acme-challenge") == 0o755
    assert result.items[0].extra["file"] == str(root / TOKEN)
    assert [(one.header, one.before, one.after) for one in result.diff] == [(str(root / TOKEN), "", "key.thumb\n")]


def test_a_second_run_changes_nothing(root: Path) -> None:
    run(token(root))
    system = Recording()
    result = run(token(root), system=system)
    assert (outcomes(result), result.changed, result.diff, system.calls) == (["kept"], False, [], [])


OURS = {"replaces": [hashlib.sha256(b"key.thumb").hexdigest()]}


@pytest.mark.parametrize(
    "changes",
    [{"content": "other", **OURS}, {"mode": "0600"}, {"content": "", **OURS}],
    ids=["content of ours", "mode", "emptiness"],
)
def test_what_differs_is_placed_anew(root: Path, changes: dict[str, t.Any]) -> None:
    run(token(root))
    assert outcomes(run(token(root, **changes))) == ["placed"]
    assert outcomes(run(token(root, **changes))) == ["kept"]


def test_check_mode_says_the_same_and_writes_nothing(root: Path) -> None:
    system = Recording()
    result = run(token(root), check=True, system=system)
    assert (outcomes(result), result.changed, len(result.diff)) == (["placed"], True, 1)
    assert (list(root.iterdir()), system.calls) == ([], [])


def test_check_mode_takes_what_only_the_ca_can_tell(root: Path) -> None:
    unknown = {"path": ".well-known/acme-challenge/known_after_order", "content": "known_after_order"}
    assert outcomes(run(token(root, **unknown), token(root, "b", **unknown), check=True)) == ["placed", "placed"]
    with pytest.raises(InputErrors, match="only known after the order"):
        run(token(root, **unknown))


def test_a_removal_takes_the_file_and_its_empty_folders(root: Path) -> None:
    run(token(root))
    result = run(token(root), state="absent")
    assert outcomes(result) == ["removed"]
    assert list(root.iterdir()) == []
    again = run(token(root), state="absent")
    assert (outcomes(again), again.changed) == (["absent"], False)


def test_a_removal_leaves_neighbours_and_their_folders(root: Path) -> None:
    run(token(root))
    (root / ".well-known" / "security.txt").write_text("x")
    assert outcomes(run(token(root), state="absent")) == ["removed"]
    assert [path.name for path in (root / ".well-known").iterdir()] == ["security.txt"]


def test_a_removal_leaves_a_foreign_file_and_says_so(root: Path) -> None:
    run(token(root, content="someone else's"))
    result = run(token(root), state="absent")
    assert (outcomes(result), result.items[0].state, result.changed) == (["foreign"], "present", False)
    assert (root / TOKEN).read_text() == "someone else's"
    assert outcomes(run(token(root, content=None), state="absent")) == ["removed"]


@pytest.mark.parametrize("check", [False, True], ids=["for real", "check mode"])
@pytest.mark.parametrize("there", [b"x" * 70_000, b"not ours", b""], ids=["large", "another", "empty"])
def test_a_file_that_we_did_not_write_is_never_overwritten(root: Path, there: bytes, check: bool) -> None:
    run(token(root))
    (root / TOKEN).write_bytes(there)
    system = Recording()
    result = run(token(root, **OURS), token(root, "b", path=TOKEN + "2"), check=check, system=system)
    assert outcomes(result) == ["refused", "placed"]
    assert refused(result) == "file_foreign"
    assert ((root / TOKEN).read_bytes(), result.items[0].changed) == (there, False)
    assert outcomes(run(token(root, "b", path=TOKEN + "2"), check=check)) == ["placed" if check else "kept"]


def test_a_file_larger_than_any_token_is_never_removed(root: Path) -> None:
    run(token(root))
    (root / TOKEN).write_bytes(b"x" * 70_000)
    assert outcomes(run(token(root, content=None), state="absent")) == ["foreign"]
    assert (root / TOKEN).stat().st_size == 70_000


def test_what_is_ours_is_told_by_digest_only(root: Path) -> None:
    with pytest.raises(InputErrors, match="no SHA-256 digest"):
        run(token(root, replaces=["key.thumb"]))


def test_in_check_mode_a_content_that_only_the_order_will_tell_is_not_judged(root: Path) -> None:
    run(token(root, content="an earlier order's"))
    assert outcomes(run(token(root, content="known_after_order"), check=True)) == ["placed"]


@pytest.fixture
def site() -> t.Iterator[Path]:
    """A place that everybody may enter, unlike pytest's own folders."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        (Path(folder) / "www" / "html" / ".well-known").mkdir(parents=True)
        yield Path(folder)


@pytest.mark.parametrize("closed", ["www", "www/html", "www/html/.well-known"])
def test_a_folder_that_a_web_server_can_hardly_enter_is_warned_of(site: Path, closed: str) -> None:
    """A document root in a home of mode 0700 is the commonest reason for a 403 at the CA."""
    (site / closed).chmod(0o700)
    may_be_the_servers = os.geteuid() != 0
    root = site / "www" / "html"
    result = run(token(root), token(root, "b", path=TOKEN + "2"))
    assert outcomes(result) == ["placed", "placed"]
    assert [f" {site / closed}: " in warning for warning in result.warnings] == ([] if may_be_the_servers else [True])
    assert run(token(root)).warnings == [], "nothing was placed, and the same again would only be noise"


def test_open_folders_are_not_warned_of(site: Path) -> None:
    (site / "www").chmod(0o710)
    assert run(token(site / "www" / "html")).warnings == []


def test_items_may_have_states_of_their_own(root: Path) -> None:
    other = TOKEN + "2"
    run(token(root))
    assert outcomes(run(token(root, state="absent"), token(root, "b", path=other))) == ["removed", "placed"]
    assert not (root / TOKEN).exists()
    assert (root / other).exists()


@pytest.mark.parametrize("check", [True, False])
def test_two_certificates_may_want_the_same_file(root: Path, check: bool) -> None:
    assert outcomes(run(token(root), token(root, "b"), check=check)) == ["placed", "kept"]


@pytest.mark.parametrize("check", [True, False])
def test_two_items_may_be_done_with_the_same_file(root: Path, check: bool) -> None:
    run(token(root))
    assert outcomes(run(token(root), token(root, "b"), state="absent", check=check)) == ["removed", "absent"]


def test_a_removal_asks_for_no_owner(root: Path) -> None:
    run(token(root))
    assert outcomes(run(token(root, owner="no-such-user"), state="absent")) == ["removed"]


@pytest.mark.parametrize("spoil", ["mode", "owner"])
def test_an_empty_folder_that_we_would_not_have_made_so_is_left(root: Path, spoil: str) -> None:
    folder = root / ".well-known" / "acme-challenge"
    folder.mkdir(parents=True)
    folder.parent.chmod(0o755)
    if spoil == "mode":
        folder.chmod(0o2775)
    elif os.geteuid() == 0:
        folder.chmod(0o755)
        os.chown(folder, 65534, -1)
    else:
        pytest.skip("only root may give folders away")
    run(token(root))
    assert outcomes(run(token(root), state="absent")) == ["removed"]
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("ours", ["open", "rename"])
def test_a_folder_that_another_process_removes_meanwhile_is_made_again(root: Path, ours: str) -> None:
    class Neighbour(Recording):
        """Takes its last token, and the folder with it, just before our call."""

        def _note(self, call: str) -> None:
            if call == ours and ours not in self.calls:
                self.calls.append(call)
                with Directory.open(str(root)) as directory:
                    token_files.take(directory, file_tokens.FileToken("n", "", TOKEN + "n", None, None, None, 0, False))
                    for left in (root / TOKEN).parent.glob("*"):
                        left.unlink()
                    token_files.take(directory, file_tokens.FileToken("n", "", TOKEN + "n", None, None, None, 0, False))
            super()._note(call)

    assert outcomes(run(token(root), system=Neighbour())) == ["placed"]
    assert (root / TOKEN).read_bytes() == b"key.thumb"


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("../../etc/cron.d/x", id="a way up"),
        pytest.param(".well-known/acme-challenge/../../x", id="a way up inside"),
        pytest.param("/etc/passwd", id="an absolute path"),
        pytest.param(".well-known/acme-challenge/", id="no file name"),
        pytest.param(".well-known/acme-challenge/a/b", id="a folder more"),
        pytest.param(".well-known/acme-challenge/.htaccess", id="a dot file"),
        pytest.param(".well-known/acme-challenge/x.php", id="a program"),
        pytest.param(".well-known/acme-challenge/x.txt.txt", id="two endings"),
        pytest.param(".well-known/other/x", id="another folder"),
        pytest.param(".well-known/acme-challenge/x\n", id="a line end"),
        pytest.param(".well-known/acme-challenge/a b", id="a blank"),
        pytest.param(".well-known/acme-challenge/é", id="another letter"),
        pytest.param(".well-known/acme-challenge/" + "a" * 129, id="a long name"),
        pytest.param("", id="nothing"),
    ],
)
def test_a_path_outside_the_allow_list_is_refused_before_any_effect(root: Path, path: str) -> None:
    with pytest.raises(InputErrors) as caught:
        run(token(root), token(root, "bad", path=path))
    assert "not allowed" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert list(root.iterdir()) == []


@pytest.mark.parametrize("path", [".well-known/pki-validation/A1_-.txt", ".well-known/pki-validation/x.html", TOKEN])
def test_the_paths_that_cas_ask_for_are_possible(root: Path, path: str) -> None:
    assert outcomes(run(token(root, path=path))) == ["placed"]


def test_all_option_errors_come_in_one_message_before_any_effect(root: Path) -> None:
    with pytest.raises(InputErrors) as caught:
        run(
            token(root),
            token(root),
            token(root, "b", content="differs", mode="999"),
            token(root, "c", document_root="www", content=None),
            token(root, "d", path=TOKEN + "d", content="x" * 70_000),
            token(root, "e\n", path=TOKEN + "e", document_root=f"{root}/../x"),
        )
    text = str(caught.value)
    assert text.startswith("8 errors"), text
    for word in ("one name", "different things", "octal", "absolute path", "content is missing", "more than 65536"):
        assert word in text
    assert list(root.iterdir()) == []


@pytest.mark.parametrize("check", [False, True], ids=["for real", "check mode"])
def test_where_two_want_one_file_the_first_is_placed_and_nobody_else_is_held_up(root: Path, check: bool) -> None:
    bystander = token(root, "c", path=TOKEN + "c")
    result = run(token(root, "a", content="1"), token(root, "b", content="2"), bystander, check=check)
    assert outcomes(result) == ["placed", "refused", "placed"]
    assert refused(result, 1) == "file_taken"
    assert (root / TOKEN).exists() is not check
    assert check or (root / TOKEN).read_text() == "1"


def test_where_two_want_one_file_the_one_that_is_there_stays(root: Path) -> None:
    run(token(root, "a", content="1"))
    result = run(token(root, "b", content="2"), token(root, "a", content="1"), token(root, "also a", content="1"))
    assert outcomes(result) == ["refused", "kept", "kept"]
    assert "wants another content" in str(result.items[0].error)
    assert (root / TOKEN).read_text() == "1"


def test_when_two_that_wanted_one_file_have_ended_theirs_alone_is_removed(root: Path) -> None:
    run(token(root, "a", content="1"))
    both = [token(root, "b", content="2"), token(root, "a", content="1"), token(root, "c", content="3")]
    assert outcomes(run(*both, state="absent")) == ["foreign", "removed", "absent"]


def test_to_place_and_to_remove_one_file_is_a_mistake(root: Path) -> None:
    with pytest.raises(InputErrors, match="different things"):
        run(token(root), token(root, "b", state="absent"))


def refused(result: Result, index: int = 0) -> str:
    item = result.items[index]
    assert (item.outcome, item.changed) == ("refused", False)
    assert item.error is not None
    return item.error.code


def test_a_document_root_that_is_not_there_refuses_its_own_items_only(root: Path) -> None:
    (root / "file").write_text("")
    result = run(
        token(root / "nowhere"),
        token(root / "nowhere", "b", path=TOKEN + "b"),
        token(root / "file", "c"),
        token(root, "d"),
    )
    assert [refused(result, index) for index in range(3)] == [
        "document_root_missing",
        "document_root_missing",
        "document_root_no_directory",
    ]
    assert result.items[3].outcome == "placed"


@pytest.mark.parametrize("check", [True, False])
def test_a_document_root_that_leads_out_of_its_folder_is_refused(root: Path, tmp_path: Path, check: bool) -> None:
    outside = tmp_path / "etc"
    outside.mkdir()
    (root.parent / "link").symlink_to(outside)
    (root.parent / "hop").symlink_to("link")
    for name in ("link", "hop"):
        result = run(token(root.parent / name), check=check)
        assert refused(result) == "document_root_escapes"
        assert str(outside) in str(result.items[0].error)
    assert list(outside.iterdir()) == []


def test_a_document_root_may_be_a_link_to_a_neighbour(root: Path) -> None:
    release = root.parent / "releases" / "42"
    release.mkdir(parents=True)
    (root.parent / "current").symlink_to("releases/42")
    assert outcomes(run(token(root.parent / "current"))) == ["placed"]
    assert (release / TOKEN).exists()


@pytest.mark.parametrize("link", [".well-known", ".well-known/acme-challenge", TOKEN])
@pytest.mark.parametrize("state", ["present", "absent"])
def test_no_link_below_the_root_is_followed(root: Path, tmp_path: Path, link: str, state: str) -> None:
    outside = tmp_path / "outside"
    (outside / "acme-challenge").mkdir(parents=True)
    target = outside / "victim" if link == TOKEN else outside
    for folder in (outside, outside / "acme-challenge"):
        (folder / Path(TOKEN).name).write_text("key.thumb")
    (outside / "victim").write_text("key.thumb")
    (root / link).parent.mkdir(parents=True, exist_ok=True)
    (root / link).symlink_to(target)
    before = sorted(path for path in outside.rglob("*"))
    assert refused(run(token(root, content="key.thumb"), state=state)) == "document_root_escapes"
    assert sorted(path for path in outside.rglob("*")) == before
    assert (outside / "victim").read_text() == "key.thumb"


def test_a_link_that_is_planted_between_look_and_effect_is_not_followed(root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    release = root.parent / "releases"
    release.mkdir()
    real = token_files.Directory.open

    def swap(path: str, *, system: System) -> Directory:
        release.rename(root.parent / "gone")
        release.symlink_to(outside)
        return real(path, system=system)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(token_files.Directory, "open", staticmethod(swap))
        result = run(token(release))
    assert refused(result) == "document_root_escapes"
    assert list(outside.iterdir()) == []


def test_an_unknown_owner_refuses_its_own_item(root: Path) -> None:
    result = run(token(root, owner="no-such-user"), token(root, "b", path=TOKEN + "b", owner=str(os.getuid())))
    assert refused(result) == "unknown_owner"
    assert result.items[1].outcome == "placed"


def test_a_killed_run_leaves_nothing_that_the_next_removal_does_not_take(root: Path) -> None:
    run(token(root))
    with pytest.raises(KeyboardInterrupt):
        run(token(root, "b", path=TOKEN + "b"), system=Recording(dies_at="rename"))
    folder = (root / TOKEN).parent
    (folder / ".inkan-tmp-0123456789abcdef").write_text("half")  # what SIGKILL leaves
    assert outcomes(run(token(root), state="absent")) == ["removed"]
    assert list(root.iterdir()) == []


@pytest.mark.parametrize("left", ["half a file", "both folders", "the first folder"])
def test_what_a_killed_run_left_is_taken_where_the_token_itself_is_not(root: Path, left: str) -> None:
    folder = (root / TOKEN).parent
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    folder.parent.chmod(0o755)
    if left == "half a file":
        (folder / ".inkan-tmp-0123456789abcdef").write_text("half")
    elif left == "the first folder":
        folder.rmdir()
    assert outcomes(run(token(root), state="absent", check=True)) == ["removed"]
    assert outcomes(run(token(root), state="absent")) == ["removed"]
    assert list(root.iterdir()) == []
    assert run(token(root), state="absent").changed is False


def test_what_another_process_is_writing_just_now_is_not_taken_for_a_leftover(root: Path) -> None:
    folder = (root / TOKEN).parent
    folder.mkdir(parents=True)
    (folder / ".inkan-tmp-0123456789abcdef").write_text("half")
    with Directory.open(str(folder)) as writing:
        fcntl.flock(writing.fd, fcntl.LOCK_SH)
        assert outcomes(run(token(root), state="absent")) == ["absent"]
    assert [file.name for file in folder.iterdir()] == [".inkan-tmp-0123456789abcdef"]
