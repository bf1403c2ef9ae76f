"""Characters of symbol fonts, whose codes stand for other signs than in Unicode.

"Symbol" is Adobe's Symbol encoding; of the Wingdings, what texts use is here, not the pictures.
"""

UNREAD = "\ufffd"
_PRIVATE = 0xF000
"""Word writes the code 0x6D of such a font as 0xF06D as often as plainly."""


def _row(first: int, signs: str) -> dict[int, str]:
    return {first + place: sign for place, sign in enumerate(signs)}


_SYMBOL = (
    _row(0x20, " !∀#∃%&∋()∗+,−./0123456789:;<=>?")
    | _row(0x40, "≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_")
    | _row(0x60, "‾αβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼")
    | _row(0xA0, "€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…⏐⎯↵")
    | _row(0xC0, "ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓")
    | _row(0xE0, "◊⟨®©™∑⎛⎜⎝⎡⎢⎣⎧⎨⎩⎪")
    | _row(0xF1, "⟩∫⌠⎮⌡⎞⎟⎠⎤⎥⎦⎫⎬⎭")
)
_WINGDINGS = (
    _row(0x20, " ✏✂✁")
    | _row(0x28, "☎✆✉")
    | {0x36: "⌛", 0x3F: "✍"}
    | _row(0x41, "✌👌👍👎☜☞☝☟")
    | {0x4A: "☺", 0x4B: "😐", 0x4C: "☹", 0x4E: "☠", 0x51: "✈", 0x52: "☼", 0x54: "❄", 0x58: "✠"}
    | _row(0x6C, "●❍■□❐❑❒⬧⧫◆❖⬥☒")
    | {0x7A: "⌘", 0x7D: "❝", 0x7E: "❞", 0x80: "⓪", 0x8B: "⓿"}
    | _row(0x81, "①②③④⑤⑥⑦⑧⑨⑩")
    | _row(0x8C, "❶❷❸❹❺❻❼❽❾❿")
    | _row(0x9E, "·•▪○")
    | {0xA4: "◉", 0xA5: "◎", 0xA7: "▪", 0xA8: "□", 0xAA: "✦", 0xAB: "★", 0xB5: "✪", 0xB6: "✰"}
    | {0xD5: "⌫", 0xD6: "⌦", 0xD8: "➢", 0xDC: "➲"}
    | _row(0xDF, "←→↑↓↖↗↙↘←→↑↓↖↗↙↘⇦⇨⇧⇩⬄⇳")
    | _row(0xFB, "✗✓☒☑")
)
_WINGDINGS_2 = {0x20: " ", 0x4F: "✗", 0x50: "✓", 0x97: "●", 0xA3: "□"} | _row(0x51, "☒☑☒☒")
_WEBDINGS = {0x20: " ", 0x61: "✓", 0x63: "□", 0x67: "■", 0x6E: "●", 0x72: "✗"}
_FONTS = {
    "symbol": _SYMBOL,
    "wingdings": _WINGDINGS,
    "wingdings 2": _WINGDINGS_2,
    "webdings": _WEBDINGS,
}
_NO_TABLE = frozenset(("wingdings 3", "marlett", "zapfdingbats", "monotype sorts", "mt extra"))


def is_symbol_font(font: str) -> bool:
    """Tell whether what is written in the font is no text as it stands."""
    name = font.strip().lower()
    return name in _FONTS or name in _NO_TABLE


def sign_of(font: str, code: int) -> str:
    """Return the sign that a font has at a code, U+FFFD where that is not known.

    A font with the signs where Unicode has them is taken at its word.
    """
    place = code - _PRIVATE if _PRIVATE <= code <= _PRIVATE + 0xFF else code
    if is_symbol_font(font) and place <= 0xFF:
        return _FONTS.get(font.strip().lower(), {}).get(place, UNREAD)
    is_character = place == code and 0x20 <= code < 0x110000 and not 0xD800 <= code < 0xF900
    return chr(code) if is_character else UNREAD
