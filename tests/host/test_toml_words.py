"""What is said of lines that technicians write and that are not TOML."""

import tomllib

import pytest

from host_tools.toml_words import meant

QUOTES = 'has the quotes of a word processor; write plain ones, "'
NOT_CLOSED = "the text is not closed; write the quote at its end, too"
LETTERS = "has letters from a to z, digits, - and _ alone"
ALONE = "a value stands in its line alone"


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("id = “hall-2”", QUOTES),
        ("id = „hall-2“", QUOTES),
        ('id = "hall-2“', QUOTES),
        ("id = ‘hall-2’", QUOTES),
        ('id\u00a0= "hall-2"', "has a blank of a word processor; type it anew"),
        ('id = "hall-2', NOT_CLOSED),
        ("id = 'hall-2", NOT_CLOSED),
        ("// the press", "a comment begins with #"),
        ("baud = 9600 // as it leaves the works", "a comment begins with #"),
        ("; the press", "a comment begins with #"),
        ("[site", "the brackets do not match; write [site]"),
        ("site]", "the brackets do not match; write [site]"),
        ("[[gateway.g.bus]", "the brackets do not match; write [[gateway.g.bus]]"),
        ("[gateway.g.bus]]", "the brackets do not match; write [[gateway.g.bus]]"),
        ("[gateway.halle süd]", "a name in a heading " + LETTERS),
        ('id: "hall-2"', "write = behind id, not :"),
        ('alarm = { high: "45 kW" }', "write = behind high, not :"),
        ('id "hall-2"', "write = behind id"),
        ("the press", "a setting is written as name = value; there is no = in this line"),
        ('id == "hall-2"', "write one =, not =="),
        ("größe = 1", "a name " + LETTERS),
        ("slave address = 1", "a name " + LETTERS),
        ("address =", "there is no value behind ="),
        ("alarm = { high = }", "there is no value behind ="),
        ("limit = 1,5", "write a decimal point, not a comma: 1.5"),
        ("alarm = { high = 1,5 }", "write a decimal point, not a comma: 1.5"),
        ("tls = True", "write true or false, in small letters"),
        ("tls = ja", "write true or false, in small letters"),
        ("address = 0X48", "write 0x48, with a small x"),
        ("address = 01", "a number has no 0 in front"),
        ("weight = .5", "a number has digits on both sides of its point"),
        ("every = 10s", 'a text needs quotes: "10s"'),
        ("to = 20 °C", 'a text needs quotes: "20 °C"'),
        ("host = broker.local", 'a text needs quotes: "broker.local"'),
        ("id = main meter  # of the hall", 'a text needs quotes: "main meter"'),
        ('alarm = { low = "1 W", high = 45 kW }', 'a text needs quotes: "45 kW"'),
        ("of = [min, max]", 'texts in a list need quotes: ["one", "two"]'),
        ('of = ["min", max]', 'texts in a list need quotes: ["one", "two"]'),
        ('of = ["min" "max"]', "a comma is missing in the list"),
        ("alarm = { high = 1, }", "there must be no comma before the }"),
        (
            'alarm = { high = "45 kW",',
            "a table in { } ends in the line in which it begins; write } there",
        ),
        ('id = "hall-2",', "nothing stands behind a value: take away the , or ;"),
        ("address = 1;", "nothing stands behind a value: take away the , or ;"),
        ('host = "broker", port = 1883', ALONE),
        ('id = "it"s"', ALONE),
        (r'ca = "C:\certs\ca.pem"', r"write \\ for \ in a text, or / in a path"),
        ("a = +-5", None),
    ],
)
def test_a_line_that_is_not_toml(line, sentence):
    with pytest.raises(tomllib.TOMLDecodeError):
        tomllib.loads(line)
    assert meant(line) == sentence
