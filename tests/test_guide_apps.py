"""What is known of each app has one form, and says the same in both languages."""

import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from watcher.guide import apps
from watcher.guide.apps import NAMES, find
from watcher.guide.steps import ORDER, AppSteps, Place, Step
from watcher.i18n import Text

APPS = [find(name) for name in NAMES]
of_each_app = pytest.mark.parametrize("app", APPS, ids=NAMES)
FIRST_SEEN = date(2026, 11, 26)


def steps(app: AppSteps) -> list[Step]:
    return [step for place in Place for step in app.steps[place]]


def texts(app: AppSteps) -> list[Text]:
    told = [text for one in steps(app) for text in (one.act, one.beware) if text]
    return [*told, app.call, app.failure, *filter(None, [app.without_mail])]


def labels(sentence: str) -> list[str]:
    return re.findall("「([^」]+)」", sentence)


def test_each_file_is_an_app_and_each_app_a_file() -> None:
    folder = Path(apps.__path__[0])
    files = {path.stem for path in folder.glob("*.py")} - {"__init__"}

    assert set(NAMES) == files
    assert [app.name for app in APPS] == list(NAMES)


@of_each_app
def test_every_place_has_steps_and_its_source_a_date(app: AppSteps) -> None:
    assert app.steps.keys() == set(Place)
    assert all(app.steps.values())
    assert FIRST_SEEN <= app.read_on <= datetime.now(UTC).date()
    assert all((app.title.ja, app.title.en, app.source.ja, app.source.en))


@of_each_app
def test_the_steps_are_numbered_through(app: AppSteps) -> None:
    numbers = [number for place in ORDER for number, _ in app.numbered(place)]

    assert numbers == list(range(1, len(numbers) + 1))
    assert next(number for number, _ in app.numbered(Place.AGAIN)) == 1


@of_each_app
def test_both_languages_quote_the_same_words_of_the_screen(app: AppSteps) -> None:
    quoted = [(labels(text.en), labels(text.ja)) for text in texts(app)]

    assert [pair for pair in quoted if sorted(pair[0]) != sorted(pair[1])] == []
    assert sum(len(one) for one, _ in quoted) > 5


@of_each_app
def test_no_text_has_a_field_or_a_link(app: AppSteps) -> None:
    for text in texts(app):
        for sentence in (text.en, text.ja):
            assert not set("{}") & set(sentence)
            assert "://" not in sentence


def test_zaims_steps_are_those_of_the_account() -> None:
    zaim = find("zaim")
    words = [
        *("連携設定", "「+」", "ショッピングサイト", "Amazon.co.jp", "パスワード"),
        *("「連携する」", "「連携に成功しました」", "追加情報", "「戻る」", "「承認」"),
        *("Zaim に戻", "赤い", "「認証する」", "待ちます"),
    ]
    acts = [step.act.ja for place in ORDER for step in zaim.steps[place]]

    assert len(acts) == len(words) == 14
    assert [
        word for word, act in zip(words, acts, strict=True) if word not in act
    ] == []
    assert zaim.span(Place.WAIT) == "6-9"
    assert zaim.span(Place.APPROVE) == "10"


def test_before_the_approval_zaim_is_never_told_to_authenticate() -> None:
    zaim = find("zaim")
    before = [one for place in ORDER[:3] for one in zaim.steps[place]]
    named = [one.act.ja for one in before if "「認証する」" in one.act.ja]

    assert [("「認証する」ではなく「戻る」を押" in act) for act in named] == [True]
    assert "「認証する」を押さない" in zaim.call.ja


@of_each_app
def test_no_step_tells_to_delete_data(app: AppSteps) -> None:
    """A step tells what to do; what deletes is named to warn of it alone."""
    deleting = [one for one in steps(app) if "削除" in one.act.ja]

    for one in deleting:
        assert "「口座を削除する」に印を付けずに" in one.act.ja
        assert "without a tick at 「口座を削除する」" in one.act.en
        assert one.beware
    assert bool(deleting) is (app.name == "zaim")


def test_the_readme_says_of_unlinking_what_the_guide_says() -> None:
    readme = Path("README.md").read_text(encoding="utf-8")
    told = [line for line in readme.splitlines() if "「口座を削除する」" in line]

    assert len(told) == 2
    assert "「口座を削除する」に印は付けません" in told[0]
    assert "Do not tick 「口座を削除する」" in told[1]
