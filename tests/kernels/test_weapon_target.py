"""The public face of the weapon-target assignment, and its parts by hand."""

import json
import math

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from openiads.faults import InputError
from openiads.physics.weapon_target import METHODS, weapon_target
from openiads.physics.weapon_target_branch import children, split
from openiads.physics.weapon_target_pricing import fractional_bound, undominated
from openiads.physics.weapon_target_search import best_slots, exchange, greedy, surviving


@pytest.mark.parametrize("method", METHODS)
def test_nothing_to_shoot_with_or_at(method: str) -> None:
    assert weapon_target([5.0, 2.0], np.zeros((0, 2)), method=method).objective == 7.0
    assert weapon_target([], np.zeros((3, 0)), method=method).assignment.tolist() == [-1] * 3
    answer = weapon_target([4.0], [[0.5]], 0, method)
    assert (answer.objective, answer.assignment.tolist()) == (4.0, [[-1]])


@pytest.mark.parametrize("method", METHODS)
def test_a_certain_kill(method: str) -> None:
    answer = weapon_target([4.0, 3.0], [[1.0, 1.0], [0.5, 0.0]], method=method)
    assert answer.objective == pytest.approx({"greedy": 3.0}.get(method, 2.0))


def test_every_fault_is_named_at_once() -> None:
    with pytest.raises(InputError) as error:
        weapon_target([1.0, -1.0], [[0.5, 1.5]], copies=-1, method="exakt")
    assert [fault.key for fault in error.value.faults] == [
        "",
        "values",
        "kill_probability",
        "copies",
    ]
    assert "exact" in error.value.faults[0].mend
    for values, kill in (([1.0], [[0.5, 0.5]]), ([[1.0]], [[0.5]]), ("x", [[0.5], [0.1, 0.2]])):
        with pytest.raises(InputError):
            weapon_target(values, kill)
    with pytest.raises(InputError):
        weapon_target([math.nan], [[0.5]])


def test_slots_match_scipy_and_prices_prove_it() -> None:
    rng = np.random.default_rng(4)
    for n in (1, 2, 7, 30):
        gain = rng.random((n, n)) * rng.random(n)
        column, worth, price = best_slots(gain)
        rows, best = linear_sum_assignment(gain, maximize=True)
        assert sorted(column.tolist()) == list(range(n))
        assert gain[rows, column].sum() == pytest.approx(gain[rows, best].sum())
        assert np.all(worth[:, None] + price[None, :] >= gain - 1e-12)


def test_an_exchange_finds_a_three_cycle() -> None:
    miss = np.array([[0.9, 0.1, 0.9], [0.9, 0.9, 0.1], [0.1, 0.9, 0.9]])
    target = np.array([0, 1, 2])
    assert exchange(np.ones(3), miss, target, 0)
    assert target.tolist() == [1, 2, 0]
    assert not exchange(np.ones(3), miss, target, 0)


def test_greedy_takes_the_largest_decrease_first() -> None:
    values = np.array([10.0, 6.0])
    miss = np.array([[0.2, 0.5], [0.1, 0.5], [0.3, 0.9]])
    target = greedy(values, miss)
    assert target.tolist() == [1, 0, 0]
    assert surviving(values, miss, target).tolist() == pytest.approx([0.3, 3.0])


def test_the_fractional_bound_by_calculus() -> None:
    one = np.array([0.2]), np.array([-math.log(0.2)]), np.array([1.0])
    stop = 1.0 / -math.log(0.2)
    taken = math.log(2.0 / stop) / -math.log(0.2)
    assert 0.0 < taken < 1.0
    assert fractional_bound(0, 2.0, 0.0, *one) == pytest.approx(stop + taken)
    assert fractional_bound(0, 0.1, 0.7, *one) == pytest.approx(0.8)


def test_dominance_keeps_as_many_layers_as_sets_are_large() -> None:
    miss = np.array([0.1, 0.2, 0.3, 0.4])
    price = np.array([1.0, 1.0, 2.0, 0.5])
    items = np.empty(4, np.int32)
    ones = np.ones(4, np.int64)
    kept = [
        items[: undominated(9.0, miss, np.arange(4), price, ones, layers, items)].tolist()
        for layers in (1, 2, 3)
    ]
    assert kept == [[0, 3], [0, 1, 3], [0, 1, 2, 3]]


def test_branches_share_out_the_copies() -> None:
    kill = np.array([[0.5, 0.6], [0.7, 0.8]])
    copies = np.array([1, 3])
    more, fewer = [split(kill, copies, *part) for part in children(kill, copies, 1, 0, 1)]
    assert more[0].tolist() == [[0.5, 0.6], [0.7, 0.0], [0.7, 0.8]]
    assert (more[1].tolist(), more[2].tolist()) == ([1, 2, 1], [0, 1, 1])
    assert fewer[0].tolist() == [[0.5, 0.6], [0.7, 0.8], [0.0, 0.8]]
    assert (fewer[1].tolist(), fewer[2].tolist()) == ([1, 1, 2], [0, 1, 1])


def test_the_command_answers_in_json_and_names_faults(tmp_path, capfd, monkeypatch) -> None:
    from openiads.cli.app import run

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["openiads", "assign", *arguments])
        status = run()
        return status, *capfd.readouterr()

    good = tmp_path / "raid.json"
    good.write_text(json.dumps({"values": [4, 3], "kill_probability": [[0.5, 0.9], [0.5, 0.1]]}))
    status, out, _ = call(str(good), "--json")
    answer = json.loads(out)
    assert status == 0
    assert answer["proven"] and answer["assignment"] == [1, 0]
    assert answer["objective"] == pytest.approx(2.3)
    status, out, _ = call(str(good), "--method", "greedy")
    assert status == 0 and "not proven" in out
    bad = tmp_path / "bad.json"
    bad.write_text('{"values": [1, -2], "kill_probability": [[1, 2]]}')
    status, out, err = call(str(bad), "--json")
    assert (status, out) == (2, "")
    assert err.count("mend:") == 2
    bad.write_text("{")
    assert call(str(bad))[0] == 2
