"""Saved mails are read as mail programs write them, and judged as they came."""

import os
import threading
import tracemalloc
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest

from tests.environment import Home
from tests.fakes import linux_only, posix_only
from tests.sample_mails import (
    APPROVAL_HTML,
    LINK,
    Mail,
    approval,
    attempt_in,
    code,
    compose,
    html,
    link_in,
    signed,
)
from watcher.cli.mailfiles import MailFile, read
from watcher.errors import ExitCode, Unreadable
from watcher.i18n import Language
from watcher.recognition.limits import MAIL_BYTES
from watcher.recognition.policy import Policy

FROM_LINE = b"From account-update@amazon.co.jp Sat Nov 21 12:00:05 2026\n"
PLIST = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE plist PUBLIC "-//Apple//DTD '
    b'PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n<plist '
    b'version="1.0"><dict><key>flags</key><integer>1</integer></dict></plist>\n'
)


def in_cr(raw: bytes) -> bytes:
    return raw.replace(b"\r\n", b"\r")


def in_lf(raw: bytes) -> bytes:
    return raw.replace(b"\r\n", b"\n")


def emlx(raw: bytes, *, count: int | None = None, end: bytes = PLIST) -> bytes:
    """Return a mail as Apple Mail keeps it."""
    return b"%-10d\n%s%s" % (len(raw) if count is None else count, raw, end)


def in_utf_16(raw: bytes, name: str = "utf-16-le") -> bytes:
    return ("\ufeff" + raw.decode()).encode(name)


SAVED: dict[str, Callable[[bytes], bytes]] = {
    "as_it_came": lambda raw: raw,
    "line_feeds": in_lf,
    "mbox_line": lambda raw: FROM_LINE + raw,
    "mbox_line_and_line_feeds": lambda raw: FROM_LINE + in_lf(raw) + b"\n",
    "mbox_line_without_a_date": lambda raw: b"From \r\n" + raw,
    "mbox_line_behind_a_bom": lambda raw: b"\xef\xbb\xbf" + FROM_LINE + raw,
    "mbox_line_behind_blank_lines": lambda raw: b"\n\r\n" + FROM_LINE + raw,
    "mbox_line_twice": lambda raw: FROM_LINE + b">" + FROM_LINE + raw,
    "mbox_of_carriage_returns": lambda raw: in_cr(b"From a@b\r\n" + raw),
    "emlx": emlx,
    "emlx_with_line_feeds": lambda raw: emlx(in_lf(raw)),
    "emlx_without_plist": lambda raw: emlx(raw, end=b""),
    "emlx_with_other_line_ends": lambda raw: emlx(in_lf(raw), count=len(raw)),
    "emlx_with_a_count_too_small": lambda raw: emlx(raw, count=12),
    "emlx_behind_a_bom": lambda raw: b"\xef\xbb\xbf" + emlx(raw),
    "number_before_it": lambda raw: b"20261121\r\n" + raw,
    "bom": lambda raw: b"\xef\xbb\xbf" + raw,
    "bom_and_blank_lines": lambda raw: b"\xef\xbb\xbf\r\n\r\n" + raw,
    "quoted_mbox_line": lambda raw: b">" + FROM_LINE + raw,
    "foreign_line": lambda raw: b"+OK 4711 octets\r\n" + raw,
    "foreign_line_in_japanese": lambda raw: "保存したメール\r\n".encode() + raw,
    "foreign_line_in_iso_2022_jp": lambda raw: (
        "保存したメール\r\n".encode("iso2022_jp") + raw
    ),
    "foreign_lines_and_a_blank_one": lambda raw: b"a b\r\nc\r\n\r\n" + raw,
    "carriage_returns": in_cr,
    "carriage_returns_and_a_foreign_line": lambda raw: b"a b\r" + in_cr(raw),
    "blank_lines": lambda raw: b"\r\n \t\r\n\n" + raw,
    "many_blank_lines": lambda raw: b"\r\n" * 1000 + raw,
    "nul_bytes_before_it": lambda raw: b"\0" * 4096 + raw,
    "nul_bytes_behind_it": lambda raw: raw + b"\0" * 4096,
    "utf_16": in_utf_16,
    "utf_16_with_its_high_bytes_first": lambda raw: in_utf_16(raw, "utf-16-be"),
    "utf_16_and_carriage_returns": lambda raw: in_utf_16(in_cr(raw)),
    "utf_16_and_mbox_line": lambda raw: in_utf_16(FROM_LINE + raw),
}


def saved(folder: Path, content: bytes, name: str = "a.eml") -> str:
    path = folder / name
    path.write_bytes(content)
    return str(path)


def sole(name: str) -> MailFile:
    (mail,) = read(name, name)
    return mail


@pytest.mark.parametrize("save", SAVED.values(), ids=SAVED.keys())
def test_saved_mail_keeps_its_name_and_its_signature(
    tmp_path: Path, save: Callable[[bytes], bytes]
) -> None:
    name = saved(tmp_path, save(approval()))

    mail = sole(name)

    assert mail.name == name
    assert link_in(mail.raw) == LINK


@pytest.mark.parametrize("save", SAVED.values(), ids=SAVED.keys())
def test_large_saved_mail_is_read_to_its_end(
    tmp_path: Path, save: Callable[[bytes], bytes]
) -> None:
    """The mail is longer than what is read of the file at once."""
    filler = "<p>1234567890</p>\n" * 6000
    body = html(APPROVAL_HTML.format(link=LINK) + filler)
    raw = signed(Mail(body=body))
    assert 128 * 1024 < len(raw) < MAIL_BYTES

    assert link_in(sole(saved(tmp_path, save(raw))).raw) == LINK


@pytest.mark.parametrize("before", [b"", b"\0" * 9000, b"a b\r\n" * 9, FROM_LINE])
@pytest.mark.parametrize("more", [0, 1, 100_000])
def test_too_large_a_mail_shows_that_there_is_more(
    tmp_path: Path, before: bytes, more: int
) -> None:
    raw = approval()
    raw += b"x" * (MAIL_BYTES + more - len(raw))

    mail = sole(saved(tmp_path, before + raw))

    assert mail.raw == raw[: MAIL_BYTES + 1]


def test_preface_is_not_counted_as_mail(tmp_path: Path) -> None:
    raw = approval() + b"x\r\n" * MAIL_BYTES

    for line in (b"", FROM_LINE):
        content = line + b"a " * 2000 + b"\r\n" + raw
        assert sole(saved(tmp_path, content)).raw == raw[: MAIL_BYTES + 1]


def test_quoted_from_of_an_mbox_is_as_it_was_signed(tmp_path: Path) -> None:
    raw = signed(Mail(body=b"\r\nHello\r\n\r\nFrom Japan\r\n"))
    name = saved(tmp_path, FROM_LINE + raw.replace(b"\nFrom J", b"\n>From J"))

    assert sole(name) == MailFile(name, raw)


def test_large_mbox_takes_no_more_memory_than_a_mail(tmp_path: Path) -> None:
    name = saved(tmp_path, FROM_LINE + b"Subject: x\n\n")
    os.truncate(name, 32 * 1024 * 1024)

    tracemalloc.start()
    mail = sole(name)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert mail.raw.startswith(b"Subject: x\n\n")
    assert peak < 4 * 1024 * 1024


def test_nothing_but_the_preface_is_taken_from_a_mail(tmp_path: Path) -> None:
    raw = b"X-A: b\r\nno field\r\n" + approval() + b" \r\n\r\n"

    assert sole(saved(tmp_path, b"\r\nno field\r\n" + raw)).raw == raw


def test_nul_in_a_mail_is_judged(tmp_path: Path) -> None:
    raw = approval().replace(b"Subject: ", b"Subject: \0", 1)

    assert sole(saved(tmp_path, raw)).raw == raw


def test_mail_with_a_plist_of_its_own_ends_where_the_count_says(tmp_path: Path) -> None:
    raw = compose(Mail(body=b"\r\n" + PLIST + b"The end\r\n"))

    assert sole(saved(tmp_path, emlx(raw, end=b""))).raw == raw
    assert sole(saved(tmp_path, emlx(raw))).raw == raw
    assert sole(saved(tmp_path, emlx(raw, count=len(raw) + 7))).raw == raw


def test_several_mails_of_one_file_are_numbered(tmp_path: Path) -> None:
    name = saved(tmp_path, FROM_LINE + approval() + b"\n" + FROM_LINE + code() + b"\n")

    first, second = read(name, name)

    assert (first.name, second.name) == (name, f"{name}#2")
    assert link_in(first.raw) == LINK
    assert attempt_in(second.raw, policy=Policy()).content.kind == "code"


def test_mail_of_an_mbox_that_has_no_header_is_judged_too(tmp_path: Path) -> None:
    nothing = FROM_LINE + b"X-A: b\n\n" + b"x" * 2 * MAIL_BYTES + b"\n\n"
    name = saved(tmp_path, FROM_LINE + code() + b"\n" + nothing + FROM_LINE + code())

    mails = list(read(name, name))

    assert [mail.name for mail in mails] == [name, f"{name}#2", f"{name}#3"]
    assert len(mails[1].raw) == MAIL_BYTES + 1
    assert mails[2].raw == code()


def test_from_in_the_text_begins_no_other_mail(tmp_path: Path) -> None:
    body = (
        b"\r\nHello,\r\n\r\nFrom here on: nothing\r\n\r\nFrom now on\r\nthat is all\r\n"
    )
    raw = signed(Mail(body=body))
    name = saved(tmp_path, FROM_LINE + raw)

    assert sole(name) == MailFile(name, raw)


def test_from_field_with_a_blank_begins_no_mbox(tmp_path: Path) -> None:
    raw = b"From : a@example.jp\r\nSubject: x\r\n\r\n>From a\r\n"

    assert sole(saved(tmp_path, raw)).raw == raw


def archive() -> bytes:
    """Return a ZIP archive that holds a mail as it is."""
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as content:
        content.writestr("a.eml", approval())
    return file.getvalue()


PAGE = APPROVAL_HTML.format(link=LINK).encode()
NO_MAILS = {
    "empty": b"",
    "blank": b"\r\n \n\n",
    "bom": b"\xef\xbb\xbf",
    "nul_bytes": b"\0" * 5000,
    "mbox_line_alone": FROM_LINE,
    "pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<</Type: /Catalog>>\nendobj\n"
    b"stream\nFrom: account-update@amazon.co.jp\n",
    "pdf_of_text": b"%PDF-1.4\n1 0 obj\n<</Title (x)>>\nSubject: x\nendobj\n",
    "png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\nFrom: a@example.jp\n",
    "jpeg": b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\nFrom: a@example.jp\n",
    "zip": archive(),
    "outlook_msg": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512 + b"\nTo: a@b\n",
    "web_page": PAGE,
    "web_page_of_a_mail": b"<!DOCTYPE html>\n<pre>\n" + approval() + b"</pre>",
    "web_page_behind_a_bom": b"\xef\xbb\xbf\r\n" + PAGE,
    "web_page_in_utf_16": in_utf_16(b"<html>\nFrom: a@example.jp\n</html>"),
    "xml": b'<?xml version="1.0"?>\n<a:b>\nSubject: x\n</a:b>\n',
    "xml_with_a_colon": b"<a:b>\nSubject: x\n</a:b>\n",
    "settings": b"width: 3\nheight: 4\n\nFrom: a@example.jp\n",
    "prose": b"Dear Taro,\n" * 20 + b"From: a@example.jp\n",
    "long_line": b"a b " * 10_000 + b"\nFrom: a@example.jp\n",
    "prose_that_begins_with_from": b"From here on\nall is prose.\n",
}


def test_a_mail_of_which_only_the_structure_is_known_is_one(tmp_path: Path) -> None:
    raw = b"MIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nHello\r\n"

    assert sole(saved(tmp_path, raw)).raw == raw


@pytest.mark.parametrize("content", NO_MAILS.values(), ids=NO_MAILS.keys())
@pytest.mark.parametrize("language", Language)
def test_what_is_no_mail_is_told_by_its_name(
    tmp_path: Path, content: bytes, language: Language
) -> None:
    name = saved(tmp_path, content, "a.bin")

    with pytest.raises(Unreadable) as told:
        list(read(name, name))

    assert told.value.say(language).startswith(f"{name} ")
    assert ".eml" in told.value.say(language)


def test_what_is_no_mail_is_65_and_the_others_are_judged(home: Home) -> None:
    for name in ("empty", "pdf", "png", "zip", "web_page"):
        saved(home.folder, NO_MAILS[name], name)
    saved(home.folder, emlx(approval()), "good.emlx")

    names = ("empty", "pdf", "good.emlx", "png", "zip", "web_page")
    done = home.run("classify", "--json", *names)
    japanese = home.run("classify", "pdf", environment={"LANG": "ja_JP.UTF-8"})

    assert (done.code, japanese.code) == (ExitCode.UNREADABLE,) * 2
    assert [line["file"] for line in done.json] == ["good.emlx"]
    told = [line.split()[0].removeprefix("watcher:") for line in done.err.splitlines()]
    assert [name for name in names if name != "good.emlx"] == told
    assert "pdf はメールではありません" in japanese.err


def test_standard_input_is_read_like_a_file(home: Home) -> None:
    done = home.run("classify", "--json", "-", stdin=in_utf_16(FROM_LINE + approval()))

    (judged,) = done.json
    assert judged["file"] == "-"
    assert judged["authentication"]["domain"] == "amazon.co.jp"
    assert home.run("classify", "-").code == ExitCode.UNREADABLE


def test_device_without_end_is_no_mail() -> None:
    with pytest.raises(Unreadable):
        list(read("/dev/zero", "zero"))


@posix_only("pipes in the file system")
def test_pipe_that_gives_a_byte_at_a_time_is_read(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)

    def write() -> None:
        with path.open("wb", buffering=0) as pipe:
            for byte in in_utf_16(code()):
                pipe.write(bytes([byte]))

    writer = threading.Thread(target=write)
    writer.start()
    mail = sole(str(path))
    writer.join()

    assert mail.raw == code()


def test_text_mail_with_raw_characters_survives_utf_16(tmp_path: Path) -> None:
    text = "Content-Type: text/plain; charset=utf-8\r\n\r\nこんにちは\r\n".encode()
    raw = compose(Mail(body=text))

    assert sole(saved(tmp_path, in_utf_16(raw))).raw == raw


def test_what_is_no_mail_in_a_folder_is_counted(home: Home) -> None:
    folder = home.folder / "mixed"
    folder.mkdir()
    for name in ("empty", "pdf", "png"):
        saved(folder, NO_MAILS[name], name)
    saved(folder, approval(), "a.eml")

    done = home.run("classify", "--json", "mixed")
    named = home.run("classify", str(folder / "pdf"))

    assert done.code == ExitCode.UNREADABLE
    assert len(done.json) == 1
    assert done.err == "Files in mixed that are no mails, and were left out: 3.\n"
    assert "pdf is not a mail" in named.err


@pytest.mark.parametrize("content", [None, b"", NO_MAILS["pdf"]])
def test_a_folder_without_mails_is_told_as_such(
    content: bytes | None, home: Home
) -> None:
    folder = home.folder / "bare"
    folder.mkdir()
    if content is not None:
        saved(folder, content, "x")
    saved(home.folder, approval(), "a.eml")

    done = home.run("classify", "--json", "bare", "a.eml")

    assert (done.code, len(done.json)) == (ExitCode.UNREADABLE, 1)
    assert "bare holds no mail. Save mails in it" in done.err


def test_help_names_all_that_can_be_judged(home: Home) -> None:
    said = home.run("classify", "--help").out

    assert all(word in said for word in (".eml", ".emlx", "mbox", "folder"))


@linux_only("names of any bytes")
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_names_that_cannot_be_printed_are_escaped(encoding: str, home: Home) -> None:
    folder = os.fsencode(home.folder)
    names = [b"\xff.eml", b"a\nb.eml", b"esc\x1b[31m.eml", "全\u3000角.eml".encode()]
    for name in names:
        Path(os.fsdecode(folder + b"/" + name)).write_bytes(approval())
    Path(os.fsdecode(folder + b"/no\xfe\n.png")).write_bytes(b"\x89PNG\r\n")
    given = [os.fsdecode(name) for name in (*names, b"no\xfe\n.png", b"gone\xfd\n")]

    environment = {"PYTHONIOENCODING": encoding}
    in_words = home.run("classify", *given, environment=environment)
    in_json = home.run("classify", "--json", *given, environment=environment)

    full_width = "全\u3000角.eml" if encoding == "utf-8" else "???.eml"
    heads = [line for line in in_words.out.splitlines() if not line.startswith(" ")]
    assert [head.partition(": ")[0] for head in heads] == [
        *(r"\xff.eml", r"a\nb.eml", r"esc\x1b[31m.eml", full_width)
    ]
    assert [line.split()[0] for line in in_words.err.splitlines()] == [
        *(r"no\xfe\n.png", r"gone\xfd\n")
    ]
    assert [one["file"] for one in in_json.json] == [
        *(r"\xff.eml", "a\nb.eml", "esc\x1b[31m.eml", "全\u3000角.eml")
    ]
    assert {in_words.code, in_json.code} == {ExitCode.UNREADABLE}


@linux_only("names of any bytes")
def test_every_json_is_utf_8_whatever_bytes_names_have(home: Home) -> None:
    odd = {
        "WATCHER_CONFIG": os.fsdecode(b"/nowhere/c\xff.toml"),
        "WATCHER_STATE": os.fsdecode(os.fsencode(home.folder) + b"/s\xff"),
    }

    done = [
        home.run(command, "--json", environment=odd) for command in ("doctor", "status")
    ]

    assert [each.code for each in done] == [ExitCode.NOTHING] * 2
    assert "\ufffd" not in done[0].out
    assert r"/nowhere/c\xff.toml" in done[0].json[0]["detail"]
