"""Distillation: teachers, their ensemble, and a student that is distilled from them, in one resumable call."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from mememoji.classification.ensemble import Ensemble
from mememoji.classification.model_card import ModelCard
from mememoji.classification.onnx_classifier import OnnxClassifier
from mememoji.conversion.convert_weights import convert
from mememoji.conversion.evaluate_weights import calibrate_weights
from mememoji.conversion.quantization import sample_calibration_crops
from mememoji.datasets.splits import read_split
from mememoji.evaluation.classification.report_writer import write_split_report
from mememoji.evaluation.classification.split_report import SplitReport, evaluate
from mememoji.model_files import card_path
from mememoji.training.classifier.batch_sampler import MixedFaceSet
from mememoji.training.classifier.classifier_config import ClassifierTrainConfig
from mememoji.training.classifier.classifier_pipeline import WEIGHTS_FILE, ClassifierPipeline
from mememoji.training.common.device import Device, choose_device
from mememoji.version import __version__

NUM_CACHED_VIEWS: Final = 32
"""Default number of augmented views per image for which the teachers' outputs are cached."""

STUDENT_WEIGHTS: Final = "compact.onnx"
_SCORES: Final = {
    "accuracy, 7": "accuracy_7",
    "with TTA": "accuracy_7_tta",
    "calibration error, labels": "calibration_error_labels",
    "votes": "calibration_error_votes",
}


@dataclass(frozen=True, kw_only=True)
class Distillation:
    """Teachers and a student, with everything that their trainings take.

    The folder `out` gets teachers/NAME, ensemble/, student/ and, with a baseline, baseline/ with their reports,
    compact.onnx with its card, and summary.md.

    Attributes:
        teachers: Configurations of the teachers, by name.
        student: The student's configuration.
        data: A folder that `mememoji data prepare` wrote.
        out: The folder for all results.
        num_cached_views: Number of augmented views per image for which the teachers' outputs are cached; 0 runs the
            teachers on a new view in each epoch.
        teachers_from: Run folders and weights files from which the teachers are distilled themselves (Furlanello et al.
            2018, "Born-Again Neural Networks").
        face_sets: Face sets that fill a fraction of each batch of all trainings.
        negatives: A file of `mememoji data crops` on which the student's non-face output is fitted.
        baseline: Whether to train the student without teachers too, for comparison.
        device: Device and precision.
        compile_model: Whether to fuse the networks with torch.compile.
        log: Called with a line of text at the start of each stage.
    """

    teachers: Mapping[str, ClassifierTrainConfig]
    student: ClassifierTrainConfig
    data: Path
    out: Path
    num_cached_views: int = NUM_CACHED_VIEWS
    teachers_from: Sequence[Path] = ()
    face_sets: Sequence[MixedFaceSet] = ()
    negatives: Path | None = None
    baseline: bool = False
    device: Device = field(default_factory=choose_device)
    compile_model: bool = False
    log: Callable[[str], object] = lambda _: None

    def run(self) -> dict[str, SplitReport]:
        """Train all networks, evaluate them and the ensemble, and convert the student to int8.

        Finished trainings are kept, and others resumed from their last checkpoint.

        Returns:
            The reports on val by name: the teachers', "baseline", "ensemble", "student" and "student, int8".
        """
        *first, student = self._make_pipelines()
        reports = {pipeline.name: self._run_or_reevaluate(pipeline) for pipeline in first}
        reports["ensemble"] = self._evaluate_ensemble()
        reports["student"] = self._run_or_reevaluate(student)
        reports["student, int8"] = self._convert_student()
        (self.out / "summary.md").write_text(render_summary(reports), encoding="utf-8")
        return reports

    def train(self) -> None:
        """Train without exporting, on a GPU for example; a later `run` exports and evaluates, which takes a CPU."""
        for pipeline in self._make_pipelines():
            pipeline.train(resume=pipeline.has_started)

    def _make_pipelines(self) -> list[ClassifierPipeline]:
        """Return the pipelines of the teachers, of the baseline if there is one, and of the student."""
        cached_views = self.num_cached_views if self.teachers_from else None
        pipelines = [
            self._make_pipeline(
                name,
                config.with_changes(num_cached_views=cached_views),
                run,
                teachers=tuple(self.teachers_from),
            )
            for (name, config), run in zip(self.teachers.items(), self._list_teacher_runs(), strict=True)
        ]
        if self.baseline:
            pipelines.append(self._make_pipeline("baseline", self.student, self.out / "baseline"))
        student = self.student.with_changes(num_cached_views=self.num_cached_views)
        pipelines.append(
            self._make_pipeline(
                "student", student, self.out / "student", teachers=self._list_teacher_runs(), negatives=self.negatives
            )
        )
        return pipelines

    def _make_pipeline(
        self,
        name: str,
        config: ClassifierTrainConfig,
        out: Path,
        *,
        teachers: Sequence[Path] = (),
        negatives: Path | None = None,
    ) -> ClassifierPipeline:
        return ClassifierPipeline(
            config=config,
            data=self.data,
            out=out,
            name=name,
            device=self.device,
            teachers=teachers,
            face_sets=self.face_sets,
            negatives=negatives,
            compile_model=self.compile_model,
            log=self.log,
        )

    def _list_teacher_runs(self) -> list[Path]:
        return [self.out / "teachers" / name for name in self.teachers]

    def _run_or_reevaluate(self, pipeline: ClassifierPipeline) -> SplitReport:
        if pipeline.is_finished:
            self.log(f"{pipeline.name}: already finished")
            return pipeline.reevaluate()
        return pipeline.run(resume=pipeline.has_started).report

    def _evaluate_ensemble(self) -> SplitReport:
        members = [OnnxClassifier(run / WEIGHTS_FILE) for run in self._list_teacher_runs()]
        evaluation = evaluate(Ensemble(members), self.data / "val.parquet", progress=True)
        write_split_report(evaluation, self.out / "ensemble", show_faces=False)
        return evaluation.report

    def _convert_student(self) -> SplitReport:
        weights = self.out / STUDENT_WEIGHTS
        images = read_split(self.data / "train.parquet").images
        convert(self.out / "student" / WEIGHTS_FILE, weights, "int8", sample_calibration_crops(images))
        card = ModelCard.read(card_path(weights))
        dataclasses.replace(card, name=f"{weights.stem}-{__version__}").write(card_path(weights))
        evaluation, _ = calibrate_weights(weights, self.data / "val.parquet", weights, progress=True)
        return evaluation.report


def render_summary(reports: Mapping[str, SplitReport]) -> str:
    """Render reports as a Markdown table, one row each."""
    lines = ["| on val, in percent | parameters | " + " | ".join(_SCORES) + " | variation | cosine |"]
    lines.append("|---" * (len(_SCORES) + 4) + "|")
    for name, report in reports.items():
        scores = report.to_card_scores()
        percentages = " | ".join(f"{100 * scores[key]:.1f}" if key in scores else "–" for key in _SCORES.values())
        agreements = [scores.get(f"composition_{key}") for key in ("total_variation", "cosine")]
        agreement = " | ".join("–" if value is None else f"{value:.3f}" for value in agreements)
        lines.append(f"| {name} | {report.weights['num_parameters']:,} | {percentages} | {agreement} |")
    return "\n".join(lines) + "\n"
