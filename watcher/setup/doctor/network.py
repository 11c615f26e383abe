"""Checks each name server that is asked for Amazon's keys."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from watcher.clock import call_in_thread
from watcher.i18n import Text
from watcher.keys import examine_server
from watcher.name_server import NameServer
from watcher.setup.doctor.report import Finding, Sentence, failed, passed, warned

QUESTION = "_domainkey.amazon.co.jp"
"""That there is nothing of this name is an answer, too."""

LONGEST = timedelta(seconds=5)
"""How long one question may take, whatever is configured."""


def check_name_servers(servers: Sequence[NameServer], timeout: timedelta) -> Finding:
    """Ask each server alone, all at the same time; `timeout` bounds one question."""
    if not servers:
        return failed(_NONE, _REMEDY)
    seconds = min(timeout, LONGEST).total_seconds()
    asked = {
        str(server): call_in_thread(partial(examine_server, server, QUESTION, seconds))
        for server in servers
    }
    facts = {name: future.result(3 * seconds) for name, future in asked.items()}
    silent = [name for name, one in facts.items() if not one.answers]
    good = [name for name, one in facts.items() if one.answers]
    if not good:
        return failed(Sentence.of(_SILENT, names=", ".join(silent)), _REMEDY)
    if silent:
        names = {"good": ", ".join(good), "silent": ", ".join(silent)}
        return warned(Sentence(_SOME, names), _REMEDY)
    short = [name for name, one in facts.items() if not (one.has_edns and one.has_tcp)]
    if short:
        return warned(Sentence.of(_SHORT, names=", ".join(short)), _REMEDY)
    return passed(_GOOD, names=", ".join(good))


_GOOD = Text(
    en="{names}: each answers, with EDNS and by TCP.",
    ja="{names}: どれも応答します(EDNS と TCP も可)。",
)
_SHORT = Text(
    en="{names}: no long answers (EDNS or TCP is missing), so a long key could not be "
    "read.",
    ja="{names}: 長い応答を返せません(EDNS か TCP が不可)。長い鍵は読めないおそれが"
    "あります。",
)
_SOME = Text(
    en="{good} answers; {silent} does not, or only with errors.",
    ja="{good} は応答しますが、{silent} は応答しないか、エラーを返します。",
)
_SILENT = Text(
    en="No name server answers without errors: {names}",
    ja="正しく応答するネームサーバーがありません: {names}",
)
_NONE = Text(
    en="This computer has no name server.",
    ja="このパソコンにはネームサーバーの設定がありません。",
)
_REMEDY = Text(
    en="Check the network, or name other name servers under [dkim], like "
    'nameservers = ["1.1.1.1", "8.8.8.8"].',
    ja="ネットワークを確かめるか、[dkim] に別のネームサーバーを書いてください"
    '(例: nameservers = ["1.1.1.1", "8.8.8.8"])。',
)
