import copy
import pickle

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import DTypeError, StateError
from minigrad.nn import Dropout, Linear, Module, Sequential, Sigmoid, mlp


def leaf(*shape):
    return mg.Tensor(np.ones(shape), requires_grad=True)


def names(module):
    return [name for name, _ in module.named_parameters()]


def own_names(module):
    return [tensor.name for tensor in module.parameters()]


class Encoder(Module):
    def __init__(self):
        self.encoder = Sequential(Linear(3, 4, rng=0), Sigmoid())
        self.scale = leaf()

    def forward(self, x):
        return self.encoder(x) * self.scale


class Holder(Module):
    """Whatever a test puts into it."""


def test_every_tensor_and_module_attribute_counts_own_parameters_first():
    model = Encoder()
    assert names(model) == ["scale", "encoder.0.weight", "encoder.0.bias"]
    assert [name for name, _ in model.named_modules()] == ["", "encoder", "encoder.0", "encoder.1"]
    assert model.children() == [model.encoder]
    assert model.modules() == [model, model.encoder, model.encoder[0], model.encoder[1]]
    assert model.num_parameters() == 3 * 4 + 4 + 1


def test_lists_tuples_and_dicts_count_however_nested():
    model = Holder()
    model.layers = [Linear(2, 2), Linear(2, 2, bias=False)]
    model.gains = (leaf(2), leaf(3))
    model.heads = {"left": Linear(2, 1, bias=False), "deep": [{"w": leaf(5)}]}
    assert names(model) == [
        "gains.0",
        "gains.1",
        "heads.deep.0.w",
        "layers.0.weight",
        "layers.0.bias",
        "layers.1.weight",
        "heads.left.weight",
    ]
    assert own_names(model) == names(model)


def test_what_is_appended_to_a_list_later_counts_too_and_is_named():
    model = Holder()
    model.layers = []
    model.layers.append(Linear(2, 2, bias=False))
    model.layers.append(leaf(2))
    assert names(model) == ["layers.1", "layers.0.weight"]
    assert own_names(model) == ["layers.1", "layers.0.weight"]


def test_reassigned_and_deleted_attributes_do_not_linger():
    model = Holder()
    model.a = leaf(1)
    model.b = leaf(2)
    model.a = None
    del model.b
    assert model.parameters() == []


def test_reading_an_attribute_is_a_plain_dict_lookup():
    model = Encoder()
    assert vars(model)["scale"] is model.scale
    assert not hasattr(Module, "__getattr__")
    assert Module.__getattribute__ is object.__getattribute__


def test_names_follow_a_module_into_another():
    layer = Linear(3, 4)
    assert own_names(layer) == ["weight", "bias"]
    stack = Sequential(layer)
    assert own_names(stack) == ["0.weight", "0.bias"]
    model = Holder()
    model.encoder = stack
    assert own_names(stack) == ["encoder.0.weight", "encoder.0.bias"]
    assert repr(layer.weight) == "Tensor(3, 4) float64 'encoder.0.weight' requires_grad"


def test_asking_a_part_does_not_shorten_names():
    model = Encoder()
    assert names(model.encoder[0]) == ["weight", "bias"]
    model.encoder[0].extra = leaf(1)
    assert own_names(model) == names(model)
    assert model.encoder[0].weight.name == "encoder.0.weight"


def test_a_module_moved_elsewhere_is_renamed():
    model, other = Encoder(), Holder()
    other.head = model.encoder[0]
    assert own_names(other) == ["head.weight", "head.bias"]


def test_a_name_given_by_hand_gives_way_to_the_path():
    model = Holder()
    model.shift = mg.Tensor([0.0], name="mu")
    assert model.shift.name == "shift"


def test_shared_parameters_appear_once_under_their_first_name():
    model = Holder()
    model.first = Linear(3, 3)
    model.second = Linear(3, 3)
    model.second.weight = model.first.weight
    assert names(model) == ["first.weight", "first.bias", "second.bias"]
    assert own_names(model) == names(model)
    assert list(model.state_dict()) == names(model)
    assert model.num_parameters() == 9 + 3 + 3
    copied = copy.deepcopy(model)
    assert copied.second.weight is copied.first.weight


def test_a_shared_module_appears_once():
    layer = Linear(3, 3)
    model = Sequential(layer, Sigmoid(), layer)
    assert names(model) == ["0.weight", "0.bias"]
    assert own_names(model) == ["0.weight", "0.bias"]


def test_a_module_that_knows_its_parent_is_no_endless_loop():
    model = Encoder()
    model.encoder.parent = model
    assert len(model.parameters()) == 3
    assert "..." in repr(model)


def test_results_of_ops_are_not_parameters_and_copies_hold_their_values():
    model = Encoder()
    model.hidden = model(np.ones((2, 3)))
    model.trace = [model.hidden, leaf(1)]
    model.by_name = {"h": model.hidden}
    assert names(model) == ["scale", "trace.1", "encoder.0.weight", "encoder.0.bias"]
    copied = copy.deepcopy(model)
    assert names(copied) == names(model)
    assert type(copied.hidden) is np.ndarray
    np.testing.assert_array_equal(copied.hidden, model.hidden.data)
    assert type(copied.by_name["h"]) is np.ndarray


def test_subclass_needs_no_super_init_and_may_have_one():
    class Careful(Module):
        def __init__(self):
            super().__init__()
            self.w = leaf(2)

    assert names(Careful()) == ["w"]
    assert Careful().training


def test_forward_missing():
    with pytest.raises(NotImplementedError, match=r"Holder needs a method forward\(self, x\)"):
        Holder()(1.0)


def test_call_passes_its_inputs_to_forward():
    class Scale(Module):
        def forward(self, x, y, factor=1.0):
            return (x + y) * factor

    assert Scale()(1.0, 2.0) == 3.0
    assert Scale()(1.0, 2.0, 3.0) == 9.0


@pytest.mark.parametrize("name", ["modules", "children", "parameters", "train", "forward"])
def test_an_attribute_must_not_hide_a_method(name):
    with pytest.raises(AttributeError, match=rf"Holder\.{name} would hide the method"):
        setattr(Holder(), name, [Linear(2, 2)])


def test_train_and_eval_reach_every_module_and_return_self():
    model = Encoder()
    model.drops = [Dropout(0.5)]
    assert model.eval() is model
    assert [m.training for m in model.modules()] == [False] * 5
    assert model.train() is model
    assert all(m.training for m in model.modules())
    with pytest.raises(DTypeError, match=r"Encoder\.train: mode is ndarray, it must be a bool"):
        model.train(np.ones(3))


def test_zero_grad():
    model = Encoder()
    model(np.ones((2, 3))).sum().backward()
    assert all(p.grad is not None for p in model.parameters())
    model.zero_grad()
    assert all(p.grad is None for p in model.parameters())


def test_state_dict_round_trip_copies_both_ways():
    model = Encoder()
    before = model.state_dict()
    assert {name: a.shape for name, a in before.items()} == {
        "scale": (),
        "encoder.0.weight": (3, 4),
        "encoder.0.bias": (4,),
    }
    assert not np.shares_memory(before["encoder.0.weight"], model.encoder[0].weight.data)
    array = model.encoder[0].weight.data
    array[...] = 7.0
    assert before["encoder.0.weight"].max() < 1.0
    model.load_state_dict(before)
    assert model.encoder[0].weight.data is array
    np.testing.assert_array_equal(array, before["encoder.0.weight"])
    assert not np.shares_memory(array, before["encoder.0.weight"])


def test_loading_keeps_the_models_dtype():
    source, target = mlp([3, 2], rng=0), mlp([3, 2], rng=1, dtype=np.float32)
    target.load_state_dict(source.state_dict())
    assert target[0].weight.dtype == np.float32
    np.testing.assert_array_equal(target[0].weight.data, source[0].weight.data.astype(np.float32))


def test_loading_invalidates_graphs_of_the_old_values():
    model = Encoder()
    loss = model(np.ones((2, 3))).sum()
    model.load_state_dict(model.state_dict())
    with pytest.raises(mg.errors.GraphError, match="has changed since"):
        loss.backward()


def test_state_errors_are_listed_all_at_once_and_nothing_is_loaded():
    model = Encoder()
    before = model.state_dict()
    state = {
        "scale": np.ones(()) * 5,
        "encoder.0.weight": np.zeros((4, 3)),
        "encoder.1.weight": np.zeros(2),
        "extra": 0,
    }
    with pytest.raises(StateError) as caught:
        model.load_state_dict(state)
    assert str(caught.value).splitlines() == [
        "Encoder.load_state_dict: the state does not fit the model, and nothing was loaded:",
        "  encoder.0.weight: shape (4, 3), the model's is (3, 4)",
        "  encoder.0.bias: missing",
        "  encoder.1.weight: unexpected",
        "  extra: unexpected",
    ]
    for name, array in model.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


def test_not_strict_passes_over_names_but_not_over_shapes():
    model = Encoder()
    model.load_state_dict({"scale": 5.0, "other": 1.0}, strict=False)
    assert model.scale.item() == 5.0
    with pytest.raises(StateError, match=r"scale: shape \(1,\), the model's is \(\)"):
        model.load_state_dict({"scale": np.ones(1)}, strict=False)


def test_not_strict_with_no_name_in_common_loads_nothing_and_says_so():
    with pytest.raises(StateError, match=r"scale: missing(?s:.*)net\.scale: unexpected"):
        Encoder().load_state_dict({"net.scale": 5.0}, strict=False)


@pytest.mark.parametrize("value", [1j, "one", None])
def test_values_that_do_not_fit_the_dtype_are_refused(value):
    model = Holder()
    model.scale = leaf()
    with pytest.raises(StateError, match=r"scale: dtype .*, the model's is float64"):
        model.load_state_dict({"scale": value})


def test_read_only_array_is_found_before_anything_is_loaded():
    model = Holder()
    model.a = leaf()
    model.b = mg.Tensor(np.frombuffer(np.ones(2).tobytes()))
    with pytest.raises(StateError, match="b: the model's array is read-only"):
        model.load_state_dict({"a": 2.0, "b": [1.0, 2.0]})
    assert model.a.item() == 1.0


def test_state_that_is_no_dict():
    with pytest.raises(DTypeError, match="state is str; it must be a dict of arrays"):
        Encoder().load_state_dict("model.npz")


@pytest.mark.parametrize("copier", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies_share_no_memory_and_compute_the_same(copier):
    model = mlp([3, 5, 2], dropout=0.5, rng=0).eval()
    model(np.ones((2, 3))).sum().backward()
    copied = copier(model)
    x = np.linspace(-1, 1, 6).reshape(2, 3)
    np.testing.assert_array_equal(copied(x).data, model(x).data)
    assert own_names(copied) == own_names(model)
    assert not copied.training
    for ours, theirs in zip(model.parameters(), copied.parameters(), strict=True):
        assert ours is not theirs
        assert theirs.requires_grad
        assert not np.shares_memory(ours.data, theirs.data)
    np.testing.assert_array_equal(copied.train()[2](np.ones(100)), model.train()[2](np.ones(100)))


def test_repr_is_nested_with_the_names_of_the_children():
    model = Encoder()
    model.heads = [Linear(4, 1, bias=False)]
    assert repr(model).splitlines() == [
        "Encoder(",
        "  (encoder): Sequential(",
        "    (0): Linear(3, 4)",
        "    (1): Sigmoid()",
        "  )",
        "  (heads.0): Linear(4, 1, bias=False)",
        ")",
    ]


@pytest.mark.parametrize("value", [np.ones((3, 4)), 1.0, np.float64(1.0)])
def test_a_plain_value_in_place_of_a_parameter_is_refused(value):
    layer = Linear(3, 4, rng=0)
    before = layer.weight
    with pytest.raises(
        DTypeError, match=r"Linear\.weight is a parameter, .* weight\.data\[\.\.\.\]"
    ):
        layer.weight = value
    assert layer.weight is before
    layer.weight = mg.Tensor(np.ones((3, 4)), requires_grad=True)
    layer.bias = None
    assert names(layer) == ["weight"]


def test_constants_and_results_may_become_plain_values():
    model = Holder()
    model.frozen = mg.Tensor(np.ones(2))
    model.seen = leaf(2) * 2
    model.frozen = np.zeros(2)
    model.seen = 3.0
    assert (model.frozen.tolist(), model.seen, names(model)) == ([0.0, 0.0], 3.0, [])
