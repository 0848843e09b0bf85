"""The pages of the strategies name every option, and nothing else."""

import inspect
import re
from pathlib import Path

import pytest

from failwell import resilience

PAGES = Path(__file__).parents[2] / "docs" / "reference" / "resilience"
STRATEGIES = {
    "bulkhead": resilience.Bulkhead,
    "circuit-breaker": resilience.CircuitBreaker,
    "deadline": resilience.deadline,
    "fallback": resilience.fallback,
    "policy": resilience.Policy,
    "rate-limit": resilience.rate_limit,
    "retry": resilience.retry,
    "retry-budget": resilience.RetryBudget,
    "timeout": resilience.timeout,
}


def _table(page: str) -> str:
    text = (PAGES / f"{page}.md").read_text()
    return text[text.index("| option | default | allowed |") :].split("\n\n")[0]


@pytest.mark.parametrize("page", sorted(STRATEGIES))
def test_a_page_names_every_option_of_its_strategy(page: str) -> None:
    """In a table, with default and range, in the order of the signature."""
    documented = re.findall(r"^\| `(\w+)` \|", _table(page), re.MULTILINE)

    assert documented == list(inspect.signature(STRATEGIES[page]).parameters)


def test_every_page_is_of_a_strategy() -> None:
    """And every strategy has one."""
    assert {page.stem for page in PAGES.glob("*.md")} == STRATEGIES.keys()


@pytest.mark.parametrize("page", sorted(STRATEGIES))
def test_simple_defaults_are_as_documented(page: str) -> None:
    """Numbers and texts in the table are those of the signature."""
    found = re.findall(r"^\| `(\w+)` \| ([^|]*) \|", _table(page), re.MULTILINE)
    rows = {name: default.strip('`"') for name, default in found}

    for name, parameter in inspect.signature(STRATEGIES[page]).parameters.items():
        default = parameter.default
        if default is parameter.empty:
            assert rows[name] == "must be given"
        elif isinstance(default, (int, float, str)):
            is_number = isinstance(default, float)
            assert rows[name] == (f"{default:g}" if is_number else str(default))


def test_the_page_of_checks_names_tests_that_there_are() -> None:
    """All of the twenty, and none that has been renamed since."""
    page = PAGES.parents[1] / "explanation" / "resilience-checks.md"
    tests = "".join(path.read_text() for path in Path(__file__).parent.glob("*.py"))

    named = set(re.findall(r"`(test_\w+|\w+Machine)`", page.read_text()))
    known = set(re.findall(r"^(?:async )?(?:def|class) (\w+)", tests, re.MULTILINE))
    twenty = {name for name in known if re.match(r"test_\d\d", name)}

    assert len(twenty) > 20
    assert twenty <= named <= known
