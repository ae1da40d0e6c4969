"""Prompt understanding: prompts and their descriptions."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.examples import examples

from filmgate_scene import explain
from filmgate_scene.description import Description
from filmgate_scene.prompt import understand
from filmgate_scene.summary import describe

MEANINGS = [
    ("A golden retriever running on a beach at sunset", "beach at sunset with dog (golden, run)"),
    ("a dog", "meadow with dog"),
    ("Two huskies walking in the mountains at night", "mountains at night with 2 × dog (grey, walk)"),
    ("three black dogs sit by a pond", "garden with 3 × dog (black, sit)"),
    ("A puppy, small and white, sleeping in a garden", "garden with dog (small, white, sleep)"),
    ("one hundred birds over the ocean", "sea with 12 × bird"),
    ("An aerial drone shot of snowy mountains at dawn", "mountains at dawn; camera: aerial"),
    ("Time-lapse of a city at night, neon, cyberpunk", "city at night; style: cyberpunk; tempo: fast"),
    (
        "A woman in a red dress dancing in the rain, slow motion",
        "street with person (woman, red, dance); weather: rain; tempo: slow",
    ),
    ("koi swimming in a Japanese garden, cherry petals falling", "garden with koi (swim); weather: petals"),
    ("A foggy forest in the early morning", "forest at dawn; weather: fog"),
    ("no rain, just a beach", "beach"),
    ("A beach without people", "beach"),
    ("a street with no cars and no people, at night", "street at night"),
    ("not only dogs but also birds on the beach", "beach with 3 × dog, 3 × bird"),
    ("never snowing in the desert", "desert"),
    ("A neon sign that says OPEN on a rainy street", "street; weather: rain; style: cyberpunk; text: OPEN"),
    ('A banner reading "HAPPY BIRTHDAY" in a garden', "garden; text: HAPPY BIRTHDAY"),
    ("The sign says 'don't walk' in the city", "city; text: don't walk"),
    ("“Bonjour” written in the sand of a beach", "beach; text: Bonjour"),
    ("「さくら」 over a garden", "garden; text: さくら"),
    ("A sailboat on the sea, golden hour, cinematic", "sea at golden with boat; style: cinematic"),
    ("A red car driving through a desert", "desert with car (red, drive)"),
    ("black and white film of a street in the rain", "street; weather: rain; style: mono, cinematic"),
    ("watercolor painting of mountains", "mountains; style: watercolour"),
    ("ink wash mountains with mist", "mountains; weather: fog; style: ink"),
    (
        "An anime girl standing under falling leaves in a forest",
        "forest with person (child, woman, stand); weather: leaves; style: anime",
    ),
    ("Handheld close-up of a cat", "garden with cat; camera: handheld, zoom"),
    ("Camera pans across the meadow, then zooms in", "meadow; camera: pan, zoom"),
    ("orbit around a bird flying over mountains", "mountains with bird (fly); camera: orbit"),
    (
        "Shot 1: a dog on a beach. Shot 2: a city at night. Shot 3: mountains at dawn.",
        "beach with dog | city at night | mountains at dawn",
    ),
    ("Scene 1 - beach at sunset; Scene 2 - the same beach at night", "beach at sunset | beach at night"),
    ("At sunset. Shot 1: a beach. Shot 2: mountains.", "beach at sunset | mountains at sunset"),
    ("A beach at dawn, cut to a street in the rain", "beach at dawn | street at dawn; weather: rain"),
    ("A garden. Fade to mountains at night.", "garden | mountains at night"),
    ("[0-2s] a beach [2-8s] the city", "beach | city"),
    ("0:00-0:03: forest. 0:03-0:06: sea.", "forest | sea"),
    ("Landscape with lots of blorps and grumbles", "abstract; text: Landscape with lots of blorps and grumbles"),
    ("qwertyuiop asdf", "abstract; text: qwertyuiop asdf"),
    (
        "The dog is golden and runs, the bird is blue and flies, in a meadow",
        "meadow with dog (golden, run), bird (blue, fly)",
    ),
    ("一只金毛犬在日落的海滩上奔跑", "beach at sunset with dog (golden, run)"),
    ("两只猫在花园里", "garden with 2 × cat"),
    ("三只白色的小狗在雪山前", "mountains with 3 × dog (white, small)"),
    ("雪山", "mountains"),
    ("下雪的森林", "forest; weather: snow"),
    ("落日海滩", "beach at sunset"),
    ("赛博朋克城市夜景，下着雨", "city at night; weather: rain; style: cyberpunk"),
    ("城市街头，人群，霓虹招牌写着“营业中”", "city with person (crowd); style: cyberpunk; text: 营业中"),
    ("日本庭院，樱花飘落，锦鲤游动", "garden with koi (swim); weather: petals"),
    ("无人机航拍雪山日出", "mountains at dawn; camera: aerial"),
    ("无人的海滩", "beach"),
    ("没有雨的街道", "street"),
    ("海滩，不要有人", "beach"),
    ("水墨画风格的群山，云雾", "mountains; weather: fog; style: ink"),
    ("一位女孩在草原上跑步，慢动作", "meadow with person (child, woman, run); tempo: slow"),
    ("红色的汽车在沙漠里行驶", "desert with car (red, drive)"),
    ("一群鸟飞过大海", "sea with 5 × bird (fly)"),
    ("夜晚的城市，延时摄影", "city at night; tempo: fast"),
    ("镜头一：海滩日出。镜头二：雪山。镜头三：夜晚的城市。", "beach at dawn | mountains at dawn | city at night"),
    ("第一幕：森林，清晨；第二幕：同一片森林，夜晚", "forest at dawn | forest at night"),
    ("海边的夕阳，切换到城市街头", "beach at sunset | city at sunset"),
    ("花园，淡入到雪山", "garden | mountains"),
    ("黑白电影，雨中的街道", "street; weather: rain; style: mono, cinematic"),
    ("橘猫睡觉", "garden with cat (orange, sleep)"),
    ("海灘上的狗", "beach with dog"),
    ("特写：一只猫看着镜头", "garden with cat (stand); camera: zoom"),
    ("跟拍一只在海滩奔跑的狗，手持", "beach with dog (run); camera: follow, handheld"),
    ("招牌上写着DMXAPI的街道，夜", "street at night; text: DMXAPI"),
    ("五颜六色的抽象动画", "abstract; style: anime; text: 五颜六色的抽象动画"),
    ("金毛 running on the beach 日落", "beach at sunset with dog (golden, run)"),
    ("🐶🏖️🌅", "beach at dawn with dog"),
    ("shot 1: a cat in a garden, shot 2: it runs", "garden with cat | garden with cat (run)"),
    ("A dog, a cat and two birds in a meadow", "meadow with dog, cat, 2 × bird"),
    ("Eine Katze am Strand", "abstract; text: Eine Katze am Strand"),
    ("山水画风格的海滩，无人机", "beach; style: ink; camera: aerial"),
    ("A white dog chases a black cat on the beach", "beach with dog (white, run), cat (black)"),
    ("The mountains are seen in the background of a city street", "city"),
    ("海滩，远处是雪山", "beach"),
    ("一艘红色的小船漂浮在大海上，日落", "sea at sunset with boat (red, small, float)"),
    ("群鸟", "forest with bird"),
    ("slow-motion waves at the seashore, tilt up", "beach; camera: tilt; tempo: slow"),
    ("Underwater fish, blue light", "underwater with fish"),
    ("a storm over the sea at night", "sea at night; weather: storm"),
    ("极光下的雪山", "mountains; weather: aurora"),
    ("A summer meadow", "meadow at day"),
    ("深秋的公园", "meadow; weather: leaves"),
    ("A garden in spring", "garden; weather: petals"),
    ("冬夜的卧室", "livingroom at night"),
    ("三个孩子在海滩上玩耍", "beach with 3 × person (child, play)"),
    ("孩子们在草地上奔跑", "meadow with 3 × person (child, run)"),
    ("A man sits in a kitchen eating cake", "kitchen with person (man, eat), cake"),
    ("An office overlooking the harbour", "office"),
    ("香水，黑色背景", "darkroom with product"),
    ("A café in Paris", "interior"),
    ("烟花在大海上空绽放", "sea; weather: fireworks"),
    ("A starry night over the desert", "desert at night; weather: clear"),
    ("纸船漂在池塘里", "garden with boat (paper)"),
    ("荷花与锦鲤", "garden with flower (lotus), koi"),
    ("An old man with an umbrella", "street with person (man, old, umbrella)"),
    ("A violin of pure joy", "abstract; weather: petals; text: A violin of pure joy"),
    ("孤独的重量", "abstract at night; text: 孤独的重量"),
]
"""Prompts and their expected descriptions in the words of ``describe``."""


def read(prompt: str, frames: int = 96) -> Description:
    """The description of a prompt."""
    return understand(prompt, seed=7, frames=frames)


@pytest.mark.parametrize(("prompt", "meaning"), MEANINGS)
def test_prompts_give_the_expected_descriptions(prompt: str, meaning: str) -> None:
    """Each prompt of the table is understood as listed."""
    assert describe(read(prompt)) == meaning


@pytest.mark.parametrize(
    "quoted",
    [
        '"OPEN NOW"',
        "'OPEN NOW'",
        "“OPEN NOW”",
        "‘OPEN NOW’",
        "„OPEN NOW“",
        "«OPEN NOW»",
        "「OPEN NOW」",
        "『OPEN NOW』",
        "《OPEN NOW》",
        "＂OPEN NOW＂",
    ],
)
def test_sign_text_in_any_quotation_marks(quoted: str) -> None:
    """The text between quotes is the sign's text and is not parsed as part of the scene."""
    (shot,) = read(f"A street with a sign {quoted} in the rain").shots
    assert shot.text == "OPEN NOW"
    assert (shot.setting, shot.weather) == ("street", ("rain",))


def test_sign_text_is_not_a_place() -> None:
    """A beach bar's name does not move the street to the sea."""
    (shot,) = read('A street at night, a neon sign "OCEAN BEACH"').shots
    assert (shot.setting, shot.text) == ("street", "OCEAN BEACH")


def test_fully_quoted_prompt_is_not_a_sign() -> None:
    """A prompt that is quoted completely is parsed normally."""
    (shot,) = read('"A dog running on a beach"').shots
    assert (shot.setting, shot.text) == ("beach", "")


def test_unrecognised_prompt_becomes_a_title_card() -> None:
    """The title is cut at a word."""
    description = read("Flibber gribble wumpus snark brillig slithy toves gyre and gimble")
    assert description.shots[0].setting == "abstract"
    assert description.shots[0].text == "Flibber gribble wumpus snark brillig slithy toves gyre…"
    assert "wumpus" in description.unrecognised


def test_unrecognised_words_are_listed() -> None:
    """Each is listed once; function words are not."""
    assert read("A zither and a zither on the beach, with the theremin").unrecognised == ("zither", "theremin")


@pytest.mark.parametrize(
    ("prompt", "absent"),
    [
        ("A city without cars", ("car",)),
        ("no rain or snow on the beach", ("rain", "snow")),
        ("街道，没有行人", ("person",)),
        ("a beach", ()),
    ],
)
def test_negated_names_are_recorded(prompt: str, absent: tuple[str, ...]) -> None:
    """A place's default weather and inhabitants are also absent if the prompt negates them."""
    assert read(prompt).shots[0].absent == absent


@pytest.mark.parametrize("frames", [1, 24, 96, 97, 287, 480])
@pytest.mark.parametrize("shots", [1, 2, 3, 7, 40])
def test_shots_share_the_frames_exactly(shots: int, frames: int) -> None:
    """The lengths of any number of shots add up to the video's, and none is empty."""
    prompt = " ".join(f"Shot {number}: a beach." for number in range(1, shots + 1))
    lengths = [shot.frames for shot in read(prompt, frames).shots]
    assert sum(lengths) == frames
    assert min(lengths) > 0


def test_times_of_shots_are_kept() -> None:
    """Shots with times last in proportion to them."""
    description = read("[0-2s] a beach [2-8s] the city", 192)
    assert [shot.frames for shot in description.shots] == [48, 144]


@pytest.mark.parametrize(
    ("prompt", "transition"),
    [
        ("A garden, cut to a beach", "cut"),
        ("A garden, fade to a beach", "fade"),
        ("A garden. Dissolve to a beach", "fade"),
        ("花园，切换到海滩", "cut"),
        ("花园，叠化到海滩", "fade"),
        ("fading light on a beach", "cut"),
    ],
)
def test_transitions(prompt: str, transition: str) -> None:
    """Shots are cut unless the prompt mentions a fade; a single shot has no transition."""
    assert read(prompt).transition == transition


@pytest.mark.parametrize(
    ("prompt", "language"),
    [("a dog", "en"), ("一只狗", "zh"), ("", "en"), ("海滩 beach", "zh"), ("a film of 狗 in the park", "en")],
)
def test_language_is_the_predominant_one(prompt: str, language: str) -> None:
    """English with one Chinese word is English."""
    assert read(prompt).language == language


@pytest.mark.parametrize(
    "prompt",
    [
        "",
        "   ",
        "\n\n",
        "!!!???",
        "مرحبا بالعالم على الشاطئ",
        "שלום עולם",
        "\ud800 lone surrogate",
        "\x00\x1b[31m",
        "👩‍👩‍👧‍👦🏳️‍🌈",
        "e\u0301" * 50,
        "﷽" * 100,
        "1" * 5000,
        "(" * 3000,
        "' " * 3000,
        '"' * 3001,
        "shot 1: " * 500,
        "no " * 3000,
        "雪" * 32000,
        "word " * 6400,
        "x" * 32000,
        "海滩上的狗，" * 5300,
        "0-1s: a " * 3000,
        "a sign that says " * 1500,
    ],
)
def test_odd_and_long_strings_are_understood(prompt: str) -> None:
    """Any text gives a video's description."""
    assert sum(shot.frames for shot in read(prompt).shots) == 96


@pytest.mark.parametrize("words", ["no ", "雪", "word ", "x", "海滩上的狗，", "0-1s: a ", "a sign that says "])
def test_parsing_cost_is_linear(words: str) -> None:
    """Counted in calls: the longest prompt costs in proportion to its length, at most 150 calls a character."""
    read("warm")
    half, doubled = (_calls(words * (length // len(words))) for length in (4000, 8000))
    assert doubled < 2.1 * half
    assert doubled < 150 * 8000


def _calls(prompt: str) -> int:
    """The number of function calls while a prompt is parsed."""
    events = []
    sys.setprofile(lambda _frame, event, _argument: events.append(event) if event.endswith("call") else None)
    try:
        read(prompt)
    finally:
        sys.setprofile(None)
    return len(events)


@examples(150)
@given(st.text(st.characters(), max_size=300), st.integers(1, 480))
def test_any_string_is_understood(prompt: str, frames: int) -> None:
    """No text raises an error, and the same text gives the same description."""
    description = understand(prompt, seed=1, frames=frames)
    assert sum(shot.frames for shot in description.shots) == frames
    assert description == understand(prompt, seed=1, frames=frames)


def test_explain_gives_plain_data() -> None:
    """``explain`` describes a prompt's video as plain data and in one line."""
    explained = explain("两只狗在海滩上奔跑", seed=3)
    assert explained["kind"] == "procedural animatic"
    assert explained["summary"] == "beach with 2 × dog (run)"
    assert explained["language"] == "zh"
    assert explained["seed"] == 3
