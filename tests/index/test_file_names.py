"""Which names of files are words that say what is in them."""

import pytest

from index.search.terms import words_of_name
from tests.documents import document


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("2022 Q3 AAPL.pdf", "2022 Q3 AAPL"),
        ("deep/how-to-install.md", "how to install"),
        ("AnnualReport2022.docx", "AnnualReport Annual Report 2022"),
        ("OpenVINO.pdf", "OpenVINO Open VINO"),
        ("GitHub.pdf", "GitHub Git Hub"),
        ("OpenVINO2024.pdf", "OpenVINO Open VINO 2024"),
        ("Report2022.pdf", "Report 2022"),
        ("AAPL2022.pdf", "AAPL 2022"),
        ("GitHub PyTorch guide.pdf", "GitHub PyTorch guide"),
        ("deep/GitHub_PyTorch.pdf", "GitHub PyTorch"),
        ("GitHub-guide.pdf", "GitHub guide"),
        ("GitHub.guide.pdf", "GitHub guide"),
        ("GitHub Guide2022.pdf", "GitHub Guide 2022"),
        ("invoice_6552478e434a9112.pdf", "invoice"),
        ("rötung (neu).txt", "rötung neu"),
        ("thesis.pdf", "thesis"),
        ("第一章.txt", "第一章"),
        ("हिन्दी.txt", "हिन्दी"),
        ("Smith et al. 2020.pdf", "Smith et al 2020"),
    ],
)
def test_words_are_taken_from_the_name(name: str, words: str) -> None:
    assert words_of_name(document("Text.", name)) == words


@pytest.mark.parametrize(
    "name",
    [
        *(
            "000_6552478e434a9112.txt",
            "IMG_2034.pdf",
            "a.txt",
            "1234.5678.pdf",
            "scan0001.pdf",
            "IMG2034.pdf",
        ),
        *("3f2504e0-4f89-11d3-9a0c-0305e82c3301.pdf", "scifact/1234", "Geology", "2022-10-24.txt"),
    ],
)
def test_ids_dates_and_what_is_no_file_have_none(name: str) -> None:
    assert words_of_name(document("Text.", name)) == ""
