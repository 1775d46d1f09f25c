"""Networks that a test can build: one linear layer per head."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mememoji.classification.face_classifier import HEADS
from mememoji.classification.model_card import ModelCard
from mememoji.model_files import card_path, compute_sha256

MakeWeights = Callable[..., Path]


@pytest.fixture
def make_weights(tmp_path: Path) -> MakeWeights:
    """Write a network and its card.

    `classes` are the heads of the network, `batch` is its first dimension, `scale` is a factor of its weights. Other
    keywords replace fields of the card, which otherwise matches the network.
    """

    def make(
        *, classes: dict[str, tuple[str, ...]] = HEADS, batch: str | int = "N", scale: float = 1.0, **card: Any
    ) -> Path:
        from onnx import TensorProto, helper, numpy_helper, save

        rng = np.random.default_rng(11)
        layers = [
            numpy_helper.from_array(
                (scale * rng.normal(0, 0.02, (len(names), 48 * 48))).astype(np.float32), f"{head}_layer"
            )
            for head, names in classes.items()
        ]
        graph = helper.make_graph(
            [helper.make_node("Flatten", ["crops"], ["flat"])]
            + [helper.make_node("Gemm", ["flat", f"{head}_layer"], [head], transB=1) for head in classes],
            "linear",
            [helper.make_tensor_value_info("crops", TensorProto.FLOAT, [batch, 1, 48, 48])],
            [helper.make_tensor_value_info(h, TensorProto.FLOAT, [batch, len(names)]) for h, names in classes.items()],
            layers,
        )
        weights = tmp_path / "linear.onnx"
        save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), str(weights))
        card_of_network = ModelCard(
            name="linear 1",
            network="linear",
            num_parameters=sum(len(names) for names in classes.values()) * 48 * 48,
            sha256=compute_sha256(weights),
            input_size=48,
            mean=128.0,
            std=64.0,
            outputs=classes,
            trained_on="nothing",
            license="MIT",
        )
        replace(card_of_network, **card).write(card_path(weights))
        return weights

    return make
