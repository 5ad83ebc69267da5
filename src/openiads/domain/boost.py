"""The kinematic boost shared by ballistic missiles and glide vehicles."""

from __future__ import annotations

import numpy as np

from openiads.domain.knots import Knots, sample


class Boost:
    """The boost's shape in a vertical plane: speed V u(τ), path angle from the vertical to γ.

    u = 0.4 τ + 0.6 τ² (acceleration grows as propellant burns), and after a tenth of the burn the
    angle tips over by the sine of the time left to half way; both assumed, so that burnout lies at
    public heights (Scud-B about 30 km, ICBM 200 to 400 km). Distances are quadratures.
    """

    def __init__(self, angle_rad):
        self.tau = np.linspace(0.0, 1.0, 1001)
        tip = np.clip((self.tau - 0.1) / 0.5, 0.0, 1.0)
        angle = 0.5 * np.pi - (0.5 * np.pi - angle_rad) * np.sin(0.5 * np.pi * tip)
        u = 0.4 * self.tau + 0.6 * self.tau**2
        self.rate = np.stack([u * np.cos(angle), u * np.sin(angle)], axis=1)
        step = self.tau[1]
        # Fourth order: the trapezium with the end correction of the derivative.
        slope = np.gradient(self.rate, step, axis=0, edge_order=2)
        part = 0.5 * step * (self.rate[1:] + self.rate[:-1])
        part += step * step / 12.0 * (slope[:-1] - slope[1:])
        self.way = np.concatenate([np.zeros((1, 2)), np.cumsum(part, axis=0)])

    def at(self, tau):
        """(way (n, 2), rate (n, 2)) at τ, in units of V T and V: along the ground and up."""
        shape = Knots(
            self.tau, np.pad(self.way, ((0, 0), (0, 1))), np.pad(self.rate, ((0, 0), (0, 1)))
        )
        way, rate = sample(shape, tau)
        return way[:, :2], rate[:, :2]
