"""Every notebook runs from its first cell to its last."""

import os
import warnings
from pathlib import Path
from typing import Final

import nbformat
import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the client's own imports are not the subject here
    from nbclient import NotebookClient

ROOT: Final = Path(__file__).parents[1]
NOTEBOOKS: Final = sorted((ROOT / "notebooks").glob("*.ipynb"))
TIMEOUT_S: Final = 300
# So that a notebook loads fast where it is shown, and a change of it can be read.
MAX_BYTES: Final = 300_000


def name(path: Path) -> str:
    return path.stem


def test_the_notebooks_are_numbered_as_a_course() -> None:
    numbers = [int(path.stem.partition("_")[0]) for path in NOTEBOOKS]
    assert numbers
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_a_notebook_says_what_is_learned_and_what_comes_next(path: Path) -> None:
    cells = nbformat.read(path, as_version=4).cells
    assert cells[0].source.startswith(f"# {int(path.stem.partition('_')[0])}. ")
    assert "After this notebook you know" in cells[0].source
    assert "**Next**: " in cells[-1].source


# The client and its sockets belong to others; what the notebook itself does runs in another process.
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_a_notebook_runs_without_an_error(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    search = filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(search))
    monkeypatch.setenv("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    notebook = nbformat.read(path, as_version=4)
    where = {"metadata": {"path": str(path.parent)}}
    NotebookClient(notebook, timeout=TIMEOUT_S, kernel_name="python3", resources=where).execute()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_a_notebook_is_kept_with_its_outputs_small_and_without_errors(path: Path) -> None:
    assert path.stat().st_size < MAX_BYTES
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert not [out for cell in cells for out in cell.outputs if out.output_type == "error"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_a_notebook_names_no_folder_of_the_machine_it_ran_on(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert str(ROOT) not in text
    assert str(Path.home()) + os.sep not in text
