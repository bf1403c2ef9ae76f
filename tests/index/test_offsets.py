"""The promise that all of Pincite stands on: an offset is a place in the user's own text.

Checked over generated documents and over real ones, for plain text and for Markdown.
"""

import hashlib
import itertools
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from index.chunking.chunker import MAX_HEADING_PATH_CHARS, MAX_PASSAGE_CHARS, Chunker
from index.chunking.tokens import CONTEXT_TOKENS, HEADING_TOKENS, PASSAGE_TOKENS, Tokenizer
from index.encoding.encoder import TorchEncoder
from index.encoding.model import Model
from index.parsers import UnreadableFileError, read_file
from index.parsers.blocks import has_text
from index.records import ChunkedDocument, Document, Span, passage_text
from index.sources.listing import SourceFile
from index.structure.layout import OUTLINERS, outline_of

ENCODER_READS = 254  # all-MiniLM-L6-v2: 256 tokens, two of which are special
DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
MEDIA_TYPES = ("text/plain", "text/markdown")

# Generated documents.

LINE_ENDS = ["\n", "\r\n", "\r", "\n\n", "\r\n\r\n", "\r\r", "\x0b", "\x0c", "\x85", "\u2028", "\t"]

characters = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
odd_words = st.sampled_from(
    [
        "👩‍👩‍👧‍👦",
        "🇨🇭",
        "👍🏽",
        "e\u0301\u0302\u0303",
        "ﷺ",
        "\ufeff",
        "\u200b",
        "İ",
        "ǅ",
        "漢字仮名",
        "ไทย",
        "हिन्दी",
        "العربية",
        "a\u00a0b",
        "\x01\x02",
        "\x1c",
        "\ufffd",
        "Z͑ͫ̓ͪ̂ͫ̽",
        "https://example.org/a/very/long/path?with=query&and=more#fragment",
    ]
)
long_words = st.builds(
    lambda piece, count: piece * count,
    st.sampled_from(["a", "ab-", "漢", "👍🏽", "e\u0301", "/x", "1.", "…", "?!", "\x01", "\u200b"]),
    st.integers(100, 1700),
)
words = st.one_of(
    st.sampled_from("the needle heals skin within 48 hours Dr. Smith e.g. vs. U.S. 0.5 mm".split()),
    st.text(characters, min_size=1, max_size=6),
    odd_words,
)
sentences = st.builds(
    lambda words, end: " ".join(words) + end,
    st.lists(words, min_size=1, max_size=30),
    st.sampled_from([".", "!", "?", ":", ";", "…", "。", '."', ".)", "", ".Glued", " …"]),
)
paragraphs = st.builds(" ".join, st.lists(sentences, min_size=1, max_size=8))
headings = st.builds(
    lambda words, end: " ".join(words) + end,
    st.lists(words, min_size=1, max_size=60),
    st.sampled_from(["", "", "?"]),
)
markdown = st.one_of(
    st.builds(lambda level, text: "#" * level + " " + text, st.integers(1, 7), headings),
    st.builds(lambda text, line: f"{text}\n{line * 5}", headings, st.sampled_from("=-")),
    st.builds(lambda text, line: f"{text}\r{line * 5}", headings, st.sampled_from("=-")),
    st.builds(
        lambda indent, marker, text: " " * indent + marker + text,
        st.integers(0, 9),
        st.sampled_from(
            ["- ", "* ", "+ ", "1. ", "12) ", "a) ", "- 1. ", "> - ", "-", "•\t", "– "]
        ),
        sentences,
    ),
    st.builds(
        lambda rows, end: end.join(rows),
        st.lists(
            st.sampled_from(["| a | b |", "|---|:-:|", "| 👍🏽 | c |", "a | b", "-|-", "||", "|"]),
            min_size=2,
            max_size=6,
        ),
        st.sampled_from(["\n", "\r\n"]),
    ),
    st.builds(
        lambda fence, text: f"{fence}py\n{text}\n{fence}",
        st.sampled_from(["```", "~~~"]),
        paragraphs,
    ),
    st.builds(
        lambda fence, text: f"{fence}{text}\n", st.sampled_from(["```", "    ", "\t"]), sentences
    ),
    st.builds(lambda depth, text: "> " * depth + text, st.integers(1, 30), sentences),
    st.sampled_from(
        [
            "<div>",
            "<!-- a comment",
            "-->",
            "<!-- a whole comment -->",
            "Text <!-- a comment --> that goes on. `<!-- code -->`",
            "- <!-- a\ncomment -->.",
            "# Heading <!-- a comment -->",
            "<!-->",
            "<p>Text in <b>HTML</b>.</p>",
            "</div>",
            "---",
            "***",
            "- ",
            "#",
            "##",
            ">",
            "[label]: https://example.org",
            "[label]:",
            '[label]: /url "title"',
            "[^1]: A footnote that says something.",
            "![image](a.png)",
            "\\# not a heading",
            "&amp; &#35;",
            "line with a hard break  ",
        ]
    ),
)
front_matter = st.sampled_from(
    [
        "",
        "",
        "",
        "---\n\nIt expires.\n\n---\n",
        "---\ntitle: x\n---\n",
        "---\r\ntitle: x\r\n---\r\n",
        "---\n",
        "---\r\n",
        "---",
    ]
)
fragments = st.one_of(paragraphs, headings, markdown, st.text(characters, max_size=40), long_words)
documents = st.builds(
    lambda front, parts: front + "".join(itertools.chain.from_iterable(parts)),
    front_matter,
    st.lists(st.tuples(fragments, st.sampled_from(LINE_ENDS)), max_size=12),
)


@pytest.fixture(scope="module")
def tokenizer(model: Model) -> Tokenizer:
    return model.tokenizer()


@pytest.fixture(scope="module")
def chunker(model: Model, tokenizer: Tokenizer) -> Chunker:
    return Chunker(tokenizer, model.budget())


def document_of(text: str, media_type: str) -> Document:
    return Document(
        id="folder-file-0123456789",
        source="folder/file",
        title=OUTLINERS[media_type](text).title,
        text=text,
        media_type=media_type,
        reader="text/1",
        document_sha256="",
        text_sha256="",
    )


def assert_holds(chunked: ChunkedDocument, tokenizer: Tokenizer) -> None:
    """Everything that must be true of a chunked document, whatever its text."""
    assert_spans_are_in_order(chunked)
    assert_sentences_tile_their_passages(chunked)
    assert_within_budget(chunked, tokenizer)
    assert_nothing_is_lost(chunked)


def assert_spans_are_in_order(chunked: ChunkedDocument) -> None:
    text = chunked.document.text
    assert_disjoint_and_in_order([passage.span for passage in chunked.passages], len(text))
    assert_disjoint_and_in_order(
        [sentence for passage in chunked.passages for sentence in passage.sentences], len(text)
    )
    assert_disjoint_and_in_order([Span(s.start, s.end) for s in chunked.skipped], len(text))
    for passage in chunked.passages:
        for span in (passage.span, *passage.sentences):
            cited = span.of(text)
            assert cited, "an empty span cites nothing"
            assert cited == cited.strip(), "a citation neither starts nor ends with a blank"


def assert_disjoint_and_in_order(spans: list[Span], length: int) -> None:
    edges = [0, *(edge for span in spans for edge in span), length]
    assert edges == sorted(edges)


def assert_sentences_tile_their_passages(chunked: ChunkedDocument) -> None:
    text = chunked.document.text
    markup = {
        position
        for skipped in outline_of(chunked.document).skipped
        for position in range(skipped.start, skipped.end)
    }
    for passage in chunked.passages:
        assert passage.sentences[0].start == passage.start
        assert passage.sentences[-1].end == passage.end
        for before, after in itertools.pairwise(passage.sentences):
            for position in range(before.end, after.start):
                assert text[position].isspace() or position in markup


def assert_within_budget(chunked: ChunkedDocument, tokenizer: Tokenizer) -> None:
    for passage in chunked.passages:
        cited = passage.span.of(chunked.document.text)
        path = passage.heading_path
        assert len(tokenizer.tokens(cited)) <= PASSAGE_TOKENS
        assert len(cited) <= MAX_PASSAGE_CHARS
        assert len("\n".join(path)) <= MAX_HEADING_PATH_CHARS
        assert len(tokenizer.tokens("\n".join(path))) <= HEADING_TOKENS
        seen = passage_text(chunked.document, passage)
        before = [line for line in passage.context if line not in path]
        assert seen == "".join(f"{line}\n" for line in [*before, *path]) + cited
        assert len(tokenizer.tokens(seen)) <= ENCODER_READS
        assert len(tokenizer.tokens("\n".join(passage.context))) <= CONTEXT_TOKENS
        assert all(line.strip() for line in [*passage.context, *path])


def assert_nothing_is_lost(chunked: ChunkedDocument) -> None:
    text = chunked.document.text
    times_kept = [0] * len(text)
    kept = [passage.span for passage in chunked.passages]
    for start, end in (*kept, *(Span(skip.start, skip.end) for skip in chunked.skipped)):
        for position in range(start, end):
            times_kept[position] += 1
    for position, character in enumerate(text):
        if not character.isspace():
            assert times_kept[position] == 1, (position, text[max(0, position - 20) :][:40])
    assert all(skipped.reason for skipped in chunked.skipped)
    outline = outline_of(chunked.document)
    hidden = [skipped for skipped in outline.skipped if skipped.reason == "comment"]
    assert set(hidden) <= set(chunked.skipped), "no passage has a comment in it"


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
@given(text=documents)
@example(text="")
@example(text="\ufeff")
@example(text=" \r\n\t\u2028\n")
@example(text="# Heading and nothing else")
@example(text="\x01" * 4000)
@example(text=f"{'long' * 30} " * 300)
@example(text=f"# {'heading ' * 200}\n\n{'word ' * 500}.")
@example(text=f"# {'pneumonoultramicroscopic' * 4} {'Donaudampfschifffahrt' * 4}\n\nIt has a body.")
@example(text="a" * 20_000)
@example(text=f"# {'a' * 20_000}\n\nIt has a body.")
@example(text=f"{'a' * 1400}. " * 10)
@example(text=f"- {'a' * 1400}\n" * 10)
@example(text="# Heading <!-- a comment -->\n\n## `<!--` Another -->")
@example(text="<div>\nText <!-- a\ncomment --> and more\n</div>")
@example(text="👍🏽" * 2000)
@example(text="- a\n" * 400)
def test_chunking_keeps_its_promises_on_any_text(
    chunker: Chunker, tokenizer: Tokenizer, media_type: str, text: str
) -> None:
    document = document_of(text, media_type)
    chunked = chunker.chunk(document)
    assert chunked.document is document
    assert_holds(chunked, tokenizer)
    assert chunker.chunk(document) == chunked, "chunking is deterministic"


# What says what the whole document is: above a passage, and never in it.

LONG = f"# {'A heading of several words ' * 7}\n\n{'It is a long text of many words. ' * 80}"


@given(
    title=st.one_of(st.text(characters, max_size=80), st.text("한국어제목이다 ", max_size=60)),
    name=st.one_of(st.text("abcdAB12 _-.", max_size=60), st.text("한국어 ", max_size=60)),
    text=st.one_of(documents, st.just(LONG)),
)
@example(title="한국어" * 10, name="제목이다" * 10, text=LONG)
@example(title="word " * 28, name="The name of a file", text=LONG)
@example(title="\x01" * 400, name="a" * 250, text=LONG)
def test_title_and_name_fit_above_a_passage(
    chunker: Chunker, tokenizer: Tokenizer, title: str, name: str, text: str
) -> None:
    whole = replace(document_of(text, "text/markdown"), title=title, source=f"folder/{name}.md")
    assert_holds(chunker.chunk(whole), tokenizer)


def context(chunker: Chunker, title: str, source: str, text: str = "It has a text.") -> list[str]:
    """The lines that are embedded above the first passage."""
    whole = replace(document_of(text, "text/markdown"), title=title, source=source)
    passage = chunker.chunk(whole).passages[0]
    *lines, cited = passage_text(whole, passage).split("\n")
    assert cited == passage.span.of(text)
    return lines


def test_title_and_words_of_the_name_stand_above_a_passage(chunker: Chunker) -> None:
    path = "# Debt\n\nIt has a text."
    assert context(chunker, "Apple Inc.", "pdf/2022 Q3 AAPL.pdf", path) == [
        *("Apple Inc.", "2022 Q3 AAPL", "Debt")
    ]
    assert context(chunker, "", "pdf/2022 Q3 AAPL.pdf") == ["2022 Q3 AAPL"]
    assert context(chunker, "", "seeds/000_6552478e434a9112.txt") == []


def test_no_line_is_repeated(chunker: Chunker) -> None:
    text = "# How to install\n\nIt has a text."
    assert context(chunker, "How to install", "notes/how-to-install.md", text) == ["How to install"]
    assert context(chunker, "Care of wounds", "notes/care_of.md") == ["Care of wounds"]


def test_a_title_that_is_too_long_is_left_out_and_the_name_is_not(chunker: Chunker) -> None:
    assert context(chunker, "word " * 31, "notes/the thesis.md") == ["the thesis"]


def scifact_abstracts() -> Iterator[tuple[str, str]]:
    with (DATA / "scifact" / "corpus.jsonl").open(encoding="utf-8") as lines:
        for line in itertools.islice(lines, 0, 400, 20):
            record = json.loads(line)
            yield f"scifact {record['_id']}", f"{record['title']}\n\n{record['text']}"


def corpus_cuts() -> Iterator[tuple[str, str]]:
    for path in sorted((DATA / "chunking_evaluation" / "corpora").glob("*.md")):
        with path.open(encoding="utf-8", newline="") as file:
            text = file.read()
        for start in (0, len(text) // 3, len(text) // 3 * 2):
            yield f"{path.name} from {start}", text[start : start + 8_000]


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
@pytest.mark.parametrize("corpus", [corpus_cuts, scifact_abstracts])
def test_chunking_keeps_its_promises_on_real_corpora(
    chunker: Chunker, tokenizer: Tokenizer, corpus, media_type: str
) -> None:
    if not DATA.is_dir():
        pytest.skip(f"the development data is not there ({DATA.name}/ beside the checkout)")
    for name, text in corpus():
        chunked = chunker.chunk(document_of(text, media_type))
        assert chunked.passages, name
        assert_holds(chunked, tokenizer)


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_chunking_keeps_its_promises_on_the_seeds(
    chunker: Chunker, tokenizer: Tokenizer, seeds_dir: Path, media_type: str, line_end: str
) -> None:
    paths = sorted(seeds_dir.glob("*.txt"))
    assert len(paths) == 5
    for path in paths:
        text = path.read_bytes().decode().replace("\n", line_end)
        assert_holds(chunker.chunk(document_of(text, media_type)), tokenizer)


def test_line_ends_do_not_change_what_is_cited(chunker: Chunker, seeds_dir: Path) -> None:
    for path in sorted(seeds_dir.glob("*.txt")):
        text = path.read_bytes().decode()
        assert "\r" not in text
        unix, windows, old_mac = (
            [
                (passage.heading_path, passage.span.of(variant).replace(line_end, "\n"))
                for passage in chunker.chunk(document_of(variant, "text/plain")).passages
            ]
            for line_end in ("\n", "\r\n", "\r")
            for variant in [text.replace("\n", line_end)]
        )
        assert unix == windows == old_mac


def test_the_encoder_cuts_nothing_off(chunker: Chunker, model: Model, seeds_dir: Path) -> None:
    """The count by which passages are cut is the one that the encoder itself makes."""
    transformer = TorchEncoder(model).loaded()
    reads = transformer.max_seq_length
    assert reads == ENCODER_READS + 2
    for path in sorted(seeds_dir.glob("*.txt")):
        text = path.read_bytes().decode()
        for passage in chunker.chunk(document_of(text, "text/plain")).passages:
            seen = passage_text(document_of(text, "text/plain"), passage)
            assert len(transformer.tokenizer(seen)["input_ids"]) <= reads


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scratch")


@pytest.mark.parametrize("suffix", [".markdown", ".md", ".text", ".txt"])
@given(text=documents, bom=st.booleans())
def test_a_documents_text_is_the_decoded_file(
    scratch: Path, suffix: str, text: str, bom: bool
) -> None:
    path = scratch / f"file{suffix}"
    content = (b"\xef\xbb\xbf" if bom else b"") + text.encode()
    path.write_bytes(content)
    decoded = content.decode().removeprefix("\ufeff")
    file = SourceFile(path, f"scratch/file{suffix}")
    if not has_text(decoded):
        with pytest.raises(UnreadableFileError, match="empty"):
            read_file(file)
        return
    (document,) = read_file(file)
    assert document.text == decoded
    assert document.document_sha256 == hashlib.sha256(content).hexdigest()
    assert document.text_sha256 == hashlib.sha256(decoded.encode()).hexdigest()
    assert (document.id, document.source) == (file.document_id, f"scratch/file{suffix}")
