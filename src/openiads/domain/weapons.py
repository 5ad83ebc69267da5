"""Missiles and launchers: published envelopes, and the rounds that a fire unit holds."""

from __future__ import annotations

from openiads.declare import Acceleration, Count, Declared, Fraction, Length, Speed, Time, declared


class Missile(Declared):
    """An interceptor as its published envelope; its fly-out table is computed from it."""

    range_max_aerodynamic_m: Length = declared("reach against aircraft", gt=0)
    range_max_ballistic_m: Length = declared(
        "reach against ballistic targets", ge=0, otherwise=("system:range_max_ballistic",)
    )
    range_min_m: Length = declared("nearest intercept", ge=0)
    altitude_max_m: Length = declared("highest intercept", gt=0, otherwise=("system:altitude_max",))
    altitude_min_m: Length = declared("lowest intercept", ge=0)
    missile_speed_max_mps: Speed = declared("top speed", gt=0)
    target_speed_max_mps: Speed = declared(
        "fastest target engaged", gt=0, otherwise=("system:target_speed_max",)
    )
    kill_probability_aircraft: Fraction = declared("kill probability a shot against aircraft")
    kill_probability_drone: Fraction = declared("kill probability a shot against drones")
    kill_probability_cruise: Fraction = declared("… against subsonic cruise missiles")
    kill_probability_supersonic: Fraction = declared("… against supersonic cruise missiles")
    kill_probability_ballistic: Fraction = declared("… against ballistic missiles")
    divert_mps2: Acceleration = declared(
        "lateral acceleration that needs no air (thrusters); 0: it steers with air alone", 0.0, ge=0
    )
    surface_range_max_m: Length = declared(
        "reach against ships and ground targets; 0: not fired at them", 0.0, ge=0
    )
    kill_probability_surface: Fraction = declared(
        "… against ships and ground targets (assumed: an even chance)", 0.5
    )


class Launcher(Declared):
    """A launcher: tubes, and how fast it shoots and is refilled."""

    missiles_per_launcher: Count = declared("tubes on the launcher", ge=1, le=64)
    launch_interval_s: Time = declared("least time between two launches of one launcher", ge=0)
    reload_time_s: Time = declared("time to refill an empty launcher", gt=0)
    setup_time_s: Time = declared(
        "from the scenario's start until the launcher stands and can shoot", 0.0, ge=0
    )
