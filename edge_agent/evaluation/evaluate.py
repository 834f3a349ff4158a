"""Redacts labelled pictures in memory and judges the result. Writes nothing."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from edge_agent.errors import RedactionUnavailable
from edge_agent.evaluation.labels import LabelKind, LabelledClip, Labels, Object
from edge_agent.evaluation.metrics import Figures
from edge_agent.evaluation.score import LabelScore, Mask, judge, over_cover, painted
from edge_agent.frames import Redact, Redacted
from edge_agent.redact_files.errors import NotRedacted, RedactRefused
from edge_agent.redact_files.file_policy import Fresh
from edge_agent.redact_files.file_redactor import Image, Step, pixels, read_picture, redact_image
from edge_agent.redact_files.video_file import Movie
from engines.detection.postprocess import Box as Rect

Witness: TypeAlias = Callable[[Image, Sequence[Rect], Mask], None]
"""Gets each published picture with labelled faces, those faces, and the mask of its paint."""


def evaluate(folder: Path, labels: Labels, fresh: Fresh, step: Step, witness: Witness | None = None) -> Figures:
    """Redact and judge every labelled picture, by a redactor without state, and every clip, by one that keeps it.

    Raises:
        RedactRefused: a labelled file is missing or no picture: figures over a part of the set would mislead.
    """
    run = _Run(witness)
    for picture in labels.pictures:
        try:
            image = read_picture(folder / picture.file)
        except NotRedacted as error:
            raise _missing(folder, picture.file, error) from error
        redacted = run.redacted(fresh(), 0, 0, image, picture.file)
        if redacted is not None:
            verdicts = run.judged(redacted, picture.objects)
            run.figures.add_picture(verdicts, image.shape[0])
        step()
    for clip in labels.clips:
        try:
            _clip(run, folder / clip.file, clip, fresh(), step)
        except NotRedacted as error:
            raise _missing(folder, clip.file, error) from error
    return run.figures


def _clip(run: "_Run", file: Path, clip: LabelledClip, redactor: Redact, step: Step) -> None:
    wanted = {frame.number: frame.objects for frame in clip.frames}
    with Movie(file) as movie:
        for shot in movie.shots():
            if shot.image is None:
                continue
            name = f"{clip.file}, frame {shot.number}" if shot.number in wanted else None
            redacted = run.redacted(redactor, shot.number, shot.at_ms, shot.image, name)
            if shot.number in wanted:
                if redacted is not None:
                    run.figures.add_frame(clip.file, run.judged(redacted, wanted.pop(shot.number), is_clip=True))
                else:
                    wanted.pop(shot.number)
                step()
    if wanted:
        raise NotRedacted(f"has no frame {min(wanted)} that decodes, though it is labelled")


def _missing(folder: Path, file: str, error: NotRedacted) -> RedactRefused:
    return RedactRefused(f"{folder / file}: {error}; the labels name it, so there are no figures without it")


class _Run:
    def __init__(self, witness: Witness | None) -> None:
        self.figures = Figures()
        self._witness = witness

    def redacted(self, redactor: Redact, number: int, at_ms: int, image: Image, name: str | None) -> Redacted | None:
        """Redact a frame, and count it by its name; one without is not counted.

        Returns:
            None if the picture is withheld, which leaks nothing.
        """
        self.figures.pictures += name is not None
        try:
            redacted = redact_image(redactor, number, at_ms, image)
        except (RedactionUnavailable, NotRedacted) as error:
            if name is not None:
                self.figures.withheld[str(error)].append(name)
            return None
        self.figures.models |= redacted.snapshot.redaction.models
        return redacted

    def judged(self, redacted: Redacted, objects: Sequence[Object], *, is_clip: bool = False) -> list[LabelScore]:
        """Judge every object. Over-cover and witness are for pictures: a clip's labels name only what is followed."""
        image, regions = pixels(redacted), redacted.snapshot.redaction.regions
        mask = painted(image, regions)
        if is_clip:
            return judge(objects, mask, regions)
        (self.figures.over if objects else self.figures.over_empty).append(over_cover(objects, mask))
        faces = [Rect(*one.box) for one in objects if one.kind is LabelKind.FACE]
        if faces and self._witness is not None:
            self._witness(image, faces, mask)
        return judge(objects, mask, regions)
