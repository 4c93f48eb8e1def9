from __future__ import annotations

import torch

from training.heat_map_loss import heat_loss


def line(top: int = 10, thick: int = 4) -> torch.Tensor:
    heat = torch.zeros(1, 1, 64, 64)
    heat[:, :, top : top + thick, 8:56] = 1
    return heat


def surely(heat: torch.Tensor) -> torch.Tensor:
    return (heat - 0.5) * 40


def test_seeing_what_is_to_be_seen_loses_nothing() -> None:
    assert float(heat_loss(surely(line()), line())) < 1e-3


def test_a_line_that_is_missed_costs_more_than_half_a_line_and_that_more_than_none() -> None:
    half = line()
    half[:, :, :, 32:] = 0
    missed, partly, seen = (float(heat_loss(surely(heat), line())) for heat in (torch.zeros_like(half), half, line()))
    assert missed > partly > seen
    assert missed > 1


def test_two_lines_run_into_one_cost() -> None:
    apart = line() + line(top=16)
    assert float(heat_loss(surely(line(thick=10)), apart)) > 10 * float(heat_loss(surely(apart), apart))


def test_the_loss_leads_to_what_is_to_be_seen() -> None:
    logits = torch.zeros(1, 1, 64, 64, requires_grad=True)
    for _ in range(100):
        (gradient,) = torch.autograd.grad(heat_loss(logits, line()), logits)
        logits = (logits - 500 * gradient).detach().requires_grad_()
    assert torch.equal(logits > 0, line() > 0)
