"""Presets: configurations of classifier trainings by name, and those of the teachers."""

import dataclasses
from typing import Final

from mememoji.errors import InputError
from mememoji.training.classifier.classifier_config import AugmentationConfig, ClassifierTrainConfig
from mememoji.training.classifier.networks import CompactConfig, VggConfig
from mememoji.training.classifier.networks.plain_network import BASELINE, MEMEMOJI9

# Plain networks have no norms: the learning rates of SGD that suit `compact` make their ReLUs die, so they use AdamW.
# They fit slowly, so their augmentation is weak.
_PLAIN: Final = ClassifierTrainConfig(
    MEMEMOJI9,
    epochs=12,
    optimizer="adamw",
    lr=1e-3,
    warmup_epochs=0.3,
    weight_decay=1e-2,
    ema_decay=0.995,
    augmentation=AugmentationConfig(rotation=8.0, scale=0.1, brightness_contrast=0.15, random_erasing_prob=0.0),
)

# Sixteen epochs end before a network memorizes images, so augmentation is weaker than in long trainings.
_SHORT: Final = AugmentationConfig(
    shift=0.06, rotation=10.0, scale=0.1, brightness_contrast=0.2, random_erasing_prob=0.1
)

# Nearly twice the parameters overfit sooner, so augmentation is stronger.
_STRONG: Final = AugmentationConfig(rotation=15.0, scale=0.2, random_erasing_prob=0.3)
_WIDE: Final = CompactConfig(channels=(40, 112, 248), dropout=0.2)
_LONG: Final = ClassifierTrainConfig(
    _WIDE,
    epochs=200,
    batch_size=128,
    lr=0.1,
    label_smoothing=0.1,
    soft_label_epochs=0.8,
    ema_decay=0.999,
    augmentation=_STRONG,
)

# At most 300 kB as int8, and fast: a stem of stride 2 avoids the memory traffic of 48x48 feature maps, and without
# squeeze-and-excitation there are no float32 gates. So small a network underfits, so regularization is weak.
_NANO: Final = CompactConfig(
    stem_channels=24,
    channels=(48, 72),
    num_blocks=(2, 2),
    dropout=0.05,
    stem_kernel_size=5,
    squeeze_excitation=False,
    stem_stride=2,
)

PRESETS: Final[dict[str, ClassifierTrainConfig]] = {
    "baseline": dataclasses.replace(_PLAIN, model=BASELINE),
    "mememoji9": _PLAIN,
    "compact": ClassifierTrainConfig(
        CompactConfig(), epochs=16, warmup_epochs=0.3, ema_decay=0.995, augmentation=_SHORT
    ),
    "compact-long": ClassifierTrainConfig(CompactConfig(), epochs=40, warmup_epochs=0.3, soft_label_epochs=0.8),
    "compact-wide": ClassifierTrainConfig(
        _WIDE, epochs=44, warmup_epochs=0.3, label_smoothing=0.1, soft_label_epochs=0.8, augmentation=_STRONG
    ),
    "compact-gpu": _LONG,
    "compact-tuned": dataclasses.replace(
        _LONG, epochs=16, lr=0.01, soft_label_epochs=0.0, distillation_weight=0.5, sam_rho=0.1
    ),
    "compact-robust": dataclasses.replace(
        _LONG,
        epochs=12,
        lr=0.005,
        soft_label_epochs=0.0,
        distillation_weight=0.9,
        num_cached_views=4,
        augmentation=AugmentationConfig(corruption_prob=0.12),
    ),
    # For face sets of other origin beside FER2013, from the shipped weights, which are also the teacher. This teacher
    # predicts neutral for many of these faces, so its outputs are not softened and it does not label unlabeled faces;
    # and a few thousand labeled faces would be memorized in more epochs.
    "compact-mixed": dataclasses.replace(
        _LONG,
        epochs=2,
        lr=0.02,
        warmup_epochs=0.3,
        soft_label_epochs=0.0,
        distillation_temperature=1.0,
        unlabeled_fraction=0.0,
        ema_decay=0.998,
        augmentation=AugmentationConfig(corruption_prob=0.06),
    ),
    "nano": ClassifierTrainConfig(
        _NANO,
        epochs=100,
        batch_size=128,
        lr=0.1,
        weight_decay=2e-4,
        soft_label_epochs=0.8,
        distillation_weight=0.8,
        num_cached_views=12,
        ema_decay=0.999,
        augmentation=AugmentationConfig(
            shift=0.06, rotation=10.0, scale=0.12, brightness_contrast=0.2, random_erasing_prob=0.1
        ),
    ),
    "debug": ClassifierTrainConfig(
        CompactConfig(stem_channels=8, channels=(16, 32, 64), num_blocks=(1, 1, 1)), epochs=2, batch_size=128, lr=0.1
    ),
}
"""Configurations by name; `debug` trains a tiny network for two epochs, about a minute on two CPU cores."""

_MILD: Final = AugmentationConfig(rotation=10.0, scale=0.15, random_erasing_prob=0.2)
_STRONGEST: Final = AugmentationConfig(rotation=15.0, scale=0.2, brightness_contrast=0.3, random_erasing_prob=0.3)
_MIXUP: Final = dataclasses.replace(_MILD, mixup_alpha=0.2)


def _make_teacher_preset(
    model: CompactConfig | VggConfig, seed: int, augmentation: AugmentationConfig = _STRONGEST
) -> ClassifierTrainConfig:
    return dataclasses.replace(_LONG, model=model, epochs=120, seed=seed, augmentation=augmentation)


# Errors average out if the networks make different ones, so teachers differ in architecture, depth, width, stem and
# augmentation, not only in their seed.
TEACHER_PRESETS: Final[dict[str, ClassifierTrainConfig]] = {
    "teacher-se": _make_teacher_preset(
        CompactConfig(stem_channels=32, channels=(64, 128, 256), num_blocks=(2, 2, 2), dropout=0.3), 11
    ),
    "teacher-se-deep": _make_teacher_preset(
        CompactConfig(stem_channels=32, channels=(56, 112, 224), num_blocks=(3, 5, 3), dropout=0.3), 12
    ),
    "teacher-se-wide": _make_teacher_preset(
        CompactConfig(stem_channels=40, channels=(80, 160, 320), num_blocks=(2, 2, 2), dropout=0.4), 13, _MIXUP
    ),
    "teacher-stem": _make_teacher_preset(
        CompactConfig(stem_channels=48, stem_kernel_size=7, channels=(64, 144, 288), num_blocks=(2, 2, 2), dropout=0.3),
        14,
        _MILD,
    ),
    "teacher-resnet": _make_teacher_preset(
        CompactConfig(
            stem_channels=64, channels=(64, 128, 256), num_blocks=(2, 2, 2), squeeze_excitation=False, dropout=0.3
        ),
        15,
    ),
    "teacher-resnet-wide": _make_teacher_preset(
        CompactConfig(
            stem_channels=32, channels=(96, 192, 384), num_blocks=(2, 2, 1), squeeze_excitation=False, dropout=0.4
        ),
        16,
        _MIXUP,
    ),
    "teacher-vgg": _make_teacher_preset(VggConfig(((48, 48), (96, 96), (192, 192, 192), (384, 384))), 17),
    "teacher-vgg-deep": _make_teacher_preset(
        VggConfig(((32, 32, 32), (64, 64, 64), (128, 128, 128, 128), (256, 256, 256, 256))), 18, _MIXUP
    ),
}
"""Teachers of 2.7 to 4.4 M parameters, 120 epochs each: minutes on a data-center GPU, a day or more on a CPU."""


def find_preset(name: str) -> ClassifierTrainConfig:
    """Return the preset or teacher preset of this name.

    Raises:
        InputError: The name is unknown.

    Example:
        >>> find_preset("debug").epochs
        2
    """
    presets = PRESETS | TEACHER_PRESETS
    if name not in presets:
        raise InputError(f"the preset must be one of {', '.join(presets)}, got {name!r}")
    return presets[name]
