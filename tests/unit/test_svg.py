"""Elements, numbers and the palette of the report's pictures."""

import itertools
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openiads.engine.world import LINKS
from openiads.export.plan_picture import near_radius_km, thin
from openiads.export.svg import (
    KINDS,
    PALETTE,
    contrast,
    ink_on,
    interval,
    nice_step,
    num,
    number,
    palette_css,
    percent,
    picture,
    text,
    ticks,
)

PAPERS = ("light", "dark")
LINK_COLOURS = ("killed", *LINKS[1:])
KIND_COLOURS = tuple(f"kind-{k + 1}" for k in range(KINDS))

# Machado, Oliveira and Fernandes, IEEE Trans. Vis. Comput. Graph. 15(6), 2009, table 1,
# severity 1.0, on linear RGB.
VISION = {
    "normal": np.eye(3),
    "protanopia": np.array([
        [0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ]),
    "deuteranopia": np.array([
        [0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ]),
    "tritanopia": np.array([
        [1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ]),
}  # fmt: skip
# IEC 61966-2-1 (sRGB) to CIE XYZ, white point D65.
XYZ = np.array([
    [0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
    [0.0193339, 0.1191920, 0.9503041],
])  # fmt: skip
WHITE = np.array([0.95047, 1.0, 1.08883])


def lab(colour, vision):
    """CIE 1976 L*a*b* of "#rrggbb" as seen with ``vision``."""
    srgb = np.array([int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)])
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    ratio = XYZ @ np.clip(VISION[vision] @ linear, 0.0, 1.0) / WHITE
    f = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("names", [LINK_COLOURS, KIND_COLOURS], ids=["links", "kinds"])
def test_colours_stay_apart_for_every_vision(paper, vision, names):
    """12 in CIE 1976 is about five just-noticeable differences (2.3 each)."""
    colours = {n: lab(getattr(PALETTE[n], paper), vision) for n in names}
    for a, b in itertools.combinations(names, 2):
        assert np.linalg.norm(colours[a] - colours[b]) >= 12.0, (a, b)


@pytest.mark.parametrize("paper", PAPERS)
def test_contrast_meets_aa(paper):
    """WCAG 2.2: text 4.5 (1.4.3), graphics 3 (1.4.11), on page and on panel."""
    value = {n: getattr(c, paper) for n, c in PALETTE.items()}
    for ground in ("paper", "panel"):
        for words in ("ink", "quiet", "accent", "leak"):
            assert contrast(value[words], value[ground]) >= 4.5, (words, ground)
        for shape in (*LINKS[1:], *KIND_COLOURS, "kill", "chain-4"):
            assert contrast(value[shape], value[ground]) >= 3.0, (shape, ground)
    for name in LINK_COLOURS:
        assert contrast(ink_on(value[name]), value[name]) >= 4.5, name


def test_contrast_known_values():
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    # The grey that W3C's own technique G18 gives as just enough on white.
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


def test_palette_css_has_both_papers():
    css = palette_css()
    assert f"--track:{PALETTE['track'].light};" in css
    dark = css.split("prefers-color-scheme:dark")[1]
    assert f"--track:{PALETTE['track'].dark};" in dark
    assert ".fill-track{fill:var(--track)}" in css


def test_words_of_a_person_are_escaped():
    hostile = '<script>&"x'
    drawn = picture("p", 10, 10, hostile, hostile, text(0, 0, hostile))
    tree = ET.fromstring(drawn)
    assert [e.tag for e in tree] == ["title", "desc", "text"]
    assert [e.text for e in tree] == [hostile] * 3


@pytest.mark.parametrize(
    ("span", "most", "step"),
    [(1.0, 10, 0.1), (1.0, 4, 0.5), (48, 40, 2.0), (0.243, 4, 0.1), (1e4, 5, 2000.0), (0, 5, 1.0)],
)
def test_nice_step(span, most, step):
    assert nice_step(span, most) == pytest.approx(step)


@given(st.floats(1e-6, 1e9), st.integers(1, 50))
@settings(deadline=None)
def test_nice_step_is_the_smallest_that_fits(span, most):
    step = nice_step(span, most)
    assert span / step <= most * (1 + 1e-6)
    assert span / (step / 2.6) > most * (1 - 1e-6)


def test_ticks_and_numbers():
    assert ticks(-0.1, 1.0, 0.5) == [0.0, 0.5, 1.0]
    assert [num(v) for v in (1.0, 1.04, -0.01, 12.35)] == ["1", "1", "0", "12.3"]
    assert [number(v) for v in (0, 0.25, 13.8, 1204.4)] == ["0", "0.25", "13.8", "1,204"]
    assert interval(9.093, 8.8996, 9.2871) == "9.1 [8.9, 9.3]"
    assert interval(0.11, 0.0732, 0.1468) == "0.11 [0.07, 0.15]"
    assert interval(764.2, 748.0, 780.0) == "764 [748, 780]"
    assert interval(9.0, None, None) == "9"
    assert percent(0.6613, 0.6473, 0.6752) == "66.1 % [64.7, 67.5]"
    assert percent(0.0, 0.0, 0.0126) == "0 % [0, 1.3]"


@given(st.lists(st.tuples(st.floats(-100, 100), st.floats(-100, 100)), min_size=2, max_size=40))
@settings(deadline=None)
def test_thinned_path_stays_near(points):
    points = np.array(points)
    kept = thin(points, 1.0)
    assert (kept[0] == points[0]).all() and (kept[-1] == points[-1]).all()
    for point in points:
        gaps = [_gap(point, a, b) for a, b in itertools.pairwise(kept)]
        assert min(gaps) <= 1.0 + 1e-9


def _gap(point, a, b):
    """Distance of a point from the line through a and b (the whole line, as in `thin`)."""
    chord, away = b - a, point - a
    length = np.hypot(*chord)
    if length == 0.0:
        return np.hypot(*away)
    return abs(chord[0] * away[1] - chord[1] * away[0]) / length


def test_map_is_cut_only_where_a_few_come_from_far():
    assert near_radius_km(np.array([130.0] * 14 + [260.0] * 14 + [380.0] * 8 + [1000.0] * 6)) == 380
    assert near_radius_km(np.array([130.0] * 2 + [1000.0] * 6)) == 1000
    assert near_radius_km(np.array([500.0])) == 500
