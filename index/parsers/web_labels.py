"""The encodings that a web page may declare, under the labels that browsers know."""

# https://encoding.spec.whatwg.org/#names-and-labels, without the replacement encoding and
# x-user-defined: name, Python's codec, labels beside the name. What browsers take for a superset
# is named as such: GBK for GB18030, Latin-1 and ASCII for windows-1252.
_ENCODINGS = """
UTF-8          utf-8        unicode-1-1-utf-8 unicode11utf8 unicode20utf8 utf8 x-unicode20utf8
IBM866         cp866        866 cp866 csibm866
ISO-8859-2     iso8859-2    csisolatin2 iso-ir-101 iso8859-2 iso88592 iso_8859-2 l2 latin2
ISO-8859-3     iso8859-3    csisolatin3 iso-ir-109 iso8859-3 iso88593 iso_8859-3 l3 latin3
ISO-8859-4     iso8859-4    csisolatin4 iso-ir-110 iso8859-4 iso88594 iso_8859-4 l4 latin4
ISO-8859-5     iso8859-5    csisolatincyrillic cyrillic iso-ir-144 iso8859-5 iso88595 iso_8859-5
ISO-8859-6     iso8859-6    arabic asmo-708 csisolatinarabic ecma-114 iso-8859-6-e iso-8859-6-i
-              -            iso-ir-127 iso8859-6 iso88596 iso_8859-6
ISO-8859-7     iso8859-7    csisolatingreek ecma-118 elot_928 greek greek8 iso-ir-126 iso8859-7
-              -            iso88597 iso_8859-7 sun_eu_greek
ISO-8859-8     iso8859-8    csisolatinhebrew hebrew iso-8859-8-e iso-ir-138 iso8859-8 iso88598
-              -            iso_8859-8 visual csiso88598i iso-8859-8-i logical
ISO-8859-10    iso8859-10   csisolatin6 iso-ir-157 iso8859-10 iso885910 l6 latin6
ISO-8859-13    iso8859-13   iso8859-13 iso885913
ISO-8859-14    iso8859-14   iso8859-14 iso885914
ISO-8859-15    iso8859-15   csisolatin9 iso8859-15 iso885915 iso_8859-15 l9 latin9 latin-9
ISO-8859-16    iso8859-16   iso8859-16
KOI8-R         koi8-r       cskoi8r koi koi8 koi8_r
KOI8-U         koi8-u       koi8-ru
macintosh      mac-roman    csmacintosh mac x-mac-roman
x-mac-cyrillic mac-cyrillic x-mac-ukrainian
windows-874    cp874        dos-874 iso-8859-11 iso8859-11 iso885911 tis-620
windows-1250   cp1250       cp1250 x-cp1250
windows-1251   cp1251       cp1251 x-cp1251
windows-1252   cp1252       ansi_x3.4-1968 ascii us-ascii cp1252 cp819 csisolatin1 ibm819 l1 latin1
-              -            iso-8859-1 iso-ir-100 iso8859-1 iso88591 iso_8859-1 x-cp1252 latin-1
windows-1253   cp1253       cp1253 x-cp1253
windows-1254   cp1254       cp1254 csisolatin5 iso-8859-9 iso-ir-148 iso8859-9 iso88599 iso_8859-9
-              -            l5 latin5 x-cp1254
windows-1255   cp1255       cp1255 x-cp1255
windows-1256   cp1256       cp1256 x-cp1256
windows-1257   cp1257       cp1257 x-cp1257
windows-1258   cp1258       cp1258 x-cp1258
GB18030        gb18030      chinese csgb2312 csiso58gb231280 gb2312 gb_2312 gb_2312-80 gbk
-              -            iso-ir-58 x-gbk cp936
Big5           big5hkscs    big5-hkscs cn-big5 csbig5 x-x-big5 cp950
EUC-JP         euc-jp       cseucpkdfmtjapanese x-euc-jp
ISO-2022-JP    iso2022-jp   csiso2022jp
Shift_JIS      cp932        csshiftjis ms932 ms_kanji shift-jis sjis windows-31j x-sjis cp932
EUC-KR         cp949        cseuckr csksc56011987 iso-ir-149 korean ks_c_5601-1987 ksc5601
-              -            ks_c_5601-1989 ksc_5601 windows-949 cp949
"""


def _by_label() -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    name = codec = ""
    for line in _ENCODINGS.strip().splitlines():
        first, second, *labels = line.split()
        if first != "-":
            name, codec = first, second
            labels.append(name.lower())
        found |= dict.fromkeys(labels, (codec, name))
    return found


BY_LABEL = _by_label()
"""Codec and name for each label, in lower case.

Not UTF-16: a page whose declaration can be read as ASCII is not in it.
"""
