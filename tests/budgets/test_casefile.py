"""The conformance file: every case of it, and every refusal."""

import json
from pathlib import Path
from typing import Any

import pytest

from budgets.cascade import MAX_MINOR, Claim, Slot
from budgets.casefile import Case, parse, result
from budgets.errors import BadCase

DATA = Path(__file__).parent.parent / "data" / "cascade_cases.json"
CASES: list[dict[str, Any]] = json.loads(DATA.read_text(encoding="utf-8"))


def read(document: object) -> Case:
    """The one case of a document."""
    case = parse(json.dumps(document))
    assert isinstance(case, Case)
    return case


@pytest.mark.parametrize("document", CASES, ids=lambda case: case["name"])
def test_every_conformance_case_comes_out_as_expected(document: dict[str, Any]) -> None:
    answer = result(read(document))

    assert {key: answer[key] for key in document["expected"]} == document["expected"]
    assert list(answer["allocations"]) == list(document["expected"]["allocations"])
    assert [step["name"] for step in answer["steps"]] == [
        bucket["name"] for bucket in sorted(document["buckets"], key=lambda b: b["priority"])
    ]


def bucket(name: Any = "rent", priority: Any = 0, **fields: Any) -> dict[str, Any]:
    """A bucket of a case, valid unless `fields` say otherwise."""
    return {
        "name": name,
        "priority": priority,
        "filter": {"method": "percentage", "value": "33.3333"},
        "hold": {"type": "flat_value", "value": 500},
        "target_minor": 450,
        "balance_minor": 0,
        "locked": False,
    } | fields


def document(*buckets: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A case, valid unless told otherwise."""
    return {"name": "pay day", "deposit_minor": 1000, "buckets": list(buckets)} | fields


class TestReading:
    def test_a_case_gives_its_deposit_and_slots(self) -> None:
        case = read(document(bucket(), bucket("fun", 7, hold=None, target_minor=None, locked=True)))

        assert case == Case(
            "pay day",
            1000,
            (
                Slot("rent", 0, 0, 450, Claim(share=333_333), Claim(flat=500)),
                Slot("fun", 7, 0, None, Claim(share=333_333), None, locked=True),
            ),
        )

    def test_source_and_expected_are_allowed_and_expected_is_kept(self) -> None:
        expected = {"remainder_minor": 0.5, "anything": [None]}

        case = read(document(source=["anywhere", 1.5], expected=expected))

        assert case.expected == expected
        assert read(document(expected=None)).expected is None

    def test_one_case_in_is_one_case_out_and_a_list_is_a_list(self) -> None:
        assert isinstance(parse(json.dumps(document())), Case)
        assert parse(json.dumps([document(), document()])) == [read(document())] * 2
        assert parse("[]") == []

    def test_bytes_are_utf_8_with_or_without_a_byte_order_mark(self) -> None:
        text = json.dumps(document(name="Miete für März"), ensure_ascii=False)

        assert parse(text.encode()) == parse(b"\xef\xbb\xbf" + text.encode()) == parse(text)

    @pytest.mark.parametrize("value", [0, MAX_MINOR])
    def test_numbers_may_be_anything_64_bits_hold(self, value: int) -> None:
        flat = {"type": "flat_value", "value": value}

        slot = read(document(bucket(hold=flat, balance_minor=value, target_minor=value))).slots[0]

        assert (slot.hold, slot.balance, slot.target) == (Claim(flat=value), value, value)


class TestTheResult:
    def test_has_allocations_remainder_filled_and_every_step(self) -> None:
        case = read(document(bucket("fun", 9, hold=None, target_minor=None), bucket()))

        assert result(case) == {
            "name": "pay day",
            "allocations": {"rent": 450, "fun": 183},
            "remainder_minor": 367,
            "filled": ["rent"],
            "steps": [
                {
                    "name": "rent",
                    "available": 1000,
                    "filter": 333,
                    "hold": 500,
                    "space": 450,
                    "kept": 450,
                    "reason": "capacity_limit",
                },
                {
                    "name": "fun",
                    "available": 550,
                    "filter": 183,
                    "hold": 0,
                    "space": None,
                    "kept": 183,
                    "reason": "filter",
                },
            ],
        }


def without(field: str) -> dict[str, Any]:
    """A bucket that lacks a field."""
    return {key: value for key, value in bucket().items() if key != field}


def flat(value: Any) -> dict[str, Any]:
    return bucket(filter={"method": "flat_value", "value": value})


def share(value: Any) -> dict[str, Any]:
    return bucket(hold={"type": "percentage", "value": value})


WRONG_SUMS: list[Any] = [-1, 1.5, True, "1", None, []]
NO_TEXTS: list[Any] = [1, 1.5, True, None, {}]
WRONG_PERCENTAGES = ["100.0001", "101", "-1", "1.00000", "", "1e1", "5%", " 5", ".5", "NaN"]

# A bucket, the field its refusal names, and a word of the reason.
BAD_BUCKETS: list[tuple[dict[str, Any], str, str]] = [
    *[(without(field), field, "is missing") for field in bucket()],
    (bucket(colour="red"), "colour", "is not a field; the fields are name, priority"),
    ({**bucket(), "a b\n": 1}, r"['a b\n']", "is not a field"),
    (bucket(name=7), "name", "must be text"),
    (bucket(name=""), "name", "must be text"),
    (bucket(name=" "), "name", "must be text"),
    (bucket(name="\ud800"), "name", "must be text"),
    (bucket(priority=-1), "priority", "must be a whole number from 0, not -1"),
    (bucket(priority=True), "priority", "whole number"),
    (bucket(priority=1.0), "priority", "not 1.0"),
    (bucket(priority="1"), "priority", "not '1'"),
    (bucket(priority=None), "priority", "not null"),
    (bucket(balance_minor=-1), "balance_minor", "from 0"),
    (bucket(balance_minor=False), "balance_minor", "not false"),
    (bucket(balance_minor=0.0), "balance_minor", "not 0.0"),
    (bucket(balance_minor=None), "balance_minor", "not null"),
    (bucket(balance_minor=MAX_MINOR + 1), "balance_minor", "beyond 64 bits"),
    (bucket(target_minor=-1), "target_minor", "from 0"),
    (bucket(target_minor=True), "target_minor", "not true"),
    (bucket(target_minor=1e3), "target_minor", "not 1000.0"),
    (bucket(target_minor=10**400), "target_minor", "beyond 64 bits"),
    (bucket(locked=0), "locked", "must be true or false, not 0"),
    (bucket(locked=None), "locked", "must be true or false"),
    (bucket(locked="no"), "locked", "must be true or false"),
    (bucket(filter=None), "filter", "must be an object, not null"),
    (bucket(filter=[]), "filter", "must be an object"),
    (bucket(filter={}), "filter.method", "is missing"),
    (bucket(filter={"method": "flat_value"}), "filter.value", "is missing"),
    (bucket(filter={"type": "flat_value", "value": 1}), "filter.type", "is not a field"),
    (bucket(filter={"method": "share", "value": 1}), "filter.method", "must be flat_value or"),
    (bucket(filter={"method": None, "value": 1}), "filter.method", "must be flat_value or"),
    (bucket(hold={"method": "flat_value", "value": 1}), "hold.method", "is not a field"),
    (bucket(hold=0), "hold", "must be an object"),
    (bucket(hold={"type": ["percentage"], "value": "1"}), "hold.type", "must be flat_value or"),
    *[(flat(value), "filter.value", "whole number") for value in WRONG_SUMS],
    (flat(MAX_MINOR + 1), "filter.value", "beyond 64 bits"),
    (flat(-(10**30)), "filter.value", "beyond 64 bits"),
    *[(share(value), "hold.value", "must be a decimal string") for value in NO_TEXTS],
    *[(share(text), "hold.value", "from 0 to 100 with at most 4") for text in WRONG_PERCENTAGES],
    (bucket("other"), "priority", "0 is also the priority of buckets[0]"),
    (bucket("first", 1), "name", "'first' is also the name of buckets[0]"),
]


class TestARefusal:
    @pytest.mark.parametrize(("bad", "field", "reason"), BAD_BUCKETS)
    def test_names_the_case_and_the_field_of_a_bucket(
        self, bad: dict[str, Any], field: str, reason: str
    ) -> None:
        with pytest.raises(BadCase) as caught:
            read(document(bucket("first", 0), bad))

        path = f"buckets[1]{'' if field[0] == '[' else '.'}{field}"
        assert str(caught.value).startswith(f"case 'pay day': {path}: ")
        assert reason in str(caught.value)
        assert "\n" not in str(caught.value)

    @pytest.mark.parametrize(
        ("fields", "field", "reason"),
        [
            ({"deposit_minor": 0}, "deposit_minor", "whole number from 1, not 0"),
            ({"deposit_minor": -5}, "deposit_minor", "whole number from 1"),
            ({"deposit_minor": 1000.0}, "deposit_minor", "not 1000.0"),
            ({"deposit_minor": True}, "deposit_minor", "not true"),
            ({"deposit_minor": "1000"}, "deposit_minor", "not '1000'"),
            ({"deposit_minor": None}, "deposit_minor", "not null"),
            ({"deposit_minor": 2**63}, "deposit_minor", "beyond 64 bits"),
            ({"deposit_minor": float("nan")}, "deposit_minor", "is NaN, which is not JSON"),
            ({"deposit_minor": float("inf")}, "deposit_minor", "is Infinity"),
            ({"buckets": {}}, "buckets", "must be a list"),
            ({"buckets": None}, "buckets", "must be a list"),
            ({"buckets": [None]}, "buckets[0]", "must be an object, not null"),
            ({"expected": []}, "expected", "must be an object or null"),
            ({"expected": {"x": [float("nan")]}}, "expected.x[0]", "is NaN"),
            ({"currency": "EUR"}, "currency", "is not a field"),
        ],
    )
    def test_names_the_case_and_the_field_of_a_case(
        self, fields: dict[str, Any], field: str, reason: str
    ) -> None:
        with pytest.raises(BadCase) as caught:
            read(document(**fields))

        assert str(caught.value).startswith(f"case 'pay day': {field}: ")
        assert reason in str(caught.value)

    @pytest.mark.parametrize("field", ["name", "deposit_minor", "buckets"])
    def test_names_a_missing_field_of_a_case(self, field: str) -> None:
        fields = {key: value for key, value in document().items() if key != field}

        with pytest.raises(BadCase, match=f": {field}: is missing"):
            read(fields)

    @pytest.mark.parametrize("name", [None, 7, "", " ", "\udfff", ["x"]])
    def test_gives_the_place_in_the_list_of_a_case_without_a_usable_name(self, name: Any) -> None:
        cases = [document(), document(), document(name=name)]

        with pytest.raises(BadCase, match=r"^case 3: name: must be text"):
            parse(json.dumps(cases))

    @pytest.mark.parametrize("item", [1, None, "case", [], True])
    def test_gives_the_place_of_what_is_no_case(self, item: object) -> None:
        with pytest.raises(BadCase, match=r"^case 2: must be an object"):
            parse(json.dumps([document(), item]))

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ('{"name": "a", "name": "b"}', "case 1: name: is given twice"),
            ('{"name": "a", "deposit_minor": 1, "deposit_minor": 1}', "case 'a': deposit_minor: "),
            ('{"name": "a", "buckets": [{"locked": 0, "locked": 0}]}', "buckets[0].locked: is giv"),
            ('{"name": "a", "expected": {"b c": 1, "b c": 1}}', "expected['b c']: is given twice"),
        ],
    )
    def test_names_a_field_that_is_given_twice(self, text: str, told: str) -> None:
        with pytest.raises(BadCase) as caught:
            parse(text)

        assert told in str(caught.value)

    @pytest.mark.parametrize(
        "text", ["", " ", "{", "[1,]", "{'name': 1}", "// no", '{"a": 1} {}', "name: x", '"\n"']
    )
    def test_says_where_the_file_is_not_json(self, text: str) -> None:
        with pytest.raises(BadCase, match=r"^the file is not JSON: .*, line \d+ column \d+$"):
            parse(text)

    @pytest.mark.parametrize("data", [b"\xff", '{"name": "März"}'.encode("latin-1")])
    def test_says_where_the_file_is_not_utf_8(self, data: bytes) -> None:
        with pytest.raises(BadCase, match=r"^the file is not UTF-8 text: see byte \d+$"):
            parse(data)

    def test_of_endless_nesting_is_a_refusal_too(self) -> None:
        for text in ("[" * 100_000, '{"expected":' + '{"a":' * 2000 + "1" + "}" * 2001):
            with pytest.raises(BadCase, match="is nested too deeply"):
                parse(text)

    def test_of_a_number_longer_than_python_converts_is_one_too(self) -> None:
        text = json.dumps(document()).replace("1000", "1" * 5000)

        with pytest.raises(BadCase, match="deposit_minor: is a number beyond 64 bits"):
            parse(text)

    def test_of_the_last_case_of_a_list_comes_before_any_answer(self) -> None:
        with pytest.raises(BadCase, match=r"^case 'last': "):
            parse(json.dumps([document(), document(name="last", deposit_minor=0)]))

    def test_keeps_long_values_short_and_names_whole(self) -> None:
        name = "n" * 100

        with pytest.raises(BadCase) as caught:
            read(document(name=name, deposit_minor="9" * 5000))

        assert name in str(caught.value)
        assert len(str(caught.value)) < 300
