"""SOURCEs: what is found in them, what is passed over and why, and what is refused."""

import errno
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.changes import SyncReport
from index.chunking.chunker import Chunker
from index.encoding.model import Model
from index.errors import SourceError, StoreMissingError
from index.ingest import digest_of
from index.parsers import OutOfReachError, UnreadableFileError, files, read_file
from index.records import ChunkedDocument, Document
from index.sources.listing import (
    LEADS_OUT,
    SkippedFile,
    SourceFile,
    document_id,
    list_files,
    locate,
    resolve_sources,
)
from index.sources.selection import NothingToIndexError
from index.store import open_store
from index.store.protocols import Store
from index.sync import sync
from tests.encoders import HashingEncoder

DAMAGED = "damaged UTF-8 (byte 0xe2 at 3); save it as UTF-8"
TEXT = "Redness fades within two days. It is normal.\n"


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "a.txt").write_text(TEXT)
    return folder


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(tmp_path / "store")


def index(store: Store, model: Model, *sources: Path) -> SyncReport:
    return sync(store, sources, model, HashingEncoder())


def indexed(store: Store) -> list[str]:
    return [chunked.document.source for chunked in store.open().documents()]


# Nothing is forgotten by mistake.


def test_a_missing_source_is_an_error(tmp_path: Path, store: Store, model: Model) -> None:
    with pytest.raises(SourceError, match="gone does not exist: nothing was changed"):
        index(store, model, tmp_path / "gone")
    with pytest.raises(StoreMissingError):
        store.open()


def test_a_source_that_is_gone_is_not_an_order_to_forget_it(
    notes: Path, store: Store, model: Model
) -> None:
    index(store, model, notes)
    notes.rename(notes.parent / "elsewhere")
    with pytest.raises(SourceError, match="notes does not exist: nothing was changed"):
        index(store, model)
    assert indexed(store) == ["notes/a.txt"]


def test_a_source_that_is_suddenly_empty_is_not_an_order_to_forget_it(
    notes: Path, store: Store, model: Model
) -> None:
    index(store, model, notes)
    (notes / "a.txt").unlink()
    with pytest.raises(NothingToIndexError, match="notes held documents before") as raised:
        index(store, model)
    assert "\n" not in str(raised.value)
    assert indexed(store) == ["notes/a.txt"]


def test_one_empty_source_among_others_is_noticed(
    tmp_path: Path, notes: Path, store: Store, model: Model
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "b.txt").write_text(TEXT)
    index(store, model, notes, other)
    (other / "b.txt").unlink()
    with pytest.raises(NothingToIndexError, match="other held documents before"):
        index(store, model)
    index(store, model, notes)  # naming the others is how to let go of it
    assert indexed(store) == ["notes/a.txt"]


def test_an_empty_source_is_noticed_although_another_has_its_name(
    tmp_path: Path, notes: Path, store: Store, model: Model
) -> None:
    twin = tmp_path / "more" / "notes"
    twin.mkdir(parents=True)
    (twin / "b.txt").write_text(TEXT)
    index(store, model, notes, twin)
    assert indexed(store) == ["notes/a.txt", "notes/b.txt"]
    (notes / "a.txt").unlink()
    with pytest.raises(NothingToIndexError, match=f"{re.escape(str(notes))} held documents before"):
        index(store, model)


def test_a_source_that_never_held_documents_did_not_lose_them(
    tmp_path: Path, notes: Path, store: Store, model: Model
) -> None:
    """Although another of its name lost one."""
    twin = tmp_path / "more" / "notes"
    twin.mkdir(parents=True)
    (twin / "picture.png").write_bytes(b"\x89PNG")
    (notes / "b.txt").write_text(TEXT)
    for order in ((twin, notes), (notes, twin)):
        (notes / "b.txt").write_text(TEXT)
        assert index(store, model, *order).empty == (twin,)
        (notes / "b.txt").unlink()
        report = index(store, model)
        assert (report.removed, report.empty) == (("notes/b.txt",), (twin,))


def test_an_empty_source_among_others_is_told_of(
    tmp_path: Path, notes: Path, store: Store, model: Model
) -> None:
    (tmp_path / "empty").mkdir()
    (notes / "b.png").write_bytes(b"\x89PNG")
    assert index(store, model, notes, tmp_path / "empty").empty == (tmp_path / "empty",)
    (tmp_path / "empty" / "c.txt").write_text(TEXT)
    assert index(store, model).empty == ()
    report = index(store, model, notes / "a.txt", notes / "b.png")
    assert report.empty == (), "a file has its own line with the reason"
    assert reasons(report.skipped) == [("notes/b.png", "unsupported type .png")]


def test_a_file_given_by_itself_that_became_empty_is_noticed(
    notes: Path, store: Store, model: Model
) -> None:
    (notes / "b.txt").write_text(TEXT)
    index(store, model, notes / "a.txt", notes / "b.txt")
    (notes / "b.txt").write_text("")
    with pytest.raises(NothingToIndexError, match=r"b\.txt held documents before"):
        index(store, model)


def test_deleting_one_file_of_several_is_an_order_to_forget_it(
    notes: Path, store: Store, model: Model
) -> None:
    (notes / "b.txt").write_text(TEXT)
    index(store, model, notes)
    (notes / "b.txt").unlink()
    assert index(store, model).removed == ("notes/b.txt",)


def test_nothing_indexable_says_why(tmp_path: Path, store: Store, model: Model) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "a.png").write_bytes(b"\x89PNG")
    with pytest.raises(NothingToIndexError, match="pictures could be indexed: give") as raised:
        index(store, model, folder)
    assert "\n" not in str(raised.value)
    assert [(s.path, s.reason) for s in raised.value.skipped] == [
        ("pictures/a.png", "unsupported type .png")
    ]
    with pytest.raises(StoreMissingError):
        store.open()


def test_an_empty_folder_is_an_error(tmp_path: Path, store: Store, model: Model) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(NothingToIndexError, match="empty could be indexed: give"):
        index(store, model, tmp_path / "empty")


# What is passed over, and why.


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("b.txt", b"", "empty"),
        ("b.txt", b" \r\n\t", "empty"),
        ("b.txt", b"\xef\xbb\xbf", "empty"),
        ("b.txt", b"text\0more", "binary"),
        ("b.txt", b"caf\xe2\x82 \xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9", DAMAGED),
        ("b.txt", b"\xfe\xff\0t\0e\0", "damaged UTF-16; save it as UTF-8"),
        ("b.md", b"***\n\n* * *\n", "nothing in it but headings or markup"),
        ("b.md", b"[label]: /url\n", "nothing in it but headings or markup"),
        ("b.png", b"\x89PNG", "unsupported type .png"),
        ("README", b"text", "unsupported type (no suffix)"),
        (".hidden.txt", b"text", "hidden"),
    ],
)
def test_a_file_that_cannot_be_indexed_is_reported(
    notes: Path, store: Store, model: Model, name: str, content: bytes, reason: str
) -> None:
    (notes / name).write_bytes(content)
    report = index(store, model, notes)
    assert [(s.path, s.reason) for s in report.skipped] == [(f"notes/{name}", reason)]
    assert report.added == ("notes/a.txt",)


def test_a_file_that_is_too_large_is_reported(
    notes: Path, store: Store, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MAX_FILE_BYTES", 2**20)
    (notes / "b.txt").write_bytes(b"x" * (2**20 + 1))
    (skipped,) = index(store, model, notes).skipped
    assert (skipped.path, skipped.reason) == ("notes/b.txt", "larger than 1 MiB; split it")


def test_an_unreadable_file_is_reported(
    notes: Path, store: Store, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    (notes / "b.txt").write_text(TEXT)
    forbid(monkeypatch, "b.txt")
    report = index(store, model, notes)
    assert reasons(report.skipped) == [("notes/b.txt", "unreadable (Permission denied)")]
    assert report.kept == ()
    assert indexed(store) == ["notes/a.txt"]


def test_an_unreadable_folder_is_reported(
    notes: Path, store: Store, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    (notes / "private").mkdir()
    forbid(monkeypatch, "private")
    (skipped,) = index(store, model, notes).skipped
    assert (skipped.path, skipped.reason) == ("notes/private", "unreadable (Permission denied)")


# What cannot be read for the moment is kept as it was.


def forbid(patch: pytest.MonkeyPatch, forbidden: str) -> None:
    """Deny access to what is called so; root, as which tests may run, may read everything."""

    def denying(original: Any) -> Any:
        def guarded(path: Any, *args: Any, **kwargs: Any) -> Any:
            if Path(path).name == forbidden:
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
            return original(path, *args, **kwargs)

        return guarded

    patch.setattr(Path, "open", denying(Path.open))
    patch.setattr(os, "scandir", denying(os.scandir))


def reasons(skipped: Iterable[SkippedFile]) -> list[tuple[str, str]]:
    return [(each.path, each.reason) for each in skipped]


@pytest.mark.parametrize("forbidden", ["b.txt", "private", "notes"])
def test_what_cannot_be_read_for_the_moment_is_kept_as_it_was(
    notes: Path, store: Store, model: Model, monkeypatch: pytest.MonkeyPatch, forbidden: str
) -> None:
    (notes / "private").mkdir()
    (notes / "private" / "b.txt").write_text("Bread needs salt.\n")
    good = index(store, model, notes).snapshot
    unreadable = {"b.txt": "notes/private/b.txt", "private": "notes/private", "notes": "notes"}
    with monkeypatch.context() as patch:
        forbid(patch, forbidden)
        report = index(store, model)
        kept = (unreadable[forbidden], "unreadable (Permission denied)")
        assert reasons(report.kept) == [kept]
        assert (report.skipped, report.removed, report.embedded) == ((), (), 0)
        assert report.unchanged == ("notes/a.txt", "notes/private/b.txt")
        assert report.snapshot == good
    (notes / "private" / "b.txt").unlink()
    assert index(store, model).removed == ("notes/private/b.txt",), "gone is gone"


def test_a_file_in_a_folder_that_cannot_be_entered_is_kept(
    notes: Path, store: Store, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder may be listed and still not be entered."""
    index(store, model, notes)
    original = Path.stat

    def guarded(path: Path, **kwargs: Any) -> Any:
        if path.name == "a.txt":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return original(path, **kwargs)

    monkeypatch.setattr(Path, "stat", guarded)
    report = index(store, model)
    assert reasons(report.kept) == [("notes/a.txt", "unreadable (Permission denied)")]
    assert report.unchanged == ("notes/a.txt",)


def test_a_file_on_a_failing_disk_is_kept_though_cut_anew(
    notes: Path, store: Store, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    (notes / "b.txt").write_text(TEXT)
    index(store, model, notes)

    def failing(path: Path) -> str:
        if path.name == "b.txt":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return digest_of(path)

    monkeypatch.setattr("index.ingest.digest_of", failing)
    monkeypatch.setattr("index.sync.CHUNKING", -1)
    monkeypatch.setattr("index.previous.CHUNKING", -1)
    cut: list[str] = []

    def chunk(chunker: Chunker, document: Document) -> ChunkedDocument:
        cut.append(document.source)
        return original_chunk(chunker, document)

    original_chunk = Chunker.chunk
    monkeypatch.setattr(Chunker, "chunk", chunk)
    (notes / "a.txt").write_text("Bread needs salt.\n")
    report = index(store, model)
    assert reasons(report.kept) == [("notes/b.txt", "unreadable (Input/output error)")]
    assert (report.changed, report.unchanged) == (("notes/a.txt",), ("notes/b.txt",))
    assert cut == ["notes/a.txt", "notes/b.txt"]


@pytest.mark.parametrize("content", [b"", b"now\0binary"])
def test_a_file_that_no_longer_holds_text_is_removed(
    notes: Path, store: Store, model: Model, content: bytes
) -> None:
    (notes / "b.txt").write_text(TEXT)
    index(store, model, notes)
    (notes / "b.txt").write_bytes(content)
    report = index(store, model)
    assert (report.removed, report.kept) == (("notes/b.txt",), ())


def test_links_and_special_files(tmp_path: Path, notes: Path, store: Store, model: Model) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "b.txt").write_text("A secret that nobody wants to be quoted.")
    (outside / "back.txt").symlink_to(notes / "a.txt")
    (notes / "inside.txt").symlink_to("a.txt")
    (notes / "to-file.txt").symlink_to(outside / "b.txt")
    (notes / "there-and-back.txt").symlink_to(outside / "back.txt")
    (notes / "to-folder").symlink_to(outside)
    (notes / "to-itself").symlink_to(notes)
    (notes / "dangling.txt").symlink_to(notes / "gone.txt")
    (notes / "loop.txt").symlink_to(notes / "loop.txt")
    (notes / "one").symlink_to(notes / "other")
    (notes / "other").symlink_to(notes / "one")
    os.mkfifo(notes / "pipe.txt")
    (notes / ".git").mkdir()
    (notes / ".git" / "c.txt").write_text(TEXT)
    (notes / "to-hidden.txt").symlink_to(notes / ".git" / "c.txt")
    (notes / "private").mkdir()
    (notes / "private" / "d.txt").write_text(TEXT)
    (notes / ".pinciteignore").write_text("private/\n")
    (notes / "to-ignored.txt").symlink_to(notes / "private" / "d.txt")
    report = index(store, model, notes)
    assert report.added == ("notes/a.txt", "notes/inside.txt", "notes/there-and-back.txt")
    assert {s.path: s.reason for s in report.skipped} == {
        "notes/.git": "hidden",
        "notes/dangling.txt": "a link that leads nowhere",
        "notes/loop.txt": "a link that leads nowhere",
        "notes/one": "a link that leads nowhere",
        "notes/other": "a link that leads nowhere",
        "notes/pipe.txt": "not a regular file",
        "notes/private": "ignored",
        "notes/to-file.txt": LEADS_OUT,
        "notes/to-hidden.txt": "a link to a file that is hidden, ignored, or in a store",
        "notes/to-ignored.txt": "a link to a file that is hidden, ignored, or in a store",
        "notes/to-folder": "a link to a folder; index that folder itself",
        "notes/to-itself": "a link to a folder; index that folder itself",
    }
    assert locate("notes/to-file.txt", [notes]) is None, "verifying reads no other files either"
    assert locate("notes/to-hidden.txt", [notes]) is None
    assert locate("notes/inside.txt", [notes]) == notes / "inside.txt"


def test_the_target_of_a_link_is_indexed_where_it_is_a_source(
    tmp_path: Path, notes: Path, store: Store, model: Model
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "b.txt").write_text(TEXT)
    link = notes / "link.txt"
    link.symlink_to(outside / "b.txt")
    for sources, names in (
        ([notes, link], ["notes/a.txt", "notes/link.txt"]),
        ([notes, outside], ["notes/a.txt", "notes/link.txt", "outside/b.txt"]),
    ):
        assert index(store, model, *sources).skipped == ()
        assert indexed(store) == names
    report = index(store, model, notes)
    assert report.removed == ("notes/link.txt", "outside/b.txt")
    assert [skipped.reason for skipped in report.skipped] == [LEADS_OUT]


def test_a_source_that_is_a_link_to_a_folder_is_followed(
    notes: Path, store: Store, model: Model
) -> None:
    (notes / "inside.txt").symlink_to(notes / "a.txt")
    (notes.parent / "link").symlink_to(notes)
    report = index(store, model, notes.parent / "link")
    assert (report.added, report.skipped) == (("link/a.txt", "link/inside.txt"), ())


def test_a_source_that_is_a_loop_of_links_is_refused(
    tmp_path: Path, store: Store, model: Model
) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(SourceError, match="loop (cannot be read|does not exist)"):
        index(store, model, tmp_path / "loop")


@pytest.mark.parametrize("name", ["b.TXT", "b.Md", "b.text", "b.markdown"])
def test_the_types_that_are_read(notes: Path, store: Store, model: Model, name: str) -> None:
    (notes / name).write_text(TEXT)
    assert index(store, model, notes).added == ("notes/a.txt", f"notes/{name}")


def test_reading_says_why_it_cannot(tmp_path: Path) -> None:
    gone = SourceFile(tmp_path / "gone.txt", "x/gone.txt")
    with pytest.raises(UnreadableFileError, match=r"\(No such file or directory\)") as raised:
        read_file(gone)
    assert not isinstance(raised.value, OutOfReachError)


# Names and ids.


def test_ids_do_not_change() -> None:
    """Answers, links and evaluations name documents by them."""
    assert document_id("seeds/000_6552478e434a9112.txt") == (
        "seeds-000-6552478e434a9112-txt-5f45df46dd"
    )


any_source = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200)


@given(one=any_source, other=any_source)
def test_ids_are_url_safe_stable_and_distinct(one: str, other: str) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", document_id(one))
    assert len(document_id(one)) <= 100
    assert document_id(one) == document_id(one)
    assert (document_id(one) == document_id(other)) == (one == other)


def test_names_that_read_alike_have_their_own_ids() -> None:
    alike = [
        "n/a b.txt",
        "n/a-b.txt",
        "n/a_b.txt",
        "n/A b.txt",
        "n/ä b.txt",
        "n/漢.txt",
        "n/字.txt",
    ]
    assert len({document_id(source) for source in alike}) == len(alike)


@pytest.mark.parametrize(
    "name",
    [
        "two words.txt",
        "naïve café.md",
        "漢字.txt",
        "👍🏽.txt",
        "a\nb.txt",
        "#?&%.txt",
        "e\u0301.txt",
    ],
)
def test_weird_names_are_indexed(notes: Path, store: Store, model: Model, name: str) -> None:
    (notes / name).write_text(TEXT)
    assert set(index(store, model, notes).added) == {"notes/a.txt", f"notes/{name}"}
    (document,) = [
        chunked.document
        for chunked in store.open().documents()
        if chunked.document.source == f"notes/{name}"
    ]
    assert locate(document.source, [notes]) == notes / name
    assert document.title == ""
    assert document.display_title == name
    assert index(store, model).unchanged == tuple(sorted(["notes/a.txt", f"notes/{name}"]))


def undecodable(parent: Path) -> Path:
    """A folder whose name is not valid UTF-8, where the file system has such."""
    folder = parent / os.fsdecode(b"caf\xe9")
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("this file system has only names in UTF-8")
    return folder


def test_a_name_that_is_not_utf8_is_reported(notes: Path, store: Store, model: Model) -> None:
    (undecodable(notes) / "b.txt").write_text(TEXT)
    report = index(store, model, notes)
    (skipped,) = report.skipped
    assert (skipped.path, skipped.reason) == (
        "notes/caf?/b.txt",
        "its name is not valid UTF-8; rename it",
    )
    assert report.added == ("notes/a.txt",)


@pytest.mark.parametrize("below", ["", "sub"])
def test_a_source_whose_path_is_not_utf8_is_refused(
    tmp_path: Path, store: Store, model: Model, below: str
) -> None:
    folder = undecodable(tmp_path) / below
    folder.mkdir(exist_ok=True)
    (folder / "a.txt").write_text(TEXT)
    with pytest.raises(SourceError, match="is not valid UTF-8; rename it") as raised:
        index(store, model, folder)
    str(raised.value).encode()  # can be printed


def test_a_file_given_by_itself_is_named_by_its_parent(
    notes: Path, store: Store, model: Model
) -> None:
    (notes / "b.txt").write_text(TEXT)
    assert index(store, model, notes / "b.txt").added == ("notes/b.txt",)
    by_folder, _ = list_files([notes])
    by_file, _ = list_files([notes / "b.txt"])
    assert [file for file in by_folder if file.source == "notes/b.txt"] == by_file


def test_a_source_is_named_by_its_folder_however_it_is_given(
    notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(notes)
    ways = [".", "../notes/", str(notes), "../other/../notes"]
    assert resolve_sources(ways) == (notes,)
    for way in ways:
        assert [f.source for f in list_files(resolve_sources([way]))[0]] == ["notes/a.txt"]


def test_a_linked_source_keeps_the_name_of_the_link(notes: Path) -> None:
    (notes.parent / "link").symlink_to(notes)
    (notes.parent / "file.txt").symlink_to(notes / "a.txt")
    sources = resolve_sources([notes.parent / "link", notes.parent / "file.txt"])
    files, skipped = list_files(sources)
    parent = notes.parent.name
    assert {file.source for file in files} == {"link/a.txt", f"{parent}/file.txt"}
    assert skipped == []


def test_files_of_one_name_in_two_folders_of_one_name_are_refused(
    tmp_path: Path, notes: Path, store: Store, model: Model
) -> None:
    index(store, model, notes)
    twin = tmp_path / "more" / "notes"
    twin.mkdir(parents=True)
    (twin / "a.txt").write_text("Another text.")
    with pytest.raises(SourceError) as raised:
        index(store, model, notes, twin)
    message = str(raised.value)
    assert str(notes / "a.txt") in message
    assert str(twin / "a.txt") in message
    assert "\n" not in message
    assert indexed(store) == ["notes/a.txt"]


def test_a_file_given_twice_is_indexed_once(notes: Path, store: Store, model: Model) -> None:
    report = index(store, model, notes, notes / "a.txt", notes / ".." / "notes")
    assert report.added == ("notes/a.txt",)


def test_a_file_in_two_sources_is_indexed_once_under_the_outer_one(
    notes: Path, store: Store, model: Model
) -> None:
    inner = notes / "inner"
    inner.mkdir()
    (inner / "b.txt").write_text(TEXT)
    (inner / "c.png").write_bytes(b"\x89PNG")
    for sources in ((notes, inner), (inner, notes), (inner / "b.txt", inner, notes)):
        report = index(store, model, *sources)
        assert indexed(store) == ["notes/a.txt", "notes/inner/b.txt"]
        assert reasons(report.skipped) == [("notes/inner/c.png", "unsupported type .png")]
        assert report.empty == (), "what the inner one holds is in the store"
        assert index(store, model).snapshot == report.snapshot


def test_a_source_in_another_that_would_pass_it_over_is_indexed(
    notes: Path, store: Store, model: Model
) -> None:
    """Hidden folders and links to folders are indexed where they are named."""
    outside = notes.parent / "outside"
    for folder in (notes / ".hidden", outside):
        folder.mkdir()
        (folder / "b.txt").write_text(TEXT)
    (notes / "link").symlink_to(outside)
    (notes / ".c.txt").write_text(TEXT)
    report = index(store, model, notes, notes / ".hidden", notes / "link", notes / ".c.txt")
    assert indexed(store) == [".hidden/b.txt", "link/b.txt", "notes/.c.txt", "notes/a.txt"]
    assert report.skipped == ()


def test_files_come_in_a_fixed_order(notes: Path) -> None:
    for name in ("c.txt", "B.txt", "ä.txt", "sub/a.txt"):
        (notes / name).parent.mkdir(exist_ok=True)
        (notes / name).write_text(TEXT)
    files, _ = list_files([notes])
    assert [file.source for file in files] == sorted(file.source for file in files)
    assert len(files) == 5


@pytest.mark.parametrize(
    "source",
    [
        "notes/../secret.txt",
        "notes/sub/../../secret.txt",
        "notes//etc/passwd",
        "notes",
        "",
        "x/a.txt",
    ],
)
def test_only_files_of_the_sources_are_located(notes: Path, source: str) -> None:
    (notes / "sub").mkdir()
    (notes.parent / "secret.txt").write_text("Not for others.")
    assert locate(source, [notes]) is None
    assert locate("notes/a.txt", [notes]) == notes / "a.txt"
    assert locate("notes/a.txt", [notes / "a.txt"]) == notes / "a.txt"
    assert locate("notes/b.txt", [notes / "a.txt"]) is None
