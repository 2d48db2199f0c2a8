import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import resumable_run
from resumable_run import EPOCHS, STEPS_PER_EPOCH, Case, at_training_step

import minigrad
from minigrad.errors import DataError, DomainError, StateError
from minigrad.nn import Linear, mlp
from minigrad.optim import SGD, Adam, StepLR
from minigrad.training import Callback, EarlyStopping, Run, load_checkpoint, save_checkpoint


def numbers(history):
    return {name: history[name] for name in history if name != "seconds"}


def assert_same(first, second):
    """Bit for bit the same parameters, optimizer, schedule and early stopping."""
    for one, other in (
        (first.model, second.model),
        (first.optimizer, second.optimizer),
        (first.schedule, second.schedule),
        (first.stopping, second.stopping),
    ):
        one, other = one.state_dict(), other.state_dict()
        assert list(one) == list(other)
        for name in one:
            np.testing.assert_array_equal(one[name], other[name], err_msg=name, strict=True)
    for one, other in zip(first.model.modules(), second.model.modules(), strict=True):
        if hasattr(one, "rng"):
            assert one.rng.bit_generator.state == other.rng.bit_generator.state


def interrupt():
    raise KeyboardInterrupt


@pytest.fixture(scope="module")
def whole():
    case = Case()
    return case, case.fit()


@pytest.mark.parametrize("done", [0, 1, 6, EPOCHS - 1])
def test_resuming_after_an_interruption_changes_nothing(whole, tmp_path, done):
    path = tmp_path / "run.npz"
    loss = at_training_step(done * STEPS_PER_EPOCH + 3, interrupt)
    interrupted = Case().fit(loss, checkpoint=path)
    assert interrupted.interrupted
    assert interrupted.epochs == done
    case = Case()
    history = case.fit(checkpoint=path, resume=True)
    assert not history.interrupted
    assert numbers(history) == numbers(whole[1])
    assert_same(case, whole[0])


@pytest.mark.parametrize("make", [lambda p: Adam(p, lr=0.01), lambda p: SGD(p, lr=0.1)])
def test_resuming_with_other_optimizers(tmp_path, make):
    path = tmp_path / "run.npz"
    case = Case(optimizer=make)
    history = case.fit(epochs=6)
    Case(optimizer=make).fit(epochs=4, checkpoint=path)
    again = Case(optimizer=make)
    assert numbers(again.fit(epochs=6, resume=path)) == numbers(history)
    assert_same(again, case)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="SIGKILL is POSIX's")
@pytest.mark.parametrize(("step", "where", "finished"), [(35, "step", 4), (35, "write", 4)])
def test_resuming_after_a_kill_changes_nothing(whole, tmp_path, step, where, finished):
    path = tmp_path / "run.npz"
    root = Path(minigrad.__file__).parents[1]
    killed = subprocess.run(
        [sys.executable, resumable_run.__file__, path, str(step), where],
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    assert killed.returncode == -9
    before = Run(*case_parts(Case()))
    load_checkpoint(path, before)
    assert before.history.epochs == finished
    case = Case()
    history = case.fit(checkpoint=path, resume=True)
    assert numbers(history) == numbers(whole[1])
    assert_same(case, whole[0])


def case_parts(case):
    return case.model, case.optimizer, case.schedule, [case.stopping]


def test_a_checkpoint_saved_by_hand_after_an_interruption(whole, tmp_path):
    path = tmp_path / "run.npz"
    first = Case()
    interrupted = first.fit(at_training_step(1, interrupt))
    rng = np.random.default_rng(5)
    save_checkpoint(path, Run(*case_parts(Case()), rng=rng, history=interrupted))
    history = Case().fit(resume=path)
    assert not history.interrupted
    assert numbers(history) == numbers(whole[1])


def test_resuming_a_run_that_has_stopped_early_only_restores_it(tmp_path):
    path = tmp_path / "run.npz"
    case = Case(patience=2)
    history = case.fit(epochs=60, checkpoint=path)
    assert history.stopped_early
    assert history.epochs < 60
    again = Case(patience=2)
    resumed = again.fit(epochs=60, checkpoint=path, resume=True)
    assert resumed.stopped_early
    assert resumed.to_dict() == history.to_dict()
    assert_same(again, case)


def test_more_epochs_can_be_added_to_a_finished_run(whole, tmp_path):
    path = tmp_path / "run.npz"
    Case().fit(epochs=5, checkpoint=path)
    case = Case()
    history = case.fit(resume=path)
    assert numbers(history) == numbers(whole[1])
    assert_same(case, whole[0])


def test_hyperparameters_are_the_files(tmp_path):
    path = tmp_path / "run.npz"
    Case().fit(epochs=1, checkpoint=path)
    case = Case(optimizer=lambda p: SGD(p, lr=77.0, momentum=0.1))
    case.fit(epochs=2, resume=path)
    assert case.optimizer.momentum == 0.9
    assert case.schedule.base_lr == 0.2


def test_checkpoint_every(tmp_path):
    path = tmp_path / "run.npz"
    written = []

    class Look(Callback):
        def on_epoch_end(self, run):
            other = Run(*case_parts(Case()), history=run.history)
            load_checkpoint(path, other)
            written.append(other.history.epochs)

    case = Case()
    fit = minigrad.training.fit
    fit(
        case.model,
        minigrad.softmax_cross_entropy,
        case.optimizer,
        (resumable_run.x_train, resumable_run.y_train),
        (resumable_run.x_test, resumable_run.y_test),
        epochs=7,
        metrics=[minigrad.training.accuracy],
        callbacks=[case.stopping, Look()],
        schedule=case.schedule,
        progress=False,
        checkpoint=path,
        checkpoint_every=3,
    )
    assert written == [0, 0, 0, 3, 3, 3, 6]
    other = Run(*case_parts(Case()))
    load_checkpoint(path, other)
    assert other.history.epochs == 7


@pytest.mark.parametrize("bits", [np.random.MT19937, np.random.Philox, np.random.SFC64])
def test_every_kind_of_generator(tmp_path, bits):
    model = Linear(2, 1)
    run = Run(model, SGD(model.parameters(), lr=0.1), rng=np.random.Generator(bits(3)))
    run.rng.integers(0, 9, 5, dtype=np.int32)
    save_checkpoint(tmp_path / "run.npz", run)
    expected = run.rng.random(9)
    run.rng.random(100)
    load_checkpoint(tmp_path / "run.npz", run)
    np.testing.assert_array_equal(run.rng.random(9), expected)


def test_nothing_is_pickled(tmp_path):
    path = tmp_path / "run.npz"
    Case().fit(epochs=2, checkpoint=path)
    with np.load(path, allow_pickle=False) as archive:
        assert all(archive[name].dtype.kind in "biuf" for name in archive.files)


def small_run(**options):
    model = mlp([2, 3, 1], rng=0)
    return Run(model, SGD(model.parameters(), lr=0.1, momentum=0.5), **options)


def everything(run):
    return {
        **run.model.state_dict(),
        **run.optimizer.state_dict(),
        "rng": str(run.rng.bit_generator.state),
        "rows": str(run.history.rows),
    }


def saved_after_a_step(path):
    run = small_run()
    for parameter in run.optimizer.parameters:
        parameter.grad = np.ones_like(parameter.data)
    run.optimizer.step()
    run.history.append({"loss": 1.0})
    run.rng.random(3)
    save_checkpoint(path, run)
    return path


def refused(path, run):
    """The message of the refusal; the run must be as before."""
    before = everything(run)
    with pytest.raises(StateError) as caught:
        load_checkpoint(path, run)
    after = everything(run)
    assert before.keys() == after.keys()
    for name, value in before.items():
        np.testing.assert_array_equal(value, after[name])
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_a_missing_file(tmp_path):
    assert "No such file" in refused(tmp_path / "none.npz", small_run())


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_file(tmp_path, share):
    path = saved_after_a_step(tmp_path / "run.npz")
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    assert "truncated or damaged" in refused(path, small_run())


def test_damage_anywhere_is_found_or_harmless(tmp_path):
    path = saved_after_a_step(tmp_path / "run.npz")
    content = path.read_bytes()
    good = small_run()
    load_checkpoint(path, good)
    rng = np.random.default_rng(0)
    loaded = 0
    for _ in range(300):
        damaged = bytearray(content)
        damaged[rng.integers(len(content))] ^= 1 << rng.integers(8)
        path.write_bytes(damaged)
        run = small_run()
        before = everything(run)
        try:
            load_checkpoint(path, run)
        except StateError:
            expected = before
        else:
            expected = everything(good)
            loaded += 1
        for name, value in everything(run).items():
            np.testing.assert_array_equal(value, expected[name])
    # Dates and attributes in a zip file's directory do not matter.
    assert 0 < loaded < 150


def test_foreign_files(tmp_path):
    text = tmp_path / "text.npz"
    text.write_text("not at all")
    assert "no .npz file" in refused(text, small_run())
    np.save(tmp_path / "array.npy", np.ones(3))
    assert "no .npz file" in refused(tmp_path / "array.npy", small_run())
    np.savez(tmp_path / "other.npz", weights=np.ones(3))
    assert "other arrays (weights)" in refused(tmp_path / "other.npz", small_run())
    pickled = tmp_path / "pickled.npz"
    np.savez(pickled, header=np.array([{}], dtype=object))
    assert "no .npz file" in refused(pickled, small_run())
    minigrad.training.save_model(tmp_path / "model.npz", mlp([2, 3, 1]))
    assert "is a minigrad model, not" in refused(tmp_path / "model.npz", small_run())


def test_a_checkpoint_of_another_model_lists_what_differs(tmp_path):
    path = saved_after_a_step(tmp_path / "run.npz")
    model = mlp([2, 4, 2, 1], dtype=np.float32)
    message = refused(path, Run(model, Adam(model.parameters()), schedule_for(model)))
    for expected in (
        "optimizer: SGD in the file, Adam in this run",
        "schedule: None in the file, StepLR in this run",
        "parameter 0.weight: (2, 3) float64 in the file, (2, 4) float32 in this model",
        "parameter 4.weight: none in the file, (2, 1) float32 in this model",
    ):
        assert expected in message


def schedule_for(model):
    return StepLR(SGD(model.parameters(), lr=1.0), 3)


def test_another_dtype_or_generator_is_refused(tmp_path):
    path = saved_after_a_step(tmp_path / "run.npz")
    model = mlp([2, 3, 1], dtype=np.float32)
    assert "float64 in the file" in refused(path, Run(model, SGD(model.parameters(), lr=0.1)))
    other = small_run(rng=np.random.Generator(np.random.MT19937(0)))
    assert "'shuffling': 'PCG64'" in refused(path, other)
    assert "model.2.rng" in refused(path, with_dropout())


def with_dropout():
    model = mlp([2, 3, 1], dropout=0.5)
    return Run(model, SGD(model.parameters(), lr=0.1))


def test_nothing_is_half_loaded_when_a_late_part_fails(tmp_path):
    class Picky(Callback):
        def state_dict(self):
            return {"something": 1}

        def load_state_dict(self, state):
            if state["something"] is not self.state_dict()["something"]:
                raise StateError("Picky: not mine")

    path = tmp_path / "run.npz"
    run = small_run(callbacks=[Picky()])
    run.history.append({"loss": 1.0})
    save_checkpoint(path, run)
    other = small_run(callbacks=[Picky()])
    other.model[0].weight.data += 1
    other.history.append({"loss": 2.0})
    assert "Picky: not mine" in refused(path, other)


def test_other_columns_are_refused(tmp_path):
    path = tmp_path / "run.npz"
    Case().fit(epochs=1, checkpoint=path)
    case = Case()
    case.stopping = EarlyStopping("loss", patience=3)
    with pytest.raises(StateError, match=r"columns: .*validation_accuracy.* in the file"):
        minigrad.training.fit(
            case.model,
            minigrad.softmax_cross_entropy,
            case.optimizer,
            (resumable_run.x_train, resumable_run.y_train),
            epochs=2,
            callbacks=[case.stopping],
            schedule=case.schedule,
            progress=False,
            resume=path,
        )


def test_resume_needs_a_file(tmp_path):
    with pytest.raises(DomainError, match=r"resume=True needs checkpoint="):
        Case().fit(resume=True)
    with pytest.raises(StateError, match=r"No such file"):
        Case().fit(resume=True, checkpoint=tmp_path / "none.npz")


def test_a_path_that_cannot_be_written_is_known_before_the_first_step(tmp_path):
    case = Case()
    before = case.model.state_dict()
    with pytest.raises(DataError, match=r"save_checkpoint: cannot write"):
        case.fit(checkpoint=tmp_path / "no" / "folder" / "run.npz")
    for name, value in case.model.state_dict().items():
        np.testing.assert_array_equal(value, before[name])


def test_ctrl_c_within_an_entry_of_the_archive_is_ctrl_c(tmp_path, monkeypatch):
    """zipfile then raises an error of its own, because it cannot close the archive."""

    def interrupted(file, **arrays):
        try:
            raise KeyboardInterrupt
        finally:
            raise ValueError("Can't close the ZIP file while there is an open writing handle on it")

    monkeypatch.setattr(np, "savez", interrupted)
    model = mlp([2, 3], rng=0)
    with pytest.raises(KeyboardInterrupt):
        save_checkpoint(tmp_path / "run.npz", Run(model, SGD(model.parameters(), lr=0.1)))
    assert list(tmp_path.iterdir()) == []
