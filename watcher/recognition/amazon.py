"""All that is known of Amazon's mails, as data.

A new store, sender, language or subject is one added line here (and one added mail in
the tests). Words are compared in normal form (`text.normal`), so upper case,
full-width signs, no-break spaces and line breaks need no lines of their own. What is
marked "guessed" was never seen in a real mail; with a proof it costs nothing to know.
"""

from dataclasses import dataclass

STORES = frozenset(
    {
        *("amazon.com", "amazon.ca", "amazon.com.mx", "amazon.com.br"),
        *("amazon.co.jp", "amazon.cn", "amazon.in", "amazon.sg", "amazon.com.au"),
        *("amazon.co.uk", "amazon.ie", "amazon.de", "amazon.fr", "amazon.it"),
        *("amazon.es", "amazon.nl", "amazon.com.be", "amazon.se", "amazon.pl"),
        *("amazon.com.tr", "amazon.ae", "amazon.sa", "amazon.eg", "amazon.co.za"),
    }
)
"""Domains of the retail stores: they send, they host the link, they lead subjects."""

ACCOUNT_MAIL = "account-update"
"""Local part from which every store writes about accounts."""

OLDER_ACCOUNT_MAIL = frozenset(
    {"konto-aktualisierung@amazon.de", "cuenta-actualizada@amazon.es"}
)

OTHER_DOMAINS = frozenset({"amazon.jp"})
"""Amazon's as well, but it sends no account mail and hosts no approval page."""

LINK_HOSTS = STORES | {f"www.{store}" for store in STORES}

LINK_PATH = "/a/c/r"
"""Where the approving and the denying pages live: the path tells them not apart."""

LINK_TOKEN = r"[A-Za-z0-9_-]{16,64}"  # noqa: S105 -- a pattern; 25 alphanumerics seen
LINK_KEY = r"[A-Za-z0-9_.~%+/=-]{8,256}"
"""Tokens of the newer shape `/a/c/r/<token>` and the older `/a/c/r?k=<token>`."""

APP = (
    *("アプリ", "通知", "スマートフォン", "app", "apps", "phone", "notification"),
    *("aplicación", "aplicativo", "application", "applicazioni", "handy", "telefono"),
    *("スマホ", "携帯", "端末で", "デバイスで", "Amazonショッピング"),
    *("smartphone", "mobile", "tablet", "your device", "registered device", "push"),
    "amazon shopping",
    *("benachrichtigung", "mobiltelefon", "telefon", "deinem gerät", "ihrem gerät"),
    *("notificación", "teléfono", "móvil", "celular", "tu dispositivo"),
    *("su dispositivo", "téléphone", "appli", "votre appareil", "notifica"),
    *("cellulare", "tuo dispositivo", "notificação", "telefone", "telemóvel"),
)
"""Words of a sentence that asks to approve elsewhere: in the shopping app."""

NOT_ME = (
    *(
        "心当たり",
        "身に覚え",
        "保護",
        "ブロック",
        "報告",
        "not you",
        "not me",
        "secure",
    ),
    *("wasn't", "wasn’t", "didn't", "didn’t", "can't", "can’t", "cannot", "disapprove"),
    *("protect", "block", "report", "sichern", "sperren", "melden", "nicht", "no fui"),
    *("proteger", "bloquear", "sécuriser", "protéger", "bloquer", "proteggi", "blocca"),
    *("覚えがない", "していない", "しなかった", "取り消", "やめ", "停止", "について"),
    *("に関する", "ヘルプ", "仕組み", "learn more", "what is", "help", "trouble"),
    *("problem", "problems", "by mistake", "cancel", "stop", "turn off"),
)
"""Words of a link that leads whoever has not signed in, though it names both."""

NOT_BEFORE = (
    *("not", "never", "don't", "don’t", "no", "non", "não", "ne", "nie"),
    *("inte", "niet"),
)
NOT_BEHIND = (
    *("ません", "ないで", "できない", "不可", "禁止", "不要", "せず", "ではなく"),
    *("いけない", "なさらない"),
)
"""Words just before or behind those that ask to approve, which say not to."""

NOTES = (
    "このEメールがAmazonから送信されていることを確認するにはどうすればよいですか?",
    "このEメールのリンクは「https://www.amazon.co.jp」で始まります。",
)
"""Sentences of a note on fakes that may stand between the words and the bare URL."""

POINTER = "以下のリンクを"
POINTER_WORDS = (
    *("コピー", "クリック", "タップ", "貼り付け", "開", "使", "確認"),
    *("ブラウザ", "ブラウザー", "アドレスバー", "URL"),
)
"""The last sentence of that note begins so, and goes on in these words and hiragana."""

OTHER_NUMBERS = (
    *(
        "参照",
        "問い合わせ",
        "受付",
        "注文",
        "郵便",
        "〒",
        "電話",
        "reference",
        "ref",
        "case",
    ),
    *("order", "ticket", "postal code", "zip", "zip code", "pin code", "phone", "tel"),
    *("bestellnummer", "vorgangsnummer", "postleitzahl", "référence", "pedido"),
    *(
        "rcs",
        "合同会社",
        "amazon seller services",
        "pvt",
        "private limited",
        "ltd",
        "llc",
    ),
    *("inc", "gmbh", "sarl", "bengaluru", "bangalore", "singapore", "luxembourg"),
)
"""Words above a number that make it one of Amazon's address, or of a case or order."""

OLD_CODES = (
    *("previous", "earlier", "expired", "ignore", "no longer", "your old", "the old"),
    *("以前の", "前回の", "古い", "期限切れ", "無効な"),
    *("vorherig", "anterior", "précédent", "precedente", "ancien"),
)
"""Words beside the words for a code that make it one which is void."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """What Amazon writes in one language."""

    language: str
    attempts: tuple[str, ...]
    """Ends of subjects of a sign-in attempt, after `<store>: `."""
    notices: tuple[str, ...] = ()
    """Ends of subjects which tell of a sign-in that already happened."""
    actions: tuple[str, ...] = ()
    """What may stand between store and end: action needed."""
    alerts: tuple[str, ...] = ()
    """What may stand in place of the store."""
    approve: tuple[str, ...]
    """The words that ask to approve or deny."""
    codes: tuple[str, ...]
    """The words that announce a verification code."""
    when: tuple[str, ...]
    device: tuple[str, ...]
    near: tuple[str, ...]


WORDINGS = (
    Wording(
        language="ja",
        attempts=(
            "サインイン試行",
            "サインイン試行が検出されました",
            "サインインの試行",
            "通常と異なるサインイン試行が検出されました",  # guessed
        ),
        notices=("サインイン", "サインインが検出されました"),
        actions=("アクションが必要です", "要対応"),
        alerts=("Amazonセキュリティ警告", "Amazonセキュリティアラート"),
        approve=(
            *("承認または否認", "承認または拒否", "承認または却下"),
            *("承認か否認", "承認するか否認", "承認するか拒否"),
        ),
        codes=(
            *("確認コード", "認証コード", "検証コード", "セキュリティコード"),
            *("ワンタイムパスワード", "ワンタイムコード"),
        ),
        when=("日時", "日付", "時刻", "時間"),
        device=("デバイス", "端末"),
        near=("付近", "場所", "おおよその場所", "近く"),
    ),
    Wording(
        language="en",
        attempts=(
            "Sign-in attempt",
            "Sign in attempt",
            "Sign-in attempt detected",
            "Unusual sign-in attempt",
            "Unusual sign-in attempt detected",
        ),
        notices=("Sign-in", "Sign in", "Sign-in detected"),
        actions=("action needed", "action required"),
        alerts=("Amazon security alert",),
        approve=(
            *("Approve or Deny", "Approve / Deny", "Approve or Reject"),
            *("Approve or Decline", "Approve it or deny it"),
        ),
        codes=(
            *("verification code", "security code", "sign-in code", "passcode"),
            *("One Time Password", "One-Time Password", "OTP"),
        ),
        when=("When", "Date", "Time"),
        device=("Device",),
        near=("Near", "Location", "Approximate location"),
    ),
    Wording(
        language="de",
        attempts=("Anmeldeversuch", "Ungewöhnlicher Anmeldeversuch erkannt"),
        notices=("Anmeldung",),
        actions=("Handlung erforderlich", "Aktion erforderlich"),
        alerts=("Amazon-Sicherheitswarnung", "Amazon Sicherheitswarnung"),
        approve=(
            *("genehmigen oder ablehnen", "genehmigen oder verweigern"),
            *("genehmige oder verweigere", "genehmige oder lehne"),
            *("bestätigen oder ablehnen", "zulassen oder ablehnen"),
        ),
        codes=(
            *("Verifizierungscode", "Bestätigungscode", "Sicherheitscode"),
            *("Verifizierungs-Code", "Einmalpasswort", "Einmalcode"),
        ),
        when=("Wann", "Datum", "Zeitpunkt", "Zeit"),
        device=("Gerät",),
        near=("In der Nähe von", "In der Nähe", "Nähe", "Ort", "Standort"),
    ),
    Wording(
        language="es",
        attempts=(
            "Intento de inicio de sesión",
            "Se ha detectado un intento de inicio de sesión inusual",  # guessed
        ),
        notices=("Inicio de sesión",),
        actions=("acción necesaria", "se requiere una acción", "acción requerida"),
        alerts=("Alerta de seguridad de Amazon",),
        approve=(
            *("Aprobar o Denegar", "Aprobar o Rechazar", "Aprueba o deniega"),
            *("Apruebe o deniegue", "Aprueba o rechaza", "Apruebe o rechace"),
            *("Aprobar o negar", "Aprobarlo o denegarlo"),
        ),
        codes=("código de verificación", "código de seguridad"),
        when=("Cuándo", "Fecha", "Hora"),
        device=("Dispositivo",),
        near=("Cerca de", "Cerca", "Ubicación", "Lugar"),
    ),
    Wording(
        language="fr",
        attempts=("Tentative de connexion", "Tentative d'identification"),
        notices=("Connexion", "Identification"),
        actions=("action requise", "action nécessaire"),
        alerts=("Alerte de sécurité Amazon",),
        approve=(
            *("Approuver ou refuser", "Approuvez ou refusez", "Approuver ou rejeter"),
            *("Approuver ou Decliner", "Approuver ou décliner", "Accepter ou refuser"),
        ),
        codes=("code de vérification", "code de sécurité", "code de validation"),
        when=("Quand", "Date", "Heure"),
        device=("Appareil", "Dispositif"),
        near=("À proximité de", "À proximité", "Près de", "Lieu", "Emplacement"),
    ),
    Wording(
        language="it",
        attempts=("Tentativo di accesso", "Tentativo di accesso insolito rilevato"),
        notices=("Accesso",),
        actions=("azione richiesta", "azione necessaria"),
        alerts=("Avviso di sicurezza Amazon",),
        approve=(
            *("Approva o nega", "Approvare o negare", "Approva o rifiuta"),
            *("Approvare o rifiutare", "Approvalo o rifiutalo"),
        ),
        codes=("codice di verifica", "codice di sicurezza"),
        when=("Quando", "Data", "Ora"),
        device=("Dispositivo",),
        near=("Vicino a", "Nelle vicinanze di", "Luogo", "Posizione"),
    ),
    Wording(
        language="pt",
        attempts=(
            *("Tentativa de login", "Tentativa de início de sessão"),
            *("Tentativa de iniciar sessão", "Tentativa de acesso"),
        ),
        notices=("Login", "Início de sessão"),
        actions=("ação necessária", "é necessária uma ação"),
        alerts=("Alerta de segurança da Amazon",),
        approve=(
            *("Aprovar ou negar", "Aprove ou negue", "Aprovar ou recusar"),
            *("Aprove ou recuse", "Aprovar ou rejeitar"),
        ),
        codes=(
            *("código de verificação", "código de segurança"),
            "código de confirmação",
        ),
        when=("Quando", "Data", "Hora"),
        device=("Dispositivo",),
        near=("Perto de", "Próximo a", "Próximo de", "Local", "Localização"),
    ),
    # All that follows is guessed: no mail in these languages was ever seen.
    Wording(
        language="nl",
        attempts=("Inlogpoging", "Aanmeldpoging", "Poging tot inloggen"),
        actions=("actie vereist",),
        approve=("Goedkeuren of weigeren", "Goedkeuren of afwijzen"),
        codes=("verificatiecode",),
        when=("Wanneer",),
        device=("Apparaat",),
        near=("In de buurt van", "Nabij"),
    ),
    Wording(
        language="sv",
        attempts=("Inloggningsförsök",),
        actions=("åtgärd krävs",),
        approve=("Godkänn eller neka", "Godkänna eller neka"),
        codes=("verifieringskod",),
        when=("När",),
        device=("Enhet",),
        near=("Nära", "I närheten av"),
    ),
    Wording(
        language="pl",
        attempts=("Próba logowania", "Próba zalogowania"),
        actions=("wymagane działanie",),
        approve=("Zatwierdź lub odrzuć", "Zaakceptuj lub odrzuć"),
        codes=("kod weryfikacyjny",),
        when=("Kiedy",),
        device=("Urządzenie",),
        near=("W pobliżu", "Blisko"),
    ),
    Wording(
        language="tr",
        attempts=("Oturum açma girişimi", "Oturum açma denemesi", "Giriş denemesi"),
        actions=("işlem gerekli",),
        approve=("Onayla veya reddet", "Onaylayın veya reddedin"),
        codes=("doğrulama kodu", "doğrulama kodunuz"),
        when=("Ne zaman",),
        device=("Cihaz",),
        near=("Yakın", "Yakınında"),
    ),
    Wording(
        language="zh",
        attempts=("登录尝试", "登入嘗試", "登录请求", "登入要求"),
        actions=("需要采取措施", "需要採取動作", "需要操作"),
        approve=("批准或拒绝", "核准或拒絕", "批准或拒絕"),
        codes=("验证码", "驗證碼"),
        when=("时间", "時間"),
        device=("设备", "裝置"),
        near=("附近", "地点", "地點"),
    ),
    Wording(
        language="ar",
        attempts=("محاولة تسجيل الدخول", "محاولة تسجيل دخول"),
        approve=("الموافقة أو الرفض", "وافق أو ارفض"),
        codes=("رمز التحقق",),
        when=("متى",),
        device=("الجهاز",),
        near=("بالقرب من",),
    ),
    Wording(
        language="hi",
        attempts=("साइन-इन का प्रयास", "साइन इन का प्रयास"),
        approve=("स्वीकृत या अस्वीकार", "स्वीकार या अस्वीकार"),
        codes=("सत्यापन कोड",),
        when=("कब",),
        device=("डिवाइस",),
        near=("के पास", "नज़दीक"),
    ),
)

ACCOUNT_SUBJECTS = (
    "Account data access attempt",
    "アカウントデータアクセスの試行",
    "Password recovery",
    "Amazon password assistance",
    "Passworthilfe",
    "Your Amazon verification code",
    "Amazon Authentication",
    "お客様のAmazon確認コード",
    "Ihr Amazon-Verifizierungscode",
    "Verify your new Amazon account",
    "新しいAmazonアカウントを確認します",
    "Revision to Your Amazon.com Account",
    "Account Recovery: Reset your Amazon.com account password",
    "Amazonセキュリティ警告",
    "Amazonを装った不審なメール等にご注意ください",
    *("Sign-in attempt was approved", "Your sign-in attempt was approved"),
    *("Sign-in attempt was denied", "Your sign-in attempt was denied"),
    *("サインイン試行が承認されました", "サインイン試行が否認されました"),
)
"""Ends of subjects of the other mails about accounts: siblings that are no attempts."""
