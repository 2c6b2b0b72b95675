import numpy as np
import pandas as pd
import pytest

from forecasts import NewQueue, forecast_detail, sample_paths, with_new_queues

from .conftest import make_history


@pytest.fixture(scope="module")
def told():
    history = make_history(n_days=140).assign(aht_s=200.0)
    return forecast_detail(history, 14)


def of(found, queue):
    return found.table[found.table["queue"] == queue].reset_index(drop=True)


def test_a_share_of_another_queue_has_its_hours_and_handling_time(told):
    found = with_new_queues(told, [NewQueue("chat", "phone", share=0.25)], {})
    chat, phone = of(found, "chat"), of(found, "phone")
    assert chat["start"].tolist() == phone["start"].tolist()
    assert chat["volume"].to_numpy() == pytest.approx(0.25 * phone["volume"].to_numpy())
    assert chat["aht_s"].to_numpy() == pytest.approx(200.0)
    assert found.days.query("queue == 'chat'")["volume"].sum() == pytest.approx(
        chat["volume"].sum()
    )


def test_requests_of_customers_give_the_level(told):
    """1,461 customers with half a request a month are 24 contacts a day."""
    new = NewQueue("chat", "phone", customers=1461, requests_per_customer=0.5)
    found = with_new_queues(told, [new], {})
    assert of(found, "chat")["volume"].sum() == pytest.approx(14 * 24)


def test_an_assumption_is_less_sure_than_the_queue_it_follows(told):
    found = with_new_queues(told, [NewQueue("chat", "phone", share=1.0)], {})
    assert found.day_cv["chat"] > 0.3 > found.day_cv["phone"]
    width = {q: of(found, q)["q0.9"].sum() - of(found, q)["q0.1"].sum() for q in ("chat", "phone")}
    assert width["chat"] > 1.5 * width["phone"]


def test_days_of_its_own_take_over(told):
    both = pd.concat([make_history(n_days=140), make_history("2025-04-28", 28, 120, "chat")])
    detail = forecast_detail(both, 14)
    own, assumed = of(detail, "chat")["volume"], of(told, "phone")["volume"]
    new = [NewQueue("chat", "phone", share=1.0)]
    half = of(with_new_queues(detail, new, {"chat": 28}), "chat")["volume"]
    phone = of(detail, "phone")["volume"]
    assert half.to_numpy() == pytest.approx((0.5 * own + 0.5 * phone).to_numpy())
    late = of(with_new_queues(detail, new, {"chat": 28_000}), "chat")["volume"]
    assert late.sum() == pytest.approx(own.sum(), rel=0.02)
    assert own.sum() < 0.3 * assumed.sum()


def test_hours_of_its_own_are_filled_from_the_time_of_day(told):
    opens = pd.date_range("2025-05-26 06:00", periods=30, freq="30min")
    found = with_new_queues(told, [NewQueue("chat", "phone", share=1.0)], {}, {"chat": opens})
    chat = of(found, "chat")
    assert chat["start"].tolist() == opens.tolist()
    assert (chat["volume"] > 0).all()


def test_paths_can_be_drawn_of_it(told):
    found = with_new_queues(told, [NewQueue("chat", "phone", share=0.5)], {})
    drawn = sample_paths(found, 500)
    assert drawn["chat"].shape == (500, len(of(found, "chat")))
    assert drawn["chat"].mean() == pytest.approx(0.5 * drawn["phone"].mean(), rel=0.1)
    assert np.isfinite(drawn["chat"]).all()


def test_faults_are_named(told):
    with pytest.raises(ValueError, match="either share, or customers"):
        NewQueue("chat", "phone")
    with pytest.raises(ValueError, match="has no forecast"):
        with_new_queues(told, [NewQueue("chat", "fax", share=1.0)], {})
