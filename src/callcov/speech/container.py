"""Opening an upload: which files are recordings, and what in them is the sound.

A file with several sound tracks is refused, whatever they hold: a recorder may have put each party on its own, and to
read one of them would lose the other without a word. Only the demuxers of the nine formats may open a file,
and none may open another: an upload cannot make the server read something else.
"""

from __future__ import annotations

from typing import Any, BinaryIO, cast

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Discard, Disposition

from callcov.errors import BadRecording

_FORMATS = "FLAC, MP3, MP4, MPEG, M4A, OGG, WAV or WebM"
_DEMUXERS = "wav,mp3,flac,ogg,matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,mpeg,mpegts"
_NAMES = {
    "wav": "wav",
    "mp3": "mp3",
    "flac": "flac",
    "ogg": "ogg",
    "matroska": "webm",
    "mpeg": "mpeg",
    "mpegts": "mpeg",
}


class _Nameless:
    """A file without its name, so that FFmpeg recognises it by content alone."""

    def __init__(self, file: BinaryIO) -> None:
        self.read = file.read
        self.seek = file.seek
        self.tell = file.tell


def opened(file: BinaryIO) -> InputContainer:
    """Open by content; only demuxers of the nine formats, no other file or address."""
    file.seek(0)
    head = file.read(12)
    if not head:
        raise BadRecording("The file is empty.")
    file.seek(0)
    options = {"format_whitelist": _DEMUXERS, "protocol_whitelist": "none"}
    try:
        return av.open(_Nameless(file), "r", container_options=options, metadata_errors="ignore")
    except (FFmpegError, ValueError) as failure:
        if head[4:8] in (b"ftyp", b"mdat", b"free", b"wide", b"skip"):
            raise BadRecording(
                "The M4A or MP4 file has no index (its recorder was stopped before writing it); export it again."
            ) from failure
        raise BadRecording(f"The file is not a recording in a supported format ({_FORMATS}).") from failure


def sound_of(container: InputContainer) -> AudioStream:
    """The one sound stream, ready to decode."""
    streams = container.streams.audio
    if len(streams) > 1:
        raise BadRecording(f"The file has {len(streams)} sound tracks; export them as the channels of one track.")
    if not streams:
        what = "video has no sound" if container.streams.video else "file holds no sound"
        raise BadRecording(f"The {what}.")
    (sound,) = streams
    if cast("Any", sound.codec_context) is None:
        raise BadRecording("The sound in the file is of a codec that cannot be decoded.")
    for other in container.streams:
        if other.index != sound.index:
            other.discard = Discard.all  # FFmpeg need not read what nobody decodes
    return sound


def format_of(container: InputContainer, stream: AudioStream) -> str:
    """The contract's name for what the bytes are."""
    demuxer = container.format.name.split(",", maxsplit=1)[0]
    if demuxer == "mov":
        moving = [video for video in container.streams.video if not video.disposition & Disposition.attached_pic]
        return "mp4" if moving else "m4a"
    if demuxer == "mp3" and stream.codec.canonical_name != "mp3":
        return "mpeg"  # an elementary stream of layer I or II
    return _NAMES.get(demuxer, demuxer)
