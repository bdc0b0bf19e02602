"""The conformance file: every case of it, and every refusal."""

import json
from pathlib import Path
from typing import Any

import pytest

from budgets.cascade import MAX_MINOR, Claim, Slot
from budgets.errors import BadCase
from budgets.management.cases import Case, parse, result

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

        assert (case.name, case.deposit_minor) == ("pay day", 1000)
        assert case.slots == (
            Slot("rent", 0, 0, 450, Claim(share=333_333), Claim(flat=500)),
            Slot("fun", 7, 0, None, Claim(share=333_333), None, locked=True),
        )

    def test_source_and_expected_are_allowed_and_expected_is_kept(self) -> None:
        expected = {"remainder_minor": 0.5, "anything": [None, -(2**63)]}

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


INTEGER = "a valid integer"
AT_LEAST_0 = "greater than or equal to 0"
AT_MOST_64_BITS = "is a number beyond 64 bits"
METHOD = "'flat_value' or 'percentage'"
RULE = {"method": "flat_value", "value": 1}
WRONG_PERCENTAGES = ["100.0001", "101", "-1", "1.00000", "", "1e1", "5%", " 5", ".5", "NaN"]

NO_OBJECTS: list[Any] = [None, [], 1]
NO_INTEGERS: list[Any] = [1.5, True, "1", None, []]
NO_STRINGS: list[Any] = [1, 1.5, True, None, {}]

# A bucket, the field its refusal names, and a word of the reason.
BAD_BUCKETS: list[tuple[dict[str, Any], str, str]] = [
    *[(without(field), field, "Field required") for field in bucket()],
    (bucket(colour="red"), "colour", "not permitted"),
    ({**bucket(), "a b\n": 1}, r"['a b\n']", "not permitted"),
    (bucket(name=7), "name", "a valid string"),
    (bucket(name=""), "name", "text that is not blank"),
    (bucket(name=" "), "name", "text that is not blank"),
    (bucket(name="\ud800"), "name", "a valid string"),
    (bucket(priority=-1), "priority", AT_LEAST_0),
    *[(bucket(priority=value), "priority", INTEGER) for value in (True, 1.0, "1", None)],
    (bucket(balance_minor=-1), "balance_minor", AT_LEAST_0),
    *[(bucket(balance_minor=value), "balance_minor", INTEGER) for value in (False, 0.0, None)],
    (bucket(balance_minor=MAX_MINOR + 1), "balance_minor", AT_MOST_64_BITS),
    (bucket(target_minor=-1), "target_minor", AT_LEAST_0),
    *[(bucket(target_minor=value), "target_minor", INTEGER) for value in (True, 1e3, "1")],
    (bucket(target_minor=10**400), "target_minor", AT_MOST_64_BITS),
    *[(bucket(locked=value), "locked", "a valid boolean") for value in (0, None, "no")],
    *[(bucket(filter=value), "filter", "an object") for value in NO_OBJECTS],
    (bucket(filter={}), "filter.method", "Field required"),
    (bucket(filter={"method": "flat_value"}), "filter.value", "Field required"),
    (bucket(filter=RULE | {"type": "flat_value"}), "filter.type", "not permitted"),
    (bucket(filter=RULE | {"method": "share"}), "filter.method", METHOD),
    (bucket(filter=RULE | {"method": None}), "filter.method", METHOD),
    (bucket(hold=RULE), "hold.type", "Field required"),
    (bucket(hold=RULE | {"type": "flat_value"}), "hold.method", "not permitted"),
    (bucket(hold=0), "hold", "an object"),
    (bucket(hold={"type": ["percentage"], "value": "1"}), "hold.type", METHOD),
    (flat(-1), "filter.value", AT_LEAST_0),
    *[(flat(value), "filter.value", INTEGER) for value in NO_INTEGERS],
    (flat(MAX_MINOR + 1), "filter.value", AT_MOST_64_BITS),
    (flat(-(10**30)), "filter.value", AT_MOST_64_BITS),
    *[(share(value), "hold.value", "a valid string") for value in NO_STRINGS],
    *[(share(text), "hold.value", "from 0 to 100 with at most 4") for text in WRONG_PERCENTAGES],
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
        assert len(str(caught.value)) < 300

    @pytest.mark.parametrize(
        ("second", "told"),
        [
            (bucket("other"), "two buckets have the priority 0"),
            (bucket("first", 1), "two buckets have the name 'first'"),
        ],
    )
    def test_names_what_two_buckets_share(self, second: dict[str, Any], told: str) -> None:
        with pytest.raises(BadCase, match=f"^case 'pay day': buckets: {told}$"):
            read(document(bucket("first", 0), second))

    @pytest.mark.parametrize(
        ("fields", "field", "reason"),
        [
            ({"deposit_minor": 0}, "deposit_minor", "greater than or equal to 1"),
            ({"deposit_minor": -5}, "deposit_minor", "greater than or equal to 1"),
            ({"deposit_minor": 1000.0}, "deposit_minor", INTEGER),
            ({"deposit_minor": True}, "deposit_minor", INTEGER),
            ({"deposit_minor": "1000"}, "deposit_minor", INTEGER),
            ({"deposit_minor": None}, "deposit_minor", INTEGER),
            ({"deposit_minor": 2**63}, "deposit_minor", AT_MOST_64_BITS),
            ({"deposit_minor": float("nan")}, "deposit_minor", "is NaN, which is not JSON"),
            ({"deposit_minor": float("inf")}, "deposit_minor", "is Infinity, which"),
            ({"buckets": {}}, "buckets", "a valid list"),
            ({"buckets": None}, "buckets", "a valid list"),
            ({"buckets": [None]}, "buckets[0]", "an object"),
            ({"expected": []}, "expected", "an object"),
            ({"expected": {"x": [float("nan")]}}, "expected.x[0]", "is NaN, which is not JSON"),
            ({"expected": {"x": 2**63}}, "expected.x", AT_MOST_64_BITS),
            ({"source": -(2**63) - 1}, "source", AT_MOST_64_BITS),
            ({"currency": "EUR"}, "currency", "not permitted"),
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

        with pytest.raises(BadCase, match=f": {field}: Field required"):
            read(fields)

    @pytest.mark.parametrize("name", [None, 7, "", " ", "\udfff", ["x"]])
    def test_gives_the_place_in_the_list_of_a_case_without_a_usable_name(self, name: Any) -> None:
        cases = [document(), document(), document(name=name)]

        with pytest.raises(BadCase, match=r"^case 3: name: Input should be (a valid string|text)"):
            parse(json.dumps(cases))

    @pytest.mark.parametrize("item", [1, None, "case", [], True])
    def test_gives_the_place_of_what_is_no_case(self, item: object) -> None:
        with pytest.raises(BadCase, match=r"^case 2: Input should be an object$"):
            parse(json.dumps([document(), item]))

    @pytest.mark.parametrize(
        ("field", "told"),
        [
            ('"name": "b"', "case 1: name: is a repeated key"),
            ('"deposit_minor": 1', "case 'pay day': deposit_minor: is a repeated key"),
            (
                '"buckets": [{"locked": 0, "locked": 0}]',
                "case 'pay day': buckets: is a repeated key",
            ),
            (
                '"expected": {"b c": 1, "b c": 1}',
                "case 'pay day': expected['b c']: is a repeated key",
            ),
            ('"source": {"x": 1, "x": 1}', "case 'pay day': source.x: is a repeated key"),
        ],
    )
    def test_names_a_field_that_is_given_twice(self, field: str, told: str) -> None:
        text = json.dumps(document(bucket()))[:-1] + f", {field}}}"

        with pytest.raises(BadCase) as caught:
            parse(text)

        assert str(caught.value) == told

    def test_names_a_field_of_a_rule_that_is_given_twice(self) -> None:
        text = json.dumps(document(flat(7))).replace('"value": 7', '"value": 7, "value": 7')

        with pytest.raises(BadCase, match=r": buckets\[0\]\.filter\.value: is a repeated key$"):
            parse(text)

    @pytest.mark.parametrize(
        "text", ["", " ", "{", "[1,]", "{'name': 1}", "// no", '{"a": 1} {}', "name: x", '"\n"']
    )
    def test_says_where_the_file_is_not_json(self, text: str) -> None:
        with pytest.raises(BadCase, match=r"^the file is not JSON in UTF-8: .*line \d+ column \d+"):
            parse(text)

    @pytest.mark.parametrize("data", [b"\xff", '{"name": "März"}'.encode("latin-1")])
    def test_says_where_the_file_is_not_utf_8(self, data: bytes) -> None:
        with pytest.raises(BadCase, match=r"^the file is not JSON in UTF-8: .* in position \d+"):
            parse(data)

    def test_of_endless_nesting_is_a_refusal_too(self) -> None:
        deep = '{"a":' * 2000 + "1" + "}" * 2000

        for text in ("[" * 100_000, json.dumps(document())[:-1] + f', "expected": {deep}}}'):
            with pytest.raises(BadCase, match="is nested too deeply") as caught:
                parse(text)

            assert len(str(caught.value)) < 300

    def test_of_a_number_longer_than_python_converts_is_one_too(self) -> None:
        text = json.dumps(document()).replace("1000", "1" * 5000)

        with pytest.raises(BadCase, match=f"deposit_minor: .*{AT_MOST_64_BITS}"):
            parse(text)

    def test_of_the_last_case_of_a_list_comes_before_any_answer(self) -> None:
        with pytest.raises(BadCase, match=r"^case 'last': "):
            parse(json.dumps([document(), document(name="last", deposit_minor=0)]))

    def test_leaves_long_values_out_and_keeps_names_whole(self) -> None:
        name = "n" * 100

        with pytest.raises(BadCase) as caught:
            read(document(name=name, deposit_minor="9" * 5000))

        assert str(caught.value).startswith(f"case '{name}': deposit_minor: ")
        assert len(str(caught.value)) < 300

    @pytest.mark.parametrize(
        "fields",
        [
            {"name": "n" * 500, "deposit_minor": 0},
            {"c" * 5000: 1},
            {"buckets": [bucket("b" * 5000), bucket("b" * 5000, 1)]},
        ],
    )
    def test_is_short_however_long_names_are(self, fields: dict[str, Any]) -> None:
        with pytest.raises(BadCase) as caught:
            read(document(**fields))

        assert len(str(caught.value)) < 300
