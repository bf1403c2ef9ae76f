"""Rules for written sentences: faithful paraphrases pass, changed facts fail, copies pass."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from index.chunking.sentences import split_sentences
from index.records import Span
from qa.written.rules import broken_rule

SEEDS = Path(__file__).resolve().parents[3] / "seeds"

SKIN = (
    "Microneedling, a popular skin rejuvenation treatment, involves using tiny needles to create "
    "micro-injuries on the skin. The treatment is generally safe and effective. Breakouts are a "
    "normal part of the healing process and typically resolve within a few days to a week. "
    "If you notice excessive redness that does not resolve within a week, consult a dermatologist. "
    "Patients should avoid sun exposure for 2 to 3 days and should not use harsh products."
)
RISKS = (
    "Although rare, there is a slight risk of infection if the equipment is not properly "
    "sterilized. Increased oil production can clog pores. Microneedling is not a one-time solution."
)
STUDY = (
    "Aspirin may lower the risk in some patients. Low doses are often enough. Bleeding is "
    "associated with high doses."
)
FILING = (
    "Apple Inc. reported net sales of $83.0 billion for the quarter ended June 25, 2022, "
    "an increase of 2% from $81.4 billion in the same quarter of 2021. The Company declared a "
    "dividend of $0.23 per share, payable on August 11, 2022. Gross margin decreased "
    "to 43.3 percent. The Board of Directors authorized repurchases of up to $90 billion. Luca "
    "Maestri is the Chief Financial Officer. Operating expenses rose by 50 basis points."
)
TABLE = (
    "CONDENSED CONSOLIDATED STATEMENTS OF OPERATIONS (In millions, except per share amounts)\n"
    "| | Three Months Ended June 25, 2022 | June 26, 2021 |\n"
    "| Products | $ 63,355 | $ 63,948 |\n| Services | 19,604 | 17,486 |\n"
    "| Other income/(expense), net | (10) | 243 |\n| Earnings per share | $ 1.20 | $ 1.30 |"
)
ABSTRACT = (
    "We studied 1,200 patients (mean age 45 years) at Karolinska University Hospital in Sweden. "
    "Half of the patients received 5 mg/kg of norvexin twice a day for 12 weeks. Mortality fell "
    "from 12.5% to 8.1% (p < 0.05), a reduction of 4.4 percentage points. The drug did not reduce "
    "pain. No serious adverse events were observed. IL-6 levels were higher in women than in men. "
    "The World Health Organization recommends the drug."
)
MANUAL = (
    "Before cleaning, unplug the unit. Never immerse the base in water. Set the RTX-200 to 180 °C "
    "for 30 minutes. The cable is 2.5 m long and the blade is 4 mm thick. Always wear gloves. For "
    "help, call +1 (800) 555-0199, write to support@example.com or see "
    "https://www.example.com/help/rtx. Press “Start now” to begin. Use at least 500 ml of water "
    "and no more than 2 tablespoons of salt. Store it below 25 °C. The warranty lasts two years. "
    "Children under 8 must not use the unit."
)
HISTORY = (
    "John Smith founded the Harbor Museum in Bristol on Monday, 3 March 1998. The museum was "
    "closed in 2020 and reopened in the third quarter of 2021. Its first director, Mary "
    "O'Neil, bought two thirds of the paintings. She said: “We don’t sell what we love – ever.” "
    "About 1.2 million people have visited. Temperatures fell to −5 °C in the vault in January."
)

FAITHFUL = [
    (SKIN, "Microneedling uses tiny needles to make micro-injuries on the skin."),
    (SKIN, "Breakouts typically resolve within a week."),
    (SKIN, "Avoid sun exposure for 2-3 days."),
    (STUDY, "Aspirin may lower the risk in some patients."),
    (STUDY, "Low doses are often enough."),
    (SKIN, "Patients should avoid sun exposure for two to three days after it."),
    (SKIN, "Harsh products should not be used."),
    (SKIN, "The treatment is safe and effective in general."),
    (SKIN, "See a dermatologist if excessive redness doesn't resolve within a week."),
    (SKIN, "The skin’s healing process includes breakouts."),
    (RISKS, "There is a slight risk of infection if the equipment isn't properly sterilized."),
    (RISKS, "Infection may occur with improperly sterilized equipment."),
    (RISKS, "More oil production can clog pores."),
    (RISKS, "Microneedling is not a “one-time solution.”"),
    (FILING, "Apple's net sales were $83 billion in the quarter that ended on 25 June 2022."),
    (FILING, "Net sales increased by 2 percent."),
    (FILING, "Net sales rose 2 % to 83.0 billion dollars."),
    (FILING, "Apple declared a dividend of $.23 per share, payable Aug. 11, 2022."),
    (FILING, "The dividend is payable on 2022-08-11."),
    (FILING, "The dividend is payable on 8/11/2022."),
    (FILING, "Gross margin fell to 43.3%."),
    (FILING, "The board authorized repurchases of up to $90 billion."),
    (FILING, "Luca Maestri is the CFO."),
    (FILING, "Operating expenses increased by 50 bps."),
    (FILING, "In 2021, net sales for the same quarter were US$81.4 bn."),
    (TABLE, "Sales of products were $63,355 million in the three months ended June 25, 2022."),
    (TABLE, "Services brought in 19,604 million dollars."),
    (TABLE, "Services brought in $17.486 billion in the quarter ended June 26, 2021."),
    (TABLE, "Other income was -$10 million."),
    (TABLE, "Earnings per share were $1.20."),
    (ABSTRACT, "The study had 1200 patients."),
    (ABSTRACT, "50% of the patients received norvexin for twelve weeks."),
    (ABSTRACT, "Patients were given 5 mg per kg of norvexin two times a day."),
    (ABSTRACT, "Mortality decreased from 12.5 % to 8.1 %."),
    (ABSTRACT, "Mortality fell by 4.4 percentage points (p<.05)."),
    (ABSTRACT, "Norvexin didn't reduce pain."),
    (ABSTRACT, "There were no serious adverse events."),
    (ABSTRACT, "Women had higher IL-6 levels than men."),
    (ABSTRACT, "The WHO recommends the drug."),
    (ABSTRACT, "The patients' mean age was 45."),
    (MANUAL, "Unplug the unit before you clean it."),
    (MANUAL, "The base must never be immersed in water."),
    (MANUAL, "Do not immerse the base in water."),
    (MANUAL, "Set the RTX 200 to 180 degrees Celsius for half an hour."),
    (MANUAL, "Set the RTX-200 to 180°C for 30 min."),
    (MANUAL, "The cable is 2.5 metres long."),
    (MANUAL, "You can call +1 800 555 0199."),
    (MANUAL, "Help is at example.com/help/rtx."),
    (MANUAL, "Write to support@example.com."),
    (MANUAL, 'To begin, press "Start now."'),
    (MANUAL, "It takes 500 mL of water or more, with at most two tablespoons of salt."),
    (MANUAL, "The warranty is for 2 years."),
    (MANUAL, "Children under eight mustn't use it."),
    (HISTORY, "The Harbor Museum in Bristol was founded by John Smith on March 3, 1998."),
    (HISTORY, "It reopened in Q3 2021."),
    (HISTORY, "Mary O’Neil, its 1st director, bought 2/3 of the paintings."),
    (HISTORY, 'She said, "we don\'t sell what we love - ever".'),
    (HISTORY, "Some 1,200,000 people have visited it."),
    (HISTORY, "It was -5 °C in the vault in January."),
    (HISTORY, "It was closed in 2020."),
    (ABSTRACT, "Recent Karolinska patients were given norvexin."),
    ("Open Mon-Fri 9 am to 5 pm.", "It is open Monday to Friday from 9:00 a.m. to 5:00 p.m."),
    ("It began on Fri, 6 Aug 2021.", "It began on Friday, August 6, 2021."),
    ("Smoking is not allowed in the building.", "Smoking is prohibited in the building."),
    ("Sales in the U.S. grew 5%.", "Sales in the United States grew by five percent."),
    ("The H. pylori enzyme binds. It needs vitamin B-12.", "Active H. pylori needs vitamin B12."),
    ("Take it twice daily for three days.", "Take it twice a day for three days."),
    ("Of 20 patients, one died.", "One patient died."),
    ("Profit rose to $4.5 billion from $4.0 billion.", "Profit had amounted to $4.0 billion."),
    (
        "Profit rose from $4.0 billion to $4.5 billion.",
        "Profit rose to $4.5 billion from $4 billion.",
    ),
    ("The museum is open daily and closed at night.", "The museum is open daily."),
    ("Redness, swelling and pain are common.", "Pain, swelling and redness are common."),
    ("Alice sued Bob. Bob sued Alice.", "Bob sued Alice."),
]

CHANGED = [
    (STUDY, "Aspirin lowers the risk in all patients.", "negation"),
    (STUDY, "Low doses are always enough.", "negation"),
    (STUDY, "Aspirin will lower the risk in some patients.", "negation"),
    (STUDY, "Bleeding is caused by high doses.", "negation"),
    (SKIN, "Microneedling is a “popular skin care treatment”.", "quotation"),
    (MANUAL, "Press “Begin now” to begin.", "quotation"),
    (MANUAL, 'Press "Start" and then "Stop now".', "quotation"),
    (HISTORY, "She said: ‘We don’t keep what we love’.", "quotation"),
    (HISTORY, "She said «we sell what we love».", "quotation"),
    (MANUAL, "Help is at https://www.example.org/help/rtx.", "link"),
    (MANUAL, "Help is at example.com/help/rtx2.", "link"),
    (MANUAL, "Write to sales@example.com.", "link"),
    (MANUAL, "Call +1 (800) 555-0198.", "link"),
    (MANUAL, "Set the mode_b switch first.", "link"),
    (SKIN, "Patients should avoid sun exposure for 2 to 4 days.", "number"),
    (SKIN, "Patients should avoid sun exposure for 2 to 3 weeks.", "number"),
    (SKIN, "Breakouts resolve within a month, or 30 days.", "number"),
    (FILING, "Net sales were $83.0 million.", "number"),
    (FILING, "Net sales were €83.0 billion.", "number"),
    (FILING, "Net sales were $83.1 billion.", "number"),
    (FILING, "Net sales increased by 2 percentage points.", "number"),
    (FILING, "Operating expenses rose by 50 percent.", "number"),
    (FILING, "Gross margin decreased to 43.3 percentage points.", "number"),
    (FILING, "The dividend is 23 cents per share.", "number"),
    (TABLE, "Sales of products were $63,355 billion.", "number"),
    (TABLE, "Sales of products were $63,355.", "number"),
    (TABLE, "Services grew by 19,604 %.", "number"),
    (ABSTRACT, "The study had 12,000 patients.", "number"),
    (ABSTRACT, "A third of the 1,200 patients, 400, received norvexin.", "number"),
    (ABSTRACT, "Patients received 5 g/kg of norvexin.", "number"),
    (ABSTRACT, "Patients received norvexin three times a day.", "number"),
    (ABSTRACT, "Patients received norvexin for 12 days.", "number"),
    (ABSTRACT, "Mortality fell by 4.4 %.", "number"),
    (ABSTRACT, "12.5 patients died.", "number"),
    (MANUAL, "Set it to 180 °F.", "number"),
    (MANUAL, "Set it to −180 °C.", "number"),
    (MANUAL, "The cable is 2.5 cm long.", "number"),
    (MANUAL, "The blade is 4 cm thick.", "number"),
    (MANUAL, "Use 2 teaspoons of salt.", "number"),
    (MANUAL, "The warranty lasts two months.", "number"),
    (MANUAL, "The warranty lasts three years.", "number"),
    (HISTORY, "About 1.2 billion people have visited.", "number"),
    (HISTORY, "It was 5 °C in the vault.", "number"),
    (HISTORY, "Mary O'Neil, its second director, bought paintings.", "number"),
    (FILING, "The quarter ended on June 26, 2022.", "date"),
    (FILING, "The quarter ended on July 25, 2022.", "date"),
    (FILING, "The quarter ended on June 25, 2021.", "date"),
    (FILING, "The dividend is payable in September.", "date"),
    (FILING, "Net sales were $81.4 billion in 2020.", "date"),
    (HISTORY, "It was founded on a Tuesday.", "date"),
    (HISTORY, "It reopened in the fourth quarter of 2021.", "date"),
    (HISTORY, "It reopened in Q3 2020.", "date"),
    (HISTORY, "It was founded on 1998-04-03.", "date"),
    (FILING, "Tim Cook is the Chief Financial Officer.", "name"),
    (FILING, "Microsoft's net sales were $83.0 billion.", "name"),
    (FILING, "In that quarter, Microsoft had net sales of $83.0 billion.", "name"),
    (ABSTRACT, "Patients were treated at the hospital in Norway.", "name"),
    (ABSTRACT, "The FDA recommends the drug.", "name"),
    (ABSTRACT, "IL-8 levels were higher in women.", "number"),
    (MANUAL, "Set the GTX-200 to 180 °C.", "name"),
    (HISTORY, "The founder of the museum in Bristol was John Miller.", "name"),
    (HISTORY, "Jack Smith founded the museum.", "name"),
    (HISTORY, "The museum in Boston was closed in 2020.", "name"),
    (SKIN, "The treatment is not generally safe and effective.", "negation"),
    (SKIN, "Breakouts are not a normal part of the healing process.", "negation"),
    (SKIN, "Patients should use harsh products.", "negation"),
    (SKIN, "The treatment is generally dangerous and effective.", "negation"),
    (SKIN, "Breakouts are an abnormal part of the healing process and never resolve.", "negation"),
    (RISKS, "Microneedling is a one-time solution.", "negation"),
    (RISKS, "Decreased oil production can clog pores.", "negation"),
    (FILING, "Gross margin increased to 43.3 percent.", "negation"),
    (FILING, "Operating expenses fell by 50 basis points.", "negation"),
    (ABSTRACT, "The drug reduced pain.", "negation"),
    (ABSTRACT, "Serious adverse events were observed.", "negation"),
    (ABSTRACT, "IL-6 levels were lower in women than in men.", "negation"),
    (ABSTRACT, "Mortality rose from 12.5% to 8.1%.", "negation"),
    (ABSTRACT, "The World Health Organization does not recommend the drug.", "negation"),
    (MANUAL, "After cleaning, unplug the unit.", "negation"),
    (MANUAL, "Immerse the base in water.", "negation"),
    (MANUAL, "Always immerse the base in water.", "negation"),
    (MANUAL, "Never wear gloves.", "negation"),
    (MANUAL, "Store it above 25 °C.", "negation"),
    (MANUAL, "Use at most 500 ml of water.", "negation"),
    (MANUAL, "Use at least 2 tablespoons of salt.", "negation"),
    (MANUAL, "Children under 8 must use the unit.", "negation"),
    (HISTORY, "The museum was opened in 2020.", "negation"),
    (HISTORY, "Mary O'Neil, its first director, sold two thirds of the paintings.", "negation"),
    (HISTORY, "Its last director, Mary O'Neil, bought paintings.", "negation"),
    (MANUAL, "See evil.photography for more.", "link"),
    (MANUAL, "See exämple.com for more.", "link"),
    ("It is 1 or 5 mg.", "It is 1\u200d5 mg.", "number"),
    ("Treatment takes three days.", "Treatment takes a day.", "number"),
    ("Two patients died during the trial.", "One patient died during the trial.", "number"),
    ("The fee rises from 10 to 20 dollars.", "The fee rises from 20 to 10 dollars.", "negation"),
    ("Profit rose to $4.5 billion from $4.0 billion.", "Profit rose to $4.0 billion.", "negation"),
    ("The museum is closed on Mondays.", "The museum is open on Mondays.", "negation"),
    ("The suspect was acquitted of murder.", "The suspect was convicted of murder.", "negation"),
    ("The vaccine is recommended for adults.", "The vaccine is mandatory for adults.", "negation"),
    ("In 2019 Alice sued Bob.", "In 2019 Bob sued Alice.", "negation"),
    ("Mercury is smaller than Mars.", "Mars is smaller than Mercury.", "negation"),
    (
        "The tenant shall pay the landlord a deposit.",
        "The landlord shall pay the tenant a deposit.",
        "negation",
    ),
    (
        "Mix one cup of flour with two cups of water.",
        "Mix one cup of water with two cups of flour.",
        "negation",
    ),
]


@pytest.mark.parametrize(("cited", "sentence"), FAITHFUL)
def test_a_faithful_sentence_breaks_no_rule(cited, sentence):
    assert broken_rule(sentence, cited) is None


@pytest.mark.parametrize(("cited", "sentence", "name"), CHANGED)
def test_a_changed_fact_breaks_its_rule(cited, sentence, name):
    check = broken_rule(sentence, cited)
    assert check is not None
    assert check.name == name
    assert check.fault.endswith(".")


@pytest.mark.parametrize(
    ("sentence", "fault"),
    [
        ("Net sales rose by 35 %.", "“35 %” is not in what it cites."),
        ("It was on May 5, 2021.", "“May 5, 2021” is not in what it cites."),
        ("It was said by Miller.", "“Miller” is not in what it cites."),
        ("Net sales rose a lot.", "It says “rose”, and what it cites says “fell”."),
        ("Net sales never fell.", "It is negated, and what it cites is not."),
    ],
)
def test_a_fault_says_what_is_wrong(sentence, fault):
    check = broken_rule(sentence, "Net sales fell a lot.")
    assert check is not None
    assert check.fault == fault


@pytest.mark.parametrize(
    ("cited", "sentence", "passes"),
    [
        ("Die Miete beträgt 1.250,50 € im Monat.", "Die Miete beträgt 1.250,50 €.", True),
        ("Die Miete beträgt 1.250,50 € im Monat.", "Die Miete beträgt 1.350,50 €.", False),
        ("Elle a dit : « Je reste ici. »", "Elle a dit « Je reste ici ».", True),
        ("Elle a dit : « Je reste ici. »", "Elle a dit « Je pars ».", False),
        ("詳細は example.jp を参照。", "詳細は example.jp を参照。", True),
    ],
)
def test_other_languages_are_checked_for_what_has_no_language(cited, sentence, passes):
    assert (broken_rule(sentence, cited) is None) == passes


@pytest.mark.parametrize("repeated", ["½", "1 2/3", "1,", "$", "Ab ", "“", "not a, ", "a.b/"])
def test_a_hostile_sentence_is_checked_in_time(repeated):
    sentence = (repeated * 1000)[:1000]
    started = time.process_time()
    broken_rule(sentence, MANUAL)
    assert time.process_time() - started < 0.5


def sentences_and_paragraphs(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        for span in split_sentences(line, Span(0, len(line))):
            yield span.of(line), line


@pytest.mark.parametrize("path", sorted(SEEDS.glob("*.txt")), ids=lambda path: path.name[:3])
def test_a_copied_sentence_breaks_no_rule(path):
    pairs = list(sentences_and_paragraphs(path.read_text(encoding="utf-8")))
    assert pairs
    for sentence, paragraph in pairs:
        assert broken_rule(sentence, sentence) is None
        assert broken_rule(sentence, paragraph) is None
