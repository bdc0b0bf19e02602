"""Import profiles over the managers and in memory."""

from functools import partial
from typing import Any

import pytest

from budgets.errors import BadProfile, UnknownProfile
from tenants.errors import RowNotFound
from tests.budgets.contract.sides import Scene

HEADER = ("Datum", "Betrag", "Text", "Ort")
SAID: dict[str, Any] = {"columns": {"amount": "Betrag"}, "sign": "reversed"}


def remember(scene: Scene, account: str = "Giro", header: Any = HEADER, **options: Any) -> Any:
    values = options or SAID
    return scene.do(
        lambda: scene.side.import_profiles.remember(scene.home, account, header, values)
    )


def get(scene: Scene, account: str = "Giro") -> Any:
    return scene.do(lambda: scene.side.import_profiles.get_by_name(scene.home, account))


def matching(scene: Scene, *rows: tuple[str, ...], account: str = "") -> list[Any]:
    find = scene.side.import_profiles.matching
    return scene.do(lambda: find(scene.home, rows, account))


def accounts(found: list[Any]) -> list[str]:
    return [match.profile.account for match in found]


class TestRemembering:
    def test_creates_a_profile(self, scene: Scene) -> None:
        remember(scene)

        profile = get(scene)
        assert (profile.account, profile.format, profile.header) == ("Giro", "csv", [*HEADER])
        assert profile.options == SAID
        assert profile.flags == "--amount-column Betrag --sign reversed"
        assert profile.budget_id == scene.kept["Home"].pk

    def test_merges_what_is_new(self, scene: Scene) -> None:
        first = remember(scene)
        again = remember(scene, columns={"date": "Datum"}, sign="as-is", decimal=",")

        assert again == first
        assert get(scene).options == {
            "columns": {"amount": "Betrag", "date": "Datum"},
            "sign": "as-is",
            "decimal": ",",
        }

    def test_replaces_one_column_of_sums_by_two(self, scene: Scene) -> None:
        remember(scene)
        remember(scene, columns={"credit": "Ein", "debit": "Aus"})

        assert get(scene).options["columns"] == {"credit": "Ein", "debit": "Aus"}

    def test_replaces_the_profile_of_another_layout(self, scene: Scene) -> None:
        remember(scene)
        remember(scene, header=("When", "How much"), decimal=".")

        assert (get(scene).header, get(scene).options) == (["When", "How much"], {"decimal": "."})

    def test_writes_nothing_without_a_change(self, scene: Scene) -> None:
        before = remember(scene).updated_at
        remember(scene)

        assert get(scene).updated_at == before

    def test_keeps_accounts_and_budgets_apart(self, scene: Scene) -> None:
        remember(scene)
        remember(scene, "", decimal=".")
        remember(scene, "Card", decimal=",")

        assert [get(scene, name).options for name in ("", "Card")] == [
            {"decimal": "."},
            {"decimal": ","},
        ]
        away = scene.do(lambda: scene.side.budgets.get_by_name("Away"))
        with pytest.raises(UnknownProfile):
            scene.do(lambda: scene.side.import_profiles.get_by_name(away, "Giro"))

    @pytest.mark.parametrize(
        "options",
        [
            {"sign": "both"},
            {"decimal": "'"},
            {"columns": {"amount": "A", "credit": "B"}},
            {"columns": {"colour": "A"}},
            {"columns": 5},
            {"booked_when": 5},
            {"booked_when": ["A"]},
            {"skip_lines": [3]},
            {"encoding": "a\0"},
            {"encoding": "\ud800"},
            {"encoding": "x" * 100_000},
            {"encoding": 5},
            {"columns": {"date": 5}},
            {"skip_footer": "2"},
        ],
        ids=range(14),
    )
    def test_refuses_options_that_make_no_sense(self, scene: Scene, options: Any) -> None:
        with pytest.raises(BadProfile):
            remember(scene, **options)

        with pytest.raises(UnknownProfile):
            get(scene)

    def test_refuses_a_long_account_and_an_unknown_format(self, scene: Scene) -> None:
        with pytest.raises(BadProfile):
            remember(scene, "x" * 201)
        with pytest.raises(BadProfile):
            scene.do(
                lambda: scene.side.import_profiles.remember(
                    scene.home, "Giro", HEADER, SAID, format="xls"
                )
            )


class TestEditing:
    def test_changes_and_clears_options(self, scene: Scene) -> None:
        profile = remember(scene)

        new = {"columns": {"amount": None, "date": "Datum"}, "sign": None, "decimal": ","}
        edited = scene.do(partial(scene.side.import_profiles.edit, profile, new))

        assert edited.options == {"columns": {"date": "Datum"}, "decimal": ","}
        assert get(scene).options == edited.options

    def test_starts_from_what_is_remembered_now(self, scene: Scene) -> None:
        old = remember(scene)
        remember(scene, decimal=",")

        scene.do(partial(scene.side.import_profiles.edit, old, {"sign": None}))

        assert get(scene).options == {"columns": {"amount": "Betrag"}, "decimal": ","}

    def test_refuses_options_that_make_no_sense(self, scene: Scene) -> None:
        profile = remember(scene)

        with pytest.raises(BadProfile):
            scene.do(partial(scene.side.import_profiles.edit, profile, {"sign": "both"}))

        assert get(scene).options == SAID

    def test_refuses_a_forgotten_profile(self, scene: Scene) -> None:
        profile = remember(scene)
        scene.do(partial(scene.side.import_profiles.forget, profile))

        with pytest.raises(RowNotFound):
            scene.do(partial(scene.side.import_profiles.edit, profile, {"sign": "as-is"}))


class TestForgetting:
    def test_deletes_a_profile_once(self, scene: Scene) -> None:
        profile = remember(scene)

        for _ in range(2):
            scene.do(partial(scene.side.import_profiles.forget, profile))

        with pytest.raises(UnknownProfile):
            get(scene)

    def test_leaves_the_account_free_for_a_new_profile(self, scene: Scene) -> None:
        scene.do(partial(scene.side.import_profiles.forget, remember(scene)))

        remember(scene, decimal=",")

        assert get(scene).options == {"decimal": ","}


class TestMatching:
    def test_finds_the_same_header_among_the_rows_of_a_file(self, scene: Scene) -> None:
        remember(scene)

        [match] = matching(scene, ("Konto 7",), ("Datum;Betrag;Text;Ort",), HEADER)

        assert (match.profile.account, match.header, match.is_changed) == ("Giro", HEADER, False)

    def test_says_what_has_changed(self, scene: Scene) -> None:
        remember(scene)

        [match] = matching(scene, ("Datum", "Summe", "Text", "Ort"), ("Datum",))

        assert (match.gone, match.new, match.is_changed) == (["Betrag"], ["Summe"], True)
        assert match.missing({}) == ["Betrag"]
        assert match.missing({"columns": {"amount": "Summe"}}) == []

    def test_needs_half_of_the_columns(self, scene: Scene) -> None:
        remember(scene)

        assert matching(scene, ("Datum", "Ort", "A", "B"))
        assert not matching(scene, ("Datum", "A", "B", "C"))

    def test_needs_one_column_if_the_account_is_given(self, scene: Scene) -> None:
        remember(scene)

        assert matching(scene, ("Datum", "A", "B", "C"), account="Giro")
        assert not matching(scene, ("A", "B", "C"), account="Giro")
        assert not matching(scene, HEADER, account="Card")

    def test_prefers_the_same_header(self, scene: Scene) -> None:
        remember(scene)
        remember(scene, "Card", (*HEADER, "Land"))

        assert accounts(matching(scene, HEADER)) == ["Giro"]

    def test_finds_every_account_of_the_same_header(self, scene: Scene) -> None:
        remember(scene)
        remember(scene, "Card")

        assert accounts(matching(scene, HEADER)) == ["Card", "Giro"]
        assert accounts(matching(scene, HEADER, account="Card")) == ["Card"]

    def test_keeps_files_that_are_no_table_apart(self, scene: Scene) -> None:
        remember(scene)
        remember(scene, "Loan", ())

        assert accounts(matching(scene, ())) == ["Loan"]
        assert accounts(matching(scene, HEADER)) == ["Giro"]
