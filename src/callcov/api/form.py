"""A multipart body taken apart while it arrives: text fields are kept, the file's bytes are handed on at once.

Nothing is spooled: at any moment memory holds one chunk of the body and at most `MAX_OTHER` bytes of text.
"""

from __future__ import annotations

from typing import Any

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from callcov.api.errors import Invalid, item
from callcov.errors import UploadTooLarge

FILE_FIELD = "audio_file"
MAX_FILE = 524_288_000
"""Bytes of the file part: 500 MB as the contract counts them."""
MAX_FIELD = 16_384
"""Bytes of one text field: `metadata` is the longest that means anything."""
MAX_OTHER = 1 << 20
"""Bytes of all parts but the file together, their headers apart."""
MAX_PARTS = 100
_SHOWN = 100  # characters of a wrong Content-Type
# What nobody could tell the meaning of when it comes twice: the fields of `submission.Fields`, which a test holds.
_ONCE = set("agent_id contact_id webhook_url call_direction call_timestamp metadata language agent_channel".split())


class Form:
    """Reads one body: `feed` it chunk by chunk, then `finish`. `fields` holds the value given for each name.

    `feed` raises UploadTooLarge with the first byte over `MAX_FILE`, and Invalid as soon as the body cannot become a
    valid form; the reader is of no use afterwards.
    """

    def __init__(self, content_type: str) -> None:
        """`content_type` is the request's header. Raises Invalid when it does not announce a multipart form."""
        kind, options = parse_options_header(content_type)
        if kind != b"multipart/form-data":
            sent = f"not {kind.decode(errors='replace')[:_SHOWN]}" if kind else "as its Content-Type should say"
            message = f"Value error, the body should be multipart/form-data, {sent}"
            raise Invalid([item("missing", FILE_FIELD, "Field required"), item("value_error", None, message)])
        boundary = options.get(b"boundary")
        if not boundary:
            raise _malformed("the Content-Type header names no boundary")
        self.fields: dict[str, str] = {}
        self.has_file = False
        self.size = 0
        self.complete = False
        self._parts = self._other = 0
        self._header = bytearray()
        self._content = bytearray()
        self._disposition = b""
        self._name: str | None = None
        self._value = bytearray()
        self._file: list[bytes] = []
        self._parser = self._parser_of(boundary)

    def feed(self, chunk: bytes) -> bytes:
        """The bytes of the recording that this chunk of the body held; empty when it held none."""
        self._file.clear()
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise _malformed("the body is not the multipart form that was announced") from error
        return self._file[0] if len(self._file) == 1 else b"".join(self._file)

    def finish(self) -> None:
        """Say that the body has ended. Raises Invalid when it was cut off before its closing boundary."""
        if not self.complete:
            raise _malformed("the body ends before its closing boundary")

    def _parser_of(self, boundary: bytes) -> MultipartParser:
        callbacks: dict[str, Any] = {
            "on_part_begin": self._part_begins,
            "on_header_field": self._header_name,
            "on_header_value": self._header_value,
            "on_header_end": self._header_ends,
            "on_headers_finished": self._headers_end,
            "on_part_data": self._part_data,
            "on_part_end": self._part_ends,
            "on_end": self._ends,
        }
        try:
            return MultipartParser(boundary, callbacks)  # type: ignore[arg-type]  # their TypedDict is not importable
        except FormParserError as error:
            raise _malformed("the boundary is too long") from error

    def _part_begins(self) -> None:
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise Invalid([item("too_long", None, f"The form should have at most {MAX_PARTS} parts")])
        self._disposition = b""
        self._name = None
        self._value.clear()

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._content += data[start:end]

    def _header_ends(self) -> None:
        if bytes(self._header).lower() == b"content-disposition":
            self._disposition = bytes(self._content)
        self._header.clear()
        self._content.clear()

    def _headers_end(self) -> None:
        _, options = parse_options_header(self._disposition.decode("latin-1"))
        if b"name" not in options:
            raise _malformed("a part of the form has no name")
        self._name = options[b"name"].decode(errors="replace")
        if self._name in self.fields and self._name in _ONCE:
            raise Invalid([item("value_error", self._name, "Value error, the form gives this field twice")])
        if self._name == FILE_FIELD:
            if self.has_file:
                raise Invalid([item("too_long", FILE_FIELD, "The form should have one recording, not several")])
            self.has_file = True

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if self._name == FILE_FIELD:
            self.size += end - start
            if self.size > MAX_FILE:
                raise UploadTooLarge(f"The recording is larger than 500 MB ({MAX_FILE:,} bytes).")
            self._file.append(data[start:end])
            return
        self._other += end - start
        self._value.extend(data[start:end])
        if len(self._value) > MAX_FIELD or self._other > MAX_OTHER:
            raise Invalid([item("too_long", self._name, f"Field should have at most {MAX_FIELD} bytes{self._hint()}")])

    def _part_ends(self) -> None:
        if self._name is None or self._name == FILE_FIELD:
            return
        try:
            self.fields[self._name] = self._value.decode()
        except UnicodeDecodeError as error:
            message = "Input should be a valid string, unable to parse raw data as a unicode string" + self._hint()
            raise Invalid([item("string_unicode", self._name, message)]) from error

    def _hint(self) -> str:
        """Where the recording goes, for a field that no form has: it may well be one."""
        return "" if self._name in _ONCE else f"; the recording goes into {FILE_FIELD}"

    def _ends(self) -> None:
        self.complete = True


def _malformed(reason: str) -> Invalid:
    return Invalid([item("value_error", None, f"Value error, {reason}")])
