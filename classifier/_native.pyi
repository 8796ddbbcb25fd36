"""The compiled kernel; what each function does is said where it is used."""

from typing import Final, final

from classifier.parser import SaxHandler

INTERFACE: Final[int]

@final
class Handler(SaxHandler):
    """`BlockHandler` of segment/html.py for one walk; it takes its arguments by position only."""

    def __new__(
        cls,
        kinds: dict[str, int],
        max_cell_chars: int,
        max_scripts: int,
        max_nodes: int,
        max_depth: int,
        max_blocks: int,
        deadline: float | None,
        stop: type[Exception],
        watchful: bool,
        /,
    ) -> Handler: ...
    def start_element(self, tag: str, attrs: tuple[tuple[str, str | None], ...], /) -> None: ...
    def end_element(self, tag: str, /) -> None: ...
    def characters(self, data: str, /) -> None: ...
    def comment(self, data: str, /) -> None: ...
    def doctype(self, name: str, public_id: str | None, system_id: str | None, /) -> None: ...
    def processing_instruction(self, target: str, data: str, /) -> None: ...
    def finish(
        self,
    ) -> tuple[
        tuple[list[str] | bytes, ...],
        tuple[list[str] | bytes, ...],
        list[tuple[str, list[str]]],
        list[str],
        str,
    ]:
        """The columns of blocks, the columns of elements, scripts, the title's pieces, the social title.

        A column is strings, or whole numbers as the bytes of an `array`.
        """
