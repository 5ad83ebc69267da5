"""Several radars, one picture: plots fused centrally, or tracks of each radar fused; registered."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from openiads.domain.registrar import PRIOR_ANGLE_RAD, PRIOR_RANGE_M, Registrar
from openiads.domain.track_fusion import TrackFusion
from openiads.domain.tracker import Sensors, Tracker, Tracks
from openiads.faults import Fault, InputError

FUSIONS = ("plots", "tracks")
REGISTRATIONS = ("off", "online")


def sensors(
    pos_m: ArrayLike,
    axes: ArrayLike | None = None,
    sigma: ArrayLike = (50.0, 0.0026, 0.0026),
    range_m: ArrayLike = 1.0e12,
) -> Sensors:
    """Radars of a network, checked: pos_m (S, 3) m; axes (S, 3, 3), columns the radar's axes in
    the common frame (default: those of the frame); sigma (S, 3) or (3,), range m and angles rad;
    range_m (S,) or one number, how far they see. Raises InputError with every fault."""
    faults = []
    place = np.asarray(pos_m, dtype=np.float64)
    if place.ndim != 2 or place.shape[1] != 3 or not len(place) or not np.isfinite(place).all():
        raise InputError.of("places are not (radars, 3) finite numbers", key="sensor_pos_m")
    count = len(place)
    turn = np.tile(np.eye(3), (count, 1, 1)) if axes is None else np.asarray(axes, np.float64)
    if turn.shape != (count, 3, 3) or not np.isfinite(turn).all():
        faults.append(Fault(f"axes are not ({count}, 3, 3) finite numbers", key="sensor_axes"))
    elif not np.allclose(turn.transpose(0, 2, 1) @ turn, np.eye(3), atol=1e-6):
        faults.append(Fault("axes are not at right angles and of length 1", key="sensor_axes"))
    try:
        spread = np.broadcast_to(np.asarray(sigma, dtype=np.float64), (count, 3))
        reach = np.broadcast_to(np.asarray(range_m, dtype=np.float64), (count,))
    except ValueError:
        raise InputError(
            [*faults, Fault(f"not one entry for each of {count} radars", key="sensor_sigma")]
        ) from None
    if not ((spread > 0.0) & np.isfinite(spread)).all():
        faults.append(Fault("needs standard deviations > 0", key="sensor_sigma"))
    elif (spread[:, 1:] >= 1.0).any():
        faults.append(Fault("angles of 1 rad or more", "give radians", key="sensor_sigma"))
    if not (reach > 0.0).all():
        faults.append(Fault("needs ranges > 0", key="sensor_max_range_m"))
    if faults:
        raise InputError(faults)
    return Sensors(place, np.ascontiguousarray(turn), np.array(spread), np.array(reach))


class Network:
    """Tracks from several radars, look by look.

    ``fusion``: "plots", one tracker takes the plots of all radars; "tracks", each radar has its
    own and their tracks are fused by covariance intersection. ``registration``: "online"
    estimates the constant errors of the radars while it runs and takes them off their plots;
    ``bias`` (S, 3), known errors, taken off as well. ``prior`` is how large biases may be
    (range m, angle rad; one sigma). Further keywords are those of `Tracker`.

    >>> network = Network(sensors([[0, 0, 0], [50e3, 0, 0]]), fusion="tracks")
    >>> len(network.scan(0.0, 1, [[100e3, 0.5, 0.03]]).id)
    0

    Raises InputError with every fault.
    """

    def __init__(
        self,
        radars: Sensors,
        fusion: str = "plots",
        registration: str = "off",
        bias: ArrayLike | None = None,
        prior: tuple[float, float] = (PRIOR_RANGE_M, PRIOR_ANGLE_RAD),
        **tracker: Any,
    ) -> None:
        count = len(radars.pos_m)
        faults = []
        if fusion not in FUSIONS:
            faults.append(Fault(f"no fusion {fusion!r}", "plots or tracks", key="fusion"))
        if registration not in REGISTRATIONS:
            faults.append(
                Fault(f"no registration {registration!r}", "off or online", key="registration")
            )
        if bias is not None and np.shape(bias) != (count, 3):
            faults.append(Fault(f"not ({count}, 3) numbers", "one row a radar", key="bias"))
        if len(prior) != 2 or not min(prior) > 0.0:
            faults.append(Fault("needs two standard deviations > 0", key="prior"))
        if faults:
            raise InputError(faults)
        self.sensors = radars
        self.known = np.zeros((count, 3)) if bias is None else np.asarray(bias, np.float64)
        self.registrar = Registrar(radars, prior, **tracker) if registration == "online" else None
        self.central = Tracker(tuple(radars.sigma[0]), **tracker) if fusion == "plots" else None
        self.fusion = TrackFusion(radars, **tracker) if fusion == "tracks" else None

    @property
    def bias(self) -> np.ndarray:
        """What is taken off the plots of each radar now: (S, 3) m and rad."""
        return self.known + (0.0 if self.registrar is None else self.registrar.bias)

    @property
    def losses(self) -> int:
        """Confirmed tracks that were deleted (of all trackers)."""
        if self.fusion is not None:
            return self.fusion.losses
        assert self.central is not None
        return self.central.books.losses

    @property
    def shed(self) -> tuple[int, int]:
        """Tracks dropped and plots refused for want of room (of all trackers)."""
        all_ = [self.central] if self.central is not None else []
        all_ += [] if self.fusion is None else self.fusion.local
        return sum(t.books.dropped for t in all_), sum(t.books.refused for t in all_)

    def scan(
        self,
        time_s: float,
        sensor: int,
        detections: ArrayLike,
        range_rate_mps: ArrayLike | None = None,
        range_rate_sigma_mps: float = 1.0,
    ) -> Tracks:
        """Feed one look of radar ``sensor`` and return the tracks of the network.

        Args as `Tracker.scan`, detections in that radar's own axes. Raises InputError for a radar
        that is none, times that run backwards, or plots that are no numbers.
        """
        if not 0 <= sensor < len(self.sensors.pos_m):
            raise InputError.of(f"no radar {sensor}", f"0 to {len(self.sensors.pos_m) - 1}")
        plots = np.asarray(detections, dtype=np.float64)
        if plots.size == 0:
            plots = np.zeros((0, 3))
        if plots.ndim != 2 or plots.shape[1] != 3:
            raise InputError.of("plots are not an array (n, 3) of finite numbers")
        spread = self.sensors.sigma[sensor]
        known = plots - self.known[sensor]
        if self.registrar is not None:
            self.registrar.observe(time_s, sensor, known)
            known = known - self.registrar.bias[sensor]
        rates = None if range_rate_mps is None else np.asarray(range_rate_mps, np.float64)
        if self.fusion is not None:
            return self.fusion.scan(time_s, sensor, known, spread, rates, range_rate_sigma_mps)
        assert self.central is not None
        return self.central.scan(
            time_s, known, self.sensors.pos_m[sensor], self.sensors.axes[sensor],
            self.sensors.range_m[sensor], spread, rates, range_rate_sigma_mps,
        )  # fmt: skip
