"""The replay page in a real browser: it loads, every step can be reached, its numbers are right."""

import re
import shutil

import numpy as np
import pytest
from replay_cases import CASES, HOSTILE, failing, network, not_finite, reused, small_network

import minigrad as mg

playwright = pytest.importorskip("playwright.sync_api", reason="needs the extra 'browser'")
CHROMIUM = shutil.which("chromium")
if CHROMIUM is None:
    pytest.skip("needs the browser chromium", allow_module_level=True)

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser, tmp_path):
    """Open a replay; whatever it prints, raises or requests is a failure in the end."""
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    page = context.new_page()
    complaints = []
    page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    path = tmp_path / "backprop.html"
    requests = []
    page.on("request", lambda request: requests.append(request.url))

    def opened(loss, **options):
        mg.replay(loss, **options).save(path)
        page.goto(path.as_uri())
        return page

    yield opened
    context.close()
    assert complaints == []
    assert [url for url in requests if url not in (path.as_uri(), "data:,")] == []


def heading(page):
    return page.locator("#step h2").inner_text()


def read(text):
    return float(text.replace("−", "-"))


def displayed(value):
    """What the page shows of a number in a table: three digits."""
    return pytest.approx(float(value), rel=0.006, nan_ok=True)


@pytest.mark.parametrize("name", CASES)
def test_every_step_by_key_with_the_numbers_of_the_steps(name, open_page):
    loss = CASES[name]()
    page = open_page(loss)
    with np.errstate(all="ignore"):
        for step in mg.steps(loss):
            assert heading(page) == f"Step {step.number} of {step.total}: {step.op}"
            assert_table_shows(page.locator('[data-array="dL/dout"]'), step.grad_out)
            assert_table_shows(page.locator('[data-array="out"]'), step.out)
            for flow, card in zip(step.flows, page.locator(".flow").all(), strict=True):
                assert card.locator(".formula").all_inner_texts() == flow.formula.split("; ")
                assert_table_shows(card.locator(".array"), flow.contribution)
            page.keyboard.press("ArrowRight")
    assert heading(page) == f"All {step.total} steps made"
    for number in range(step.total, max(step.total - 3, 0), -1):
        page.keyboard.press("ArrowLeft")
        assert heading(page).startswith(f"Step {number} of ")


def assert_table_shows(figure, array):
    """The table shows entries of the array at their places, or says that there are none."""
    array = np.asarray(array)
    cells = figure.locator("td[data-index]").all()
    assert len(cells) >= min(array.size, 6)
    texts = figure.locator("td[data-index]").all_inner_texts()
    places = figure.locator("td[data-index]").evaluate_all("all => all.map(x => x.dataset.index)")
    for place, text in zip(places, texts, strict=True):
        index = tuple(map(int, place.split(","))) if place else ()
        assert read(text) == displayed(array[index])


def test_every_step_by_click_on_its_node(open_page):
    loss = reused()
    page = open_page(loss)
    for step in mg.steps(loss):
        box = page.evaluate(f"data.tensors.find((tensor) => tensor.step === {step.number}).box")
        page.locator(f"#graph-n{box}").click()
        assert heading(page) == f"Step {step.number} of {step.total}: {step.op}"
        assert page.locator(".node.current").get_attribute("data-node") == str(box)
    box = page.evaluate("data.tensors.find((tensor) => tensor.step === null).box")
    page.locator(f"#graph-n{box}").click()
    assert heading(page) == "All 7 steps made"
    assert page.evaluate("document.activeElement.id") == f"leaf-{box}"


def test_a_pass_that_fails_ends_at_the_step_that_does(open_page):
    page = open_page(failing())
    page.get_by_role("button", name="Last ▶|").click()
    assert heading(page) == "Step 2 of 3: Broken"
    assert "the pass ends here: Broken.grad_x raises" in page.locator("#step .warning").inner_text()
    assert page.locator('[data-array="dL/dout"] td[data-index]').all_inner_texts() == ["1", "1"]
    assert page.get_by_role("button", name="Next ▶").is_disabled()
    assert page.locator(".node .progress").all_text_contents().count("no gradient yet") == 2
    assert page.locator(".edge.flowing").count() == 0
    page.keyboard.press("b")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("c")
    assert heading(page) == "Step 2 of 3: Broken"


def test_a_node_is_reached_by_keyboard_too(open_page):
    page = open_page(small_network())
    node = page.locator('.node[role="button"]', has_text="Sigmoid")
    node.focus()
    page.keyboard.press("Enter")
    assert heading(page) == "Step 3 of 4: Sigmoid"
    assert node.get_attribute("aria-current") == "step"


def test_buttons_slider_and_keys_agree(open_page):
    page = open_page(small_network())
    page.get_by_role("button", name="Next ▶").click()
    assert heading(page).startswith("Step 2 of 4")
    page.get_by_role("button", name="Last").click()
    assert heading(page) == "All 4 steps made"
    assert page.get_by_role("button", name="Last").is_disabled()
    page.get_by_role("button", name="Back").click()
    assert heading(page).startswith("Step 4 of 4")
    page.get_by_role("button", name="First").click()
    slider = page.get_by_role("slider", name="Step")
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert heading(page).startswith("Step 2 of 4")
    assert slider.get_attribute("aria-valuetext") == "step 2 of 4, Linear"
    page.locator("h1").click()
    page.keyboard.press("End")
    assert heading(page) == "All 4 steps made"
    page.keyboard.press("Home")
    assert heading(page).startswith("Step 1 of 4")
    assert page.get_by_role("status").inner_text().startswith("Step 1 of 4: Tensor() float64")


def test_play_walks_on_and_stops_at_a_breakpoint(open_page):
    page = open_page(small_network())
    page.clock.install()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("b")
    assert page.get_by_role("button", name="● Breakpoint").get_attribute("aria-pressed") == "true"
    page.keyboard.press("Home")
    page.keyboard.press(" ")
    page.clock.run_for(10_000)
    assert heading(page) == "Step 3 of 4: Sigmoid"
    assert page.locator("#play").inner_text() == "▶ Play"
    page.keyboard.press("Home")
    page.get_by_role("button", name="Next breakpoint").click()
    assert heading(page) == "Step 3 of 4: Sigmoid"
    page.keyboard.press("b")
    assert page.get_by_role("button", name="Next breakpoint").is_disabled()


def test_choosing_an_entry_shows_how_it_was_computed(open_page):
    loss = small_network()
    page = open_page(loss)
    page.keyboard.press("ArrowRight")
    step = list(mg.steps(loss))[1]
    weights = page.locator(".flow").nth(1)
    weights.locator('td[data-index="2,1"] button').click()
    labels = weights.locator(".equation .chip small").all_text_contents()
    assert labels == ["x[0, 2]", "dL/dout[0, 1]", "x[1, 2]", "dL/dout[1, 1]", "dL/dweight[2, 1]"]
    numbers = [read(text) for text in weights.locator(".equation .chip b").all_inner_texts()]
    x, grad_out = step.values["x"], step.grad_out
    expected = [x[0, 2], grad_out[0, 1], x[1, 2], grad_out[1, 1], step.flows[1].contribution[2, 1]]
    assert numbers == pytest.approx(expected, rel=1e-3)
    used = page.locator("td.used")
    assert used.evaluate_all("all => all.map((cell) => cell.dataset.index)") == [
        "0,1", "1,1", "0,2", "1,2",
    ]  # fmt: skip
    page.keyboard.press("ArrowLeft")
    assert heading(page).startswith("Step 2")
    assert (
        weights.locator('button[aria-pressed="true"]')
        .get_attribute("aria-label")
        .startswith("entry [2, 0]")
    )


def test_contributions_add_up_to_the_gradient(open_page):
    loss = reused()
    page = open_page(loss)
    step = list(mg.steps(loss))[5]
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    page.locator('[data-array="dL/dout"] td[data-index="1"] button').click()
    amounts = [read(text) for text in page.locator(".rows .amount").all_inner_texts()]
    expected = [arrival.contribution[1] for arrival in step.arrivals]
    assert amounts == pytest.approx([*expected, step.grad_out[1]], rel=1e-3)
    page.get_by_role("button", name=re.compile("Exp.grad_x")).click()
    assert heading(page) == "Step 4 of 7: Exp"


def test_a_long_line_of_source_is_scrolled_to_what_is_marked(open_page):
    x = mg.Tensor(2.0, requires_grad=True)
    loss = (x * 1.0) + (x * 2.0) + (x * 3.0) + (x * 4.0) + (x * 5.0) + (x * 6.0) + mg.exp(x)
    page = open_page(loss, check=False)
    page.keyboard.press("ArrowRight")
    mark = page.locator("pre mark")
    assert mark.text_content() == "mg.exp(x)"
    right = mark.evaluate("mark => mark.getBoundingClientRect().right")
    assert right <= page.locator("pre:has(mark)").evaluate("p => p.getBoundingClientRect().right")


def test_a_long_name_stays_in_its_card(open_page):
    x = mg.Tensor([1.0, 2.0], requires_grad=True, name="encoder" * 30)
    page = open_page(mg.exp(x).sum())
    for _ in range(3):
        wide = "all => all.map(one => one.scrollWidth - one.clientWidth)"
        assert set(page.locator(".card").evaluate_all(wide)) == {0}
        page.keyboard.press("ArrowRight")


def test_nan_is_found_and_told(open_page):
    page = open_page(not_finite())
    page.keyboard.press("End")
    page.get_by_role("button", name="Next NaN or inf").click()
    seen = [heading(page)]
    page.keyboard.press("x")
    seen.append(heading(page))
    assert seen[0].startswith("Step 1 of 7: Sum")
    assert seen[1] == "Step 2 of 7: Add"
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    assert heading(page) == "Step 7 of 7: Log"
    assert "log of 0" in page.locator("#step details pre").first.text_content()
    assert page.locator(".heat td.bad").count() > 0
    assert HOSTILE in page.locator("#graph").text_content()
    assert page.locator(".chip b", has_text="NaN").count() > 0


def test_the_graph_tells_how_far_each_gradient_has_come(open_page):
    page = open_page(reused())
    node = page.locator(".node.parameter .progress")
    seen = []
    for _ in range(8):
        seen.append(node.text_content())
        page.keyboard.press("ArrowRight")
    assert seen[:5] == ["no gradient yet"] * 5
    assert seen[5:7] == ["1 of 3 contributions"] * 2
    assert seen[7].startswith("grad  ")


def test_a_large_page_is_small_and_shows_in_the_dark_and_on_a_narrow_screen(browser, tmp_path):
    path = tmp_path / "network.html"
    mg.replay(network()).save(path)
    assert path.stat().st_size < 1_000_000
    for scheme, width in (("light", 1500), ("dark", 390)):
        context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 800})
        page = context.new_page()
        page.goto(path.as_uri())
        page.keyboard.press("ArrowRight")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        background = page.evaluate("getComputedStyle(document.body).backgroundColor")
        lightness = np.mean([int(part) for part in re.findall(r"\d+", background)])
        assert (lightness < 128) == (scheme == "dark")
        context.close()


def test_in_a_notebook_frame_the_script_runs(browser):
    page = browser.new_page()
    page.set_content(mg.replay(small_network())._repr_html_())
    frame = page.frame_locator("iframe")
    assert frame.locator("#step h2").inner_text() == "Step 1 of 4: SoftmaxCrossEntropy"
    frame.get_by_role("button", name="Next ▶").click()
    assert frame.locator("#step h2").inner_text() == "Step 2 of 4: Linear"
    page.close()


def test_without_script_the_drawing_is_there(browser, tmp_path):
    path = tmp_path / "page.html"
    mg.replay(small_network(), check=False).save(path)
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(path.as_uri())
    assert page.locator("#graph").is_visible()
    assert page.locator("noscript").inner_text().startswith("Stepping needs JavaScript")
    context.close()
