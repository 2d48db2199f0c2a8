"""A checkpoint's own account of its settings, so that no run goes on under different ones."""

import json
from typing import Any

from minigrad.cli.problem import Problem
from minigrad.cli.settings import Settings
from minigrad.errors import StateError
from minigrad.training.archive import read_archive
from minigrad.training.run import Callback

__all__ = ["SettingsRecord"]


class SettingsRecord(Callback):
    """Has every checkpoint hold the settings; the first of a run's callbacks."""

    def __init__(self, settings: Settings, problem: Problem) -> None:
        self.settings = {**settings.by_option(), "data": f"checksum {problem.checksum}"}

    def state_dict(self) -> dict[str, Any]:
        return {"settings": json.dumps(self.settings)}

    def finished_epochs(self, path: str) -> int:
        """How many epochs the checkpoint has behind it, once its settings are known to be these.

        Raises
        ------
        StateError
            If it is no checkpoint of ``minigrad train``, or its settings differ; the message says
            which. More epochs are no difference.
        """
        metadata, groups = read_archive("train", path, "checkpoint")
        try:
            saved = json.loads(str(groups["callback0"]["settings"]))
            done = len(metadata["history"]["columns"]["epoch"])
        except (KeyError, ValueError) as error:
            raise StateError(f"'{path}' is no checkpoint of 'minigrad train'") from error
        differences = [
            f"{name} {found} there, {self.settings.get(name)} here"
            for name, found in saved.items()
            if found != self.settings.get(name) and name != "--epochs"
        ]
        if differences:
            raise StateError(
                f"cannot resume from '{path}', a run with other settings: {'; '.join(differences)}"
            )
        if done > int(self.settings["--epochs"]):
            raise StateError(
                f"cannot resume from '{path}': it has {done} epochs behind it, more than --epochs "
                f"{self.settings['--epochs']}"
            )
        return done
