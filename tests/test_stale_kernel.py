"""A kernel that was built from another checkout."""

import sys
from types import ModuleType

import pytest

import classifier
from classifier.kernel import INTERFACE, SWITCH, _kernel


@pytest.mark.parametrize("interface", [None, INTERFACE - 1, INTERFACE + 1])
def test_a_kernel_of_another_version_is_an_import_error_that_says_what_to_do(
    interface: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    stale = ModuleType("classifier._native")
    stale.__file__ = "old.so"
    if interface is not None:
        stale.INTERFACE = interface
    monkeypatch.setitem(sys.modules, "classifier._native", stale)
    monkeypatch.setattr(classifier, "_native", stale, raising=False)
    monkeypatch.delenv(SWITCH, raising=False)
    with pytest.raises(
        ImportError, match=rf"old\.so .*{interface}, not {INTERFACE}.* install .*{SWITCH}=off"
    ):
        _kernel()
    monkeypatch.setenv(SWITCH, "off")
    assert _kernel() is None
