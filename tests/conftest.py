"""What every test run shares: the option that compares or writes docs/validation.md."""

from __future__ import annotations

import pytest

import matrix

_RESULTS = pytest.StashKey[dict[str, matrix.Result]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--matrix",
        choices=("off", "check", "write"),
        default="off",
        help="docs/validation.md from this run: compare the committed one, or write it",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_RESULTS] = {}
    config.pluginmanager.register(_Collector(config), "validation-matrix")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item) -> None:
    """Make what a test recorded plain numbers: workers send reports without numpy's types."""
    item.user_properties[:] = [
        (name, value.item() if hasattr(value, "item") else value)
        for name, value in item.user_properties
    ]


class _Collector:
    """Gathers results in the process that reports them, so it works with any number of workers."""

    def __init__(self, config: pytest.Config):
        self.config = config
        self.verdict = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or not report.passed:
            held = self.config.stash[_RESULTS]
            held[report.nodeid] = matrix.Result(report.outcome, dict(report.user_properties))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        mode = self.config.getoption("--matrix")
        if mode == "off" or hasattr(self.config, "workerinput"):
            return
        if session.exitstatus not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            return
        self.verdict = matrix.conclude(self.config.stash[_RESULTS], mode)
        if self.verdict and session.exitstatus == 0:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.verdict:
            terminalreporter.section("docs/validation.md", red=True)
            terminalreporter.write_line(self.verdict)
