"""Which errors fall into one group, and which do not."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from failwell.records import fingerprint

APPLICATION = """
def view(message, depth=0):
    if depth:
        return view(message, depth - 1)
    return load(message)
{gap}
def load(message):
{gap}
    raise ValueError(message)
"""


def compiled(
    source: str, file: str, module: str = "shop.orders"
) -> dict[str, Callable]:
    """Return the functions of a module that stands in `file`."""
    names: dict[str, Callable] = {"__name__": module}  # type: ignore[dict-item]
    exec(compile(source, file, "exec"), names)  # noqa: S102 - our own source
    return names


def raised(function: Callable[..., object], *arguments: object) -> BaseException:
    """Return what a call raises."""
    with pytest.raises(BaseException) as caught:  # noqa: PT011 - any
        function(*arguments)
    error = caught.value
    # The frames of this test are no part of the application under test.
    error.__traceback__ = error.__traceback__.tb_next  # type: ignore[union-attr]
    return error


@given(
    message=st.text(),
    gap=st.integers(0, 30),
    folder=st.from_regex(r"(/[a-z]{1,8}){1,4}", fullmatch=True),
    depth=st.integers(0, 20),
)
def test_lines_paths_messages_and_depth_do_not_matter(
    message: str, gap: int, folder: str, depth: int
) -> None:
    """The same bug has one group, edited, installed elsewhere, or called deeper."""
    plain = compiled(APPLICATION.format(gap=""), "/srv/shop/orders.py")
    moved = compiled(APPLICATION.format(gap="\n" * gap), f"{folder}/orders.py")

    first = fingerprint(raised(plain["view"], "x"))

    assert fingerprint(raised(moved["view"], message, depth)) == first


def test_a_fingerprint_is_sixteen_hexadecimal_digits() -> None:
    """The hash fits eight bytes."""
    assert len(bytes.fromhex(fingerprint(ValueError("x")))) == 8


def test_the_same_message_from_two_places_is_two_groups() -> None:
    """Type and message alone do not make errors the same."""
    first = compiled("def load(): raise KeyError('x')", "/srv/a.py")
    second = compiled("def save(): raise KeyError('x')", "/srv/a.py")

    assert fingerprint(raised(first["load"])) != fingerprint(raised(second["save"]))


def test_the_code_and_the_type_count() -> None:
    """Another error code, or another type, is another group."""
    error = ValueError("x")

    assert fingerprint(error, "A") != fingerprint(error, "B")
    assert fingerprint(error) != fingerprint(TypeError("x"))


def test_library_frames_between_do_not_matter() -> None:
    """A dispatcher of a library around the application's code changes nothing."""
    library = compiled(
        "def dispatch(f): return f()",
        "/usr/lib/python3/site-packages/lib.py",
        "lib",
    )
    own = compiled("def load(): raise ValueError('x')", "/srv/a.py")

    assert fingerprint(raised(library["dispatch"], own["load"])) == fingerprint(
        raised(own["load"])
    )


def test_the_library_place_that_raised_counts() -> None:
    """Two faults of one library met by one line of the application stay apart."""
    library = compiled(
        "def one(): raise ValueError('x')\ndef two(): raise ValueError('x')",
        "/usr/lib/python3/site-packages/lib.py",
        "lib",
    )
    own = compiled("def call(f): f()", "/srv/a.py")

    one = fingerprint(raised(own["call"], library["one"]))

    assert one != fingerprint(raised(own["call"], library["two"]))


def test_different_causes_of_one_wrapper_are_groups_of_their_own() -> None:
    """`raise … from` joins the group of the cause; `from None` leaves the context out."""
    own = compiled(
        "def wrap(inner):\n"
        "    try: inner()\n"
        "    except Exception as error: raise RuntimeError('failed') from error\n"
        "def hide(inner):\n"
        "    try: inner()\n"
        "    except Exception: raise RuntimeError('failed') from None\n"
        "def one(): raise ValueError('x')\n"
        "def two(): raise KeyError('x')\n"
        "def three(): raise KeyError('x')\n",
        "/srv/a.py",
    )

    inner = [own["one"], own["two"], own["three"]]
    wrapped = {fingerprint(raised(own["wrap"], function)) for function in inner}
    hidden = {fingerprint(raised(own["hide"], function)) for function in inner}

    assert len(wrapped) == 3
    assert len(hidden) == 1


def test_without_frames_the_shape_of_the_message_decides() -> None:
    """Ids, numbers and quoted names in it do not."""
    first = fingerprint(ValueError("order 17 of 'bob' failed\nwith more"))
    second = fingerprint(ValueError("order 4242 of 'ann' failed"))

    assert first == second
    assert first != fingerprint(ValueError("payment 17 of 'bob' failed"))


def test_functions_that_call_each_other_are_one_group_at_any_depth() -> None:
    """A recursion through two functions is folded like one through itself."""
    own = compiled(
        "def a(n):\n    return b(n)\ndef b(n):\n"
        "    if n == 0: raise ValueError('x')\n    return a(n - 1)\n",
        "/srv/a.py",
    )

    assert fingerprint(raised(own["a"], 3)) == fingerprint(raised(own["a"], 90))


def test_a_comprehension_is_its_function() -> None:
    """Python 3.12 gave up its frame; the group must outlive the upgrade."""
    loop = compiled("def f():\n    for n in [0]: 1 / n\n", "/srv/a.py")
    inlined = compiled("def f():\n    return [1 / n for n in [0]]\n", "/srv/a.py")

    assert fingerprint(raised(loop["f"])) == fingerprint(raised(inlined["f"]))


def test_a_cycle_of_causes_ends() -> None:
    """Exceptions that cause each other have a fingerprint all the same."""
    first, second = ValueError("x"), KeyError("y")
    first.__cause__, second.__cause__ = second, first

    assert fingerprint(first) == fingerprint(first)
