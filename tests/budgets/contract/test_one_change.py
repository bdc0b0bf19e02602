"""A verb that moves money and changes rules is one change of the budget."""

import pytest

from budgets.managers.dispositions import Disposition
from tests.budgets.contract.sides import Scene


@pytest.mark.parametrize("to", [Disposition.MONEY, Disposition.CASCADE, Disposition.OUT])
def test_closing_a_bucket_with_money_counts_once(scene: Scene, to: Disposition) -> None:
    before = scene.do(lambda: (scene.home.version, scene.home.last_movement_seq))

    scene.do(lambda: scene.side.buckets.close(scene.bucket("Fun"), to))

    assert scene.do(lambda: (scene.home.version, scene.home.last_movement_seq)) == (
        before[0] + 1,
        before[1] + 1,
    )
