"""Which language documents are in, and which a model is for: no false warnings."""

import json
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest

from index.encoding.model import Model, languages_of
from index.parsers import language
from index.parsers.language import foreign, language_of
from index.records import Document

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"

FOREIGN = {
    "de": (
        "Der Teig ruht achtzehn Stunden im Kühlschrank. Danach wird er geteilt und noch eine "
        "Stunde auf dem Tisch gelassen. Das Salz kommt erst am Ende dazu, weil es die Hefe "
        "bremst. Im Ofen braucht das Brot vierzig Minuten, bis die Kruste dunkel ist und es hohl "
        "klingt."
    ),
    "fr": (
        "La pâte repose dix-huit heures au réfrigérateur. Ensuite, on la divise et on la laisse "
        "encore une heure sur la table. Le sel est ajouté à la fin, parce qu’il freine la "
        "levure. Au four, le pain demande quarante minutes, jusqu’à ce que la croûte soit "
        "foncée."
    ),
    "es": (
        "La masa descansa dieciocho horas en el frigorífico. Después se divide y se deja una "
        "hora más sobre la mesa. La sal se añade al final, porque frena la levadura. En el horno "
        "el pan necesita cuarenta minutos, hasta que la corteza esté oscura y suene hueco."
    ),
    "nl": (
        "Het deeg rust achttien uur in de koelkast. Daarna wordt het verdeeld en nog een uur op "
        "tafel gelaten. Het zout was of is pas aan het eind nodig, omdat het de gist remt. In de "
        "oven heeft het brood veertig minuten nodig, tot de korst donker is. Wie erop klopt, "
        "hoort dat het hol klinkt, en dan mag het afkoelen."
    ),
    "da": (
        "Dejen hviler atten timer i køleskabet. Derefter deles den og får lov at stå en time "
        "mere på bordet. Saltet kommer i til sidst, for det bremser gæren. I ovnen skal brødet "
        "have fyrre minutter, til skorpen er mørk, og det lyder hult for den, der banker på."
    ),
    "ru": (
        "Тесто отдыхает в холодильнике восемнадцать часов. После этого его делят на части и "
        "оставляют на столе ещё на час. Соль добавляют в конце замеса, потому что она мешает "
        "дрожжам. В печи хлебу нужно сорок минут, пока корка не станет тёмной."
    ),
    "zh": (
        "面团在冰箱里静置十八个小时。然后把面团分成几份，在桌子上再放一个小时。最后加盐，因为盐会"
        "抑制酵母。面包在烤箱里需要四十分钟，直到外皮变成深色，敲打时发出空洞的声音为止。"
    ),
    "ja": (
        "生地は冷蔵庫で十八時間休ませます。その後、生地を分けて、テーブルの上でさらに一時間置きま"
        "す。塩は酵母の働きを抑えるので、最後に加えます。オーブンでは四十分かかります。皮が濃い色"
        "になるまで焼きます。"
    ),
}
ENGLISH = [
    (
        "teh dogh rests in teh refridgerator for eihgteen huors adn then we devide it in to "
        "peices wich are let on teh tabel. i dont no why its goin bad but pls hlep me wiht my "
        "bred its allways to sticky an wont rise proply and the oven is to hot. then teh crust "
        "is burnd an teh insid is stil raw so wat am i doin rong here"
    ),
    (
        "THE DOUGH RESTS IN THE REFRIGERATOR FOR EIGHTEEN HOURS. IT IS THEN DIVIDED AND LEFT ON "
        "THE TABLE. SALT IS ADDED LAST. DO NOT OPEN THE OVEN DOOR WHILE BAKING, OR THE BREAD "
        "WILL COLLAPSE AND BECOME DENSE. WE HAVE SEEN THIS OFTEN. PLEASE READ ALL OF THE STEPS "
        "BEFORE YOU BEGIN."
    ),
]
NO_ALARM = [
    (
        "- 2 cups flour\n- 1 tsp salt\n- 3 tbsp sugar\n- 200 g butter\n- vanilla extract\n- "
        "baking powder\n- almonds\n- cinnamon\n- nutmeg\n- brown sugar\n- cocoa\n- eggs\n- "
        "milk\n- yeast\n- raspberries\n- blueberries\n- lemon zest\n- orange peel"
    ),
    (
        "Metformin 500 mg PO BID, Lisinopril 10 mg PO QD, Atorvastatin 20 mg PO QHS, Omeprazole "
        "20 mg PO QD, Levothyroxine 75 mcg PO QAM, Amlodipine 5 mg PO QD, Hydrochlorothiazide 25 "
        "mg PO QD, Gabapentin 300 mg PO TID, Sertraline 50 mg PO QD, Prednisone 5 mg"
    ),
    (
        "Staphylococcus epidermidis, Cutibacterium acnes, Escherichia coli, Pseudomonas "
        "aeruginosa, Streptococcus pyogenes, Candida albicans, Malassezia furfur, Sarcoptes "
        "scabiei, Demodex folliculorum, Trichophyton rubrum, Microsporum canis"
    ),
    (
        "Smith, John; Müller, Hans; García, María; Rossi, Mario; Dupont, Jean; Novák, Petr; "
        "Kowalski, Jan; Ivanov, Sergei; Tanaka, Hiroshi; Kim, Min-jun; Nguyen, Van; Silva, João; "
        "Andersson, Lars; Hansen, Ole; de Vries, Piet; Popescu, Ion; O'Brien, Sean"
    ),
    "class A:\n    def __init__(self, a, b):\n        self.a = a\n        self.b = b\n\n" * 6,
    (
        "2026-01-01 00:00:00 INFO server started pid=1772 port=8080\n2026-01-01 00:00:01 WARN "
        "cache miss key=abc\n2026-01-01 00:00:02 ERROR conn reset by peer "
        "addr=10.0.0.1\n2026-01-01 00:00:00 INFO server started pid=1772 port=8080\n2026-01-01 "
        "00:00:01 WARN cache miss key=abc\n2026-01-01 00:00:02 ERROR conn reset by peer "
        "addr=10.0.0.1\n2026-01-01 00:00:00 INFO server started pid=1772 port=8080\n2026-01-01 "
        "00:00:01 WARN cache miss key=abc\n2026-01-01 00:00:02 ERROR conn reset by peer "
        "addr=10.0.0.1\n2026-01-01 00:00:00 INFO server started pid=1772 port=8080\n2026-01-01 "
        "00:00:01 WARN cache miss key=abc\n2026-01-01 00:00:02 ERROR conn reset by peer "
        "addr=10.0.0.1\n"
    ),
    ("Der Teig ruht."),
    "0.1 0.2 0.3 0.4\n" * 100,
    (""),
]


def document(source: str, text: str) -> Document:
    return Document(source, source, "", text, "text/plain", "text/2", "", "")


@pytest.mark.parametrize("code", FOREIGN)
def test_a_paragraph_is_enough(code: str) -> None:
    assert language_of(FOREIGN[code]) == code


@pytest.mark.parametrize("text", ENGLISH)
def test_english_however_written(text: str) -> None:
    assert language_of(text) == "en"


@pytest.mark.parametrize("text", NO_ALARM)
def test_what_is_hardly_prose_gives_no_alarm(text: str) -> None:
    assert language_of(text) in {None, "en"}


def test_real_english_gives_no_alarm(seeds_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither by its small words nor by the model."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(seeds_dir.glob("*.txt"))]
    if DATA.is_dir():
        with (DATA / "scifact" / "corpus.jsonl").open(encoding="utf-8") as lines:
            texts += [json.loads(line)["text"] for line in islice(lines, 0, 400, 2)]
    assert {language_of(text) for text in texts} == {"en"}
    monkeypatch.setattr(language, "_is_plainly_english", lambda _: False)
    assert {language_of(text) for text in texts} == {"en"}


def test_documents_in_no_language_of_the_model() -> None:
    documents = [document(f"x/{code}.txt", text) for code, text in FOREIGN.items()]
    documents += [document(f"x/{i}.txt", text) for i, text in enumerate(ENGLISH + NO_ALARM)]
    found = foreign(documents, frozenset({"en"}))
    assert found == {code: [f"x/{code}.txt"] for code in FOREIGN}
    assert sorted(foreign(documents, {"en", "de", "fr"})) == ["da", "es", "ja", "nl", "ru", "zh"]
    assert foreign(documents, None) == {}


def test_the_rows_of_a_file_are_looked_at_together() -> None:
    rows = [document("x/a.csv", part) for part in FOREIGN["de"].split(". ")]
    assert all(language_of(row.text) is None for row in rows)
    assert foreign(rows, {"en"}) == {"de": ["x/a.csv"]}


def test_plain_english_does_not_load_the_model() -> None:
    code = (
        f"from index.parsers.language import *; import sys; language_of({ENGLISH[1].lower()!r}); "
    )
    code += "print('py3langid' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert done.stdout.split() == ["False"]


# What a model is for.


def test_the_default_model_is_for_english(model: Model) -> None:
    assert model.languages == frozenset({"en"})


@pytest.mark.parametrize(
    ("card", "languages"),
    [
        ("---\nlanguage: en\nlicense: mit\n---\n# A\n", {"en"}),
        ("---\nlicense: mit\nlanguage:\n- en\n- DE\n---\n", {"en", "de"}),
        ("---\nlanguage:\n  - no\n  - zh-CN\n---\n", {"no", "zh"}),
        ("---\r\nlanguage: [en, fr]\r\n---\r\n", {"en", "fr"}),
        ("---\nlanguage: 'en' # only\n---\n", {"en"}),
        ("---\nlanguage:\n- multilingual\n- en\n---\n", None),
        ("---\nlanguage: english\n---\n", None),
        ("---\nlanguage: []\n---\n", None),
        ("---\nlanguage:\n---\n", None),
        ("---\nlanguage: {a: b}\n---\n", None),
        ("---\nlanguage: [\n---\n", None),
        ("---\nlicense: mit\n---\nlanguage: en\n", None),
        ("language: en\n", None),
        ("", None),
        (None, None),
    ],
)
def test_a_card_tells_what_a_model_is_for(
    tmp_path: Path, card: str | None, languages: set[str] | None
) -> None:
    if card is not None:
        (tmp_path / "README.md").write_bytes(card.encode())
    assert languages_of(tmp_path) == languages
