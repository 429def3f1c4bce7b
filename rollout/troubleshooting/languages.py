"""What phones, browsers and pages write in English, German, French, Spanish and Japanese, as patterns by meaning.

Patterns are matched in any case against ``Paste.plain``, which has one spelling of quotation marks and spaces.
"""

from __future__ import annotations

LANGUAGES = ("en", "de", "fr", "es", "ja")

PHRASES: dict[str, dict[str, str]] = {
    "host_not_found": {
        "en": r"server with the specified host ?name could not be found|server (?:can't|can not|cannot"
              r"|could not) be found"
        r"|(?:could ?n.?t|could not|cannot|can't|unable to|failed to) (?:resolve|look ?up|find) (?:the )?(?:host"
        r"|server|address)"
        r"|(?:host ?name|domain|host) (?:could not|can't|cannot|does(?: not|n't)) (?:be found|be resolved|resolve"
        r"|exist)"
        r"|name or service not known|no such host|no address associated with|name resolution",
        "de": r"Server mit dem angegebenen Hostnamen|da der Server nicht gefunden|Server (?:wurde "
              r"|konnte )?nicht gefunden"
        r"|(?:Host|Server)name[^\n]{0,30}nicht (?:aufgelöst|gefunden)|Hostnamen nicht auf",
        "fr": r"serveur (?:ayant|avec|portant) le nom d'hôte|serveur est introuvable|serveur introuvable"
        r"|impossible de (?:trouver|résoudre)[^\n]{0,30}(?:serveur|hôte)|nom d'hôte[^\n]{0,20}introuvable",
        "es": r"servidor con el nombre de (?:host|servidor)|no (?:se )?(?:encuentra|pudo encontrar|ha encontrado"
              r"|puede encontrar)"
        r"[^\n]{0,20}servidor|no se (?:puede|pudo|ha podido) (?:resolver|encontrar)[^\n]{0,20}(?:host|servidor|nombre)",
        "ja": r"ホスト名のサーバー?が見つかりま|サーバー?が見つかりま|名前解決(?:でき|に失敗)|ホスト(?:名)?を解決でき",
    },
    "cannot_connect": {
        "en": r"could not connect to the server|(?:can't|cannot|can not|unable to|could ?n.?t|could not"
              r"|failed to) (?:establish a )?"
        r"connect(?:ion)? to (?:the )?(?:server|host|site|/)|connection (?:was )?(?:refused|reset)|refused to connect"
        r"|(?:can't|cannot|can not|could not|unable to) (?:reach|access) (?:the )?(?:server|site|host|wiki)"
        r"|no route to host|network is unreachable|host is (?:down|unreachable)|server stopped responding"
        r"|(?:not reachable|unreachable|can't be reached|cannot be reached)",
        "de": r"konnte keine Verbindung|keine Verbindung (?:zum|mit dem) (?:Server|Host)"
              r"|(?<!sichere )(?<!gesicherte )Verbindung zum Server (?:konnte|kann) nicht"
        r"|Verbindung (?:wurde )?(?:abgelehnt|verweigert|zurückgesetzt)|nicht erreichbar|Server antwortet nicht",
        "fr": r"site est (?:inaccessible|injoignable)|adresse IP[^\n]{0,80}introuvable"
        r"|impossible de se connecter (?:au|à)|(?:n'a pas pu|ne peut pas) se connecter (?:au|à)"
        r"|connexion (?:a été )?(?:refusée|réinitialisée)|est injoignable|le serveur ne répond (?:pas|plus)",
        "es": r"no se puede acceder a (?:este|el) (?:sitio|servidor)|tardado demasiado"
              r"|dirección IP[^\n]{0,80}no se encontró"
        r"|no se (?:ha podido|pudo|puede) (?:conectar|establecer (?:la |una )?conexión) (?:con"
              r"|al?) (?:el )?(?:servidor|host|sitio)"
        r"|conexión (?:ha sido |fue )?(?:rechazada|restablecida)|el servidor no responde|inaccesible",
        "ja": r"サイトにアクセスできません|IP ?アドレスが見つかりま|応答(?:時間|に時間)[^\n]{0,8}(?:長すぎ|かかり)"
        r"|サーバー?に接続でき|接続(?:が|を)拒否|接続がリセット|サーバー?が応答し(?:ませ|な)",
    },
    "timed_out": {
        "en": r"(?:operation|connection|request|connect|session request) (?:has )?timed out|connection time-?out"
              r"|took too long to respond",
        "de": r"Zeitüberschreitung|Zeitlimit[^\n]{0,20}(?:überschritten|erreicht)",
        "fr": r"délai (?:d'attente|imparti)|(?:requête|demande) a expiré|délai[^\n]{0,30}(?:dépassé|expiré)",
        "es": r"tiempo de espera|(?:solicitud|petición) ha (?:excedido|caducado|expirado)",
        "ja": r"タイムアウト",
    },
    "connection_lost": {
        "en": r"network connection was lost",
        "de": r"Netzwerkverbindung (?:wurde|ist) (?:unterbrochen|getrennt|verloren)",
        "fr": r"connexion (?:au )?réseau (?:a été |est )?(?:perdue|interrompue)",
        "es": r"(?:perdido|perdió|interrump\w{1,4}) la conexión (?:de|a la|con la) red|conexión de red se (?:perdió"
              r"|ha perdido|ha interrump)",
        "ja": r"ネットワーク接続[がは](?:切れ|切断|失われ|途切れ)",
    },
    "offline": {
        "en": r"appears to be offline|not connected to the internet|cellular data is turned off",
        "de": r"Internetverbindung scheint|keine (?:Verbindung zum Internet|Internetverbindung)"
              r"|nicht mit dem Internet verbunden",
        "fr": r"connexion (?:à )?Internet semble|pas (?:de connexion|connecté) (?:à )?Internet",
        "es": r"conexión a Internet parece|(?:no hay|sin) conexión a Internet|no (?:estás?|está) conectado a Internet",
        "ja": r"インターネット接続がオフライン|インターネットに接続され(?:ていませ|てな)",
    },
    "no_secure_connection": {
        "en": r"SSL error has occurred|secure connection to the server cannot be made|secure connection failed"
        r"|(?:can't|cannot|could not|could ?n't|unable to|failed to|not) (?:establish|make|create"
        r"|open) a secure connection",
        "de": r"SSL-Fehler|sichere Verbindung[^\n]{0,40}(?:nicht|fehlgeschlagen)|(?:keine"
              r"|Gesicherte) (?:sichere )?Verbindung fehlgeschlagen"
        r"|keine (?:sichere|gesicherte) Verbindung|Fehler: Gesicherte Verbindung",
        "fr": r"erreur SSL|connexion sécurisée[^\n]{0,40}(?:ne peut|n'a pas|impossible|éch)|(?:impossible"
              r"|échec)[^\n]{0,25}connexion sécurisée",
        "es": r"error (?:de )?SSL|(?:no se|no puede|imposible|error)[^\n]{0,30}conexión segura"
              r"|conexión segura[^\n]{0,30}(?:no se|fall)",
        "ja": r"SSL ?エラー|(?:安全な|保護された|セキュアな)接続(?:を|が|に)[^\n]{0,10}(?:でき|失敗)",
    },
    "certificate_not_trusted": {
        "en": r"certificate for this server is invalid|pretending to be|connection is not private"
              r"|certificate[^\n]{0,40}not (?:be )?(?:trusted|verified)"
        r"|can(?:'t|not) (?:be )?verif(?:y|ied)[^\n]{0,20}(?:server )?(?:identity|certificate)"
        r"|cannot verify server identity",
        "de": r"Zertifikat (?:für diesen|dieses) Servers? ist ungültig|nicht vertrauenswürdig"
              r"|(?:Zertifikat[^\n]{0,30}|wird )nicht vertraut"
        r"|sich als [^\n]{1,80} ausgibt|Verbindung ist nicht privat|Serveridentität",
        "fr": r"certificat (?:de|pour) ce serveur n'est pas valide|certificat[^\n]{0,30}(?:pas (?:fiable|approuvé"
              r"|digne)|non (?:fiable|approuvé))"
        r"|qui prétend(?:rait)? être|connexion n'est pas privée|identité du serveur",
        "es": r"certificado de este servidor no es válido|certificado[^\n]{0,30}no es (?:de confianza|fiable)|hac(?:e"
              r"|iéndose) pasar por"
        r"|conexión no es privada|identidad del servidor",
        "ja": r"このサーバー?の証明書は無効|証明書[はがを][^\n]{0,6}信頼(?:でき|され)|偽装|プライバシーが保護され"
              r"|サーバー?の識別情報を検証でき",
    },
    "issuer_unknown": {
        "en": r"unable to get (?:local )?issuer certificate|unable to verify the first certificate|self[- ]signed"
        r"|unknown (?:certificate |certifying )?authority|signed by (?:an )?unknown|issuer[^\n]{0,20}(?:unknown"
        r"|not recogni[sz]ed|not trusted)"
        r"|(?:missing|without|not send|incomplete)[^\n]{0,20}(?:intermediate|certificate chain|chain)"
        r"|chain is incomplete",
        "de": r"(?:Aussteller|Herausgeber)[^\n]{0,30}unbekannt|selbst ?signiert|unbekannte[nr]? Zertifizierungsstelle"
        r"|Zwischenzertifikat[^\n]{0,20}fehlt|Zertifikatskette[^\n]{0,20}unvollständig",
        "fr": r"émetteur[^\n]{0,40}inconnu|auto-?signé|autorité de certification[^\n]{0,20}inconnue"
              r"|certificat intermédiaire[^\n]{0,20}manqu",
        "es": r"emisor[^\n]{0,40}desconocido|autofirmado|autoridad (?:de certificación"
              r"|certificadora)[^\n]{0,20}desconocida|certificado intermedio[^\n]{0,20}falt",
        "ja": r"自己署名|発行者[がは](?:不明|信頼|わから)|不明な認証局|認証局[がは](?:不明|信頼)|中間証明書が(?:ない"
              r"|ありません|不足)",
    },
    "certificate_expired": {
        "en": r"certificate[^\n.]{0,40}\b(?:expired|out of date)|expired (?:ssl |tls "
              r"|server )?certificate|certificate is not yet valid|certificate[^\n]{0,20}no longer valid",
        "de": r"Zertifikat[^\n]{0,60}(?:abgelaufen|noch nicht gültig|nicht mehr gültig)|abgelaufene[sn]? Zertifikat",
        "fr": r"certificat[^\n]{0,60}(?:expiré|périmé|pas encore valide|plus valide)",
        "es": r"certificado[^\n]{0,60}(?:caducad|caducó|expirad|expiró|vencid|venció|aún no es válido"
              r"|todavía no es válido)",
        "ja": r"証明書[^\n]{0,30}(?:期限切れ|期限が切れ|期限が過ぎ|まだ有効)",
    },
    "certificate_host": {
        "en": r"no alternative certificate subject name matches|host ?name mismatch|certificate is (?:not valid"
              r"|only valid) for"
        r"|does(?: not|n.t) match (?:the )?(?:host|target)|(?:hostname|host)[^\n]{0,60}(?:not verified|does not match)"
        r"|certificate[^\n]{0,30}(?:for (?:an?other|a different) (?:host|name|domain|server)|does(?: not"
        r"|n't) (?:match|contain|include)[^\n]{0,20}(?:host|name|domain))"
        r"|certificate is valid for [^\n]{1,200}, not |No subject alternative|legacy Common Name",
        "de": r"Zertifikat[^\n]{0,60}(?:gilt nur für|nicht gültig für|nur gültig für|anderen (?:Host|Namen|Server))"
        r"|(?:Host|Server)name[^\n]{0,40}(?:stimmt nicht|passt nicht)[^\n]{0,40}",
        "fr": r"certificat[^\n]{0,60}(?:n'est valide que pour|pas valide pour|autre (?:nom|hôte|serveur|domaine))"
              r"|certificat[^\n]{0,60}ne correspond pas",
        "es": r"certificado[^\n]{0,60}(?:s[oó]lo es válido para|no es válido para|otro (?:nombre|host|servidor"
              r"|dominio)|no coincide)",
        "ja": r"証明書[^\n]{0,40}(?:ホスト名|ドメイン|名前)[^\n]{0,14}(?:一致し|異な)",
    },
    "client_certificate": {
        "en": r"(?:require[sd]?|need(?:s|ed)?|expects?|demands?|wants?|requests?|asks? (?:me )?for"
              r"|prompts? (?:me )?for|missing|without|invalid|no)"
        r"[^\n.]{0,30}\b(?:client|identity|user|device|login)[- ]certificate"
        r"|\bclient[- ]certificate[^\n.]{0,30}(?:required|needed|missing|rejected|invalid|expired|revoked|not "
        r"|authentication)"
        r"|rejected a client certificate|(?:pick|choos|select|present)\w{0,4} (?:the|a|my|an?"
        r"|your) (?:\w{1,12} )?certificate"
        r"|No required SSL certificate|(?:did not|didn't|does not) (?:return|send|present|provide) (?:a|any"
        r"|its) (?:\w{1,8} )?certificate"
        r"|no (?:client )?certificate (?:was )?(?:sent|presented|provided)|mutual (?:TLS|SSL|authentication)"
        r"|\bm-?TLS\b|two-way (?:TLS|SSL)"
        r"|accept your login certificate|smart ?card|ssl_?verify_?client|ssl_client_certificate|clientAuth\b"
        r"|(?:asks?|asked|prompts?|prompted) (?:me |us |you |users? |people )?(?:for|to (?:pick|choose|select|use)) "
        r"(?:(?:my|the|a|an|your|their|which) )?(?:\w{1,12} )?(?:certificates?|cert|identity)\b|client[- ]cert\b",
        "de": r"(?:Client|Benutzer|Geräte|Anmelde)-?zertifikat|Zertifikat (?:aus)?(?:wählen|gewählt|auszuwählen)"
              r"|fragt nach (?:einem|dem) Zertifikat",
        "fr": r"certificat (?:de |du )?client|certificat (?:d'utilisateur|utilisateur|d'identité)|(?:choisi"
              r"|sélectionn)\w{1,4} (?:un|le|mon) certificat|demande un certificat",
        "es": r"certificado (?:de|del) (?:cliente|usuario|identidad)|(?:elegi|eleg|selecciona|escog)\w{0,3} (?:un|el"
              r"|mi) certificado|(?:pide|solicita) un certificado",
        "ja": r"クライアント証明書|証明書(?:を|の)選択|証明書を選",
    },
    "too_many_redirects": {
        "en": r"too many (?:HTTP )?redirects|redirected too many times|TOO_MANY_REDIRECTS|redirects? followed"
              r"|redirect(?:ion)? loop|maximum redirects"
        r"|redirects? (?:\w{1,12} ){0,3}(?:endlessly|forever|in a loop|to itself)|endless redirect",
        "de": r"zu viele (?:Um|Weiter)leitungen|zu oft (?:weiter|um)geleitet|(?:Um|Weiter)leitungs(?:schleife|fehler)"
              r"|Endlosschleife|leitet[^\n]{0,40}nie(?:mals)? beendet",
        "fr": r"trop de redirections|boucle de redirection|redirig\w{1,4}[^\n]{0,30}(?:trop de fois"
              r"|à de trop nombreuses reprises|n'aboutira jamais)",
        "es": r"demasiad[oa]s (?:redirecciones|redireccionamientos|redireccionadas|veces)|bucle de redirecc",
        "ja": r"リダイレクト(?:の回数)?が(?:多すぎ|繰り返)|リダイレクト(?:の)?ループ|繰り返しリダイレクト"
              r"|リダイレクトが無限",
    },
    "address_invalid": {
        "en": r"address is (?:invalid|not valid)|ERR_UNKNOWN_URL_SCHEME|scheme does(?: not"
              r"|n't) have a registered handler"
        r"|unsupported (?:url|protocol|scheme)|Protocol [\"']?confluence-server[\"']? not supported|no (?:app"
        r"|application)[^\n]{0,30}(?:open|handle)[^\n]{0,20}confluence-server",
        "de": r"Adresse (?:ist )?ungültig|nicht unterstützte URL",
        "fr": r"adresse n'est pas valide|adresse (?:est )?(?:non valide|invalide|incorrecte)|URL non prise en charge",
        "es": r"dirección no es válida|dirección no válida|URL no (?:compatible|admitida)",
        "ja": r"アドレスが無効|サポートされていない ?URL|対応していない ?URL",
    },
    "not_compatible": {
        "en": r"\b(?:not|isn.t|in)[ -]?compatible\b|not supported by th(?:e|is) app|incompatible",
        "de": r"(?:nicht |in)kompatibel",
        "fr": r"(?:pas |in)compatible",
        "es": r"no es compatible|incompatible",
        "ja": r"互換性が(?:あり|な)|対応していません",
    },
    "sites_not_shown": {
        "en": r"(?:can.?t|cannot|could ?n.t|could not|unable to|failed to) (?:display|show|load|read"
              r"|parse)[^\n]{0,20}\bsites?\b"
        r"|(?:site list|list of sites) (?:is |stays )?(?:empty|missing)",
        "de": r"(?:Site-?Liste|Liste der (?:Sites|Websites|Seiten)|\bSites"
              r"|Websites)[^\n]{0,40}(?:nicht[^\n]{0,15}(?:angezeigt|geladen|gelesen|lesen)|leer)",
        "fr": r"(?:impossible d'afficher|ne peut pas afficher|ne parvient pas à afficher)[^\n]{0,30}sites"
              r"|liste des sites[^\n]{0,20}vide",
        "es": r"(?:no se pued\w{1,3}|no se pud\w{1,6}|no puede) (?:mostrar|cargar|leer)[^\n]{0,20}sitios"
              r"|lista de sitios[^\n]{0,20}vacía",
        "ja": r"サイト(?:の)?(?:一覧|リスト)?[をが](?:表示|読み込)[^\n]{0,8}(?:せん|できない)|サイト(?:の)?(?:一覧"
              r"|リスト)が空",
    },
    "asks_for_password": {
        "en": r"\b(?:asks?|asked|asking|prompt(?:s|ed)?|wants?|requests?|demands?|see|shows?"
              r"|get)\b[^\n.]{0,40}\b(?:user ?names?|passwords?|credentials)\b(?! reset)"
        r"|(?:password|user ?name) (?:form|field|screen|prompt|dialog)|native (?:login|sign-in)",
        "de": r"(?:frag|verlang|forder|will|zeig)\w{0,3}[^\n.]{0,40}(?:Benutzernamen?|Passwort|Kennwort|Anmeldedaten"
              r"|Zugangsdaten)"
        r"|(?:Benutzernamen?|Passwort|Kennwort)[^\n.]{0,30}(?:abgefragt|verlangt|gefragt|eingeben)",
        "fr": r"(?:demand|affich|réclam)\w{0,4}[^\n.]{0,40}(?:mot de passe|identifiants?|nom d'utilisateur)",
        "es": r"(?:pide|piden|solicita\w?|muestra\w?)[^\n.]{0,40}(?:contraseña|usuario|credenciales)",
        "ja": r"(?:ユーザー?名|ユーザー? ?ID|パスワード)[^\n。]{0,20}(?:求め|聞か|要求|入力|画面)",
    },
    "base_url": {
        "en": r"base ?url[^\n]{0,80}(?:mismatch|differ|does ?n.?t match|not match|incorrect|is not the same|is wrong"
              r"|different)"
        r"|(?:mismatch|wrong|incorrect|different)[^\n]{0,12}base ?url|accessing[^\n]{0,60}does ?n.?t match"
        r"|base ?url (?:is|of)[^\n]{0,200}\baccess(?:ing|ed|es)\b|running (?:on|at) the (?:following )?(?:url"
        r"|host ?name)[^\n]{0,200}accessed"
        r"|dashboard[^\n]{0,40}configuration[^\n]{0,40}administrator can correct|update (?:the )?base url",
        "de": r"Basis-?URL[^\n]{0,250}(?:greifen|greifst|zugegriffen|zugreifen|aufgerufen|stimmt nicht|weicht"
              r"|unterscheid|falsch)",
        "fr": r"URL de base[^\n]{0,250}(?:vous accédez|accédez|accès|ne correspond|diffère|incorrecte)",
        "es": r"URL (?:de )?base[^\n]{0,250}(?:accediendo|accede|acceso|no coincide|difiere|incorrecta)",
        "ja": r"(?:ベース|基本) ?URL[^\n]{0,250}(?:アクセス|一致し|異な|間違)",
    },
    "format_error": {
        "en": r"(?:HTML|(?:login|sign-in|web) page) (?:page )?instead of (?:the )?(?:expected )?JSON"
              r"|Expected start of the object|Unexpected JSON token"
        r"|JsonDecodingException|JSONException|jsonSerializationFailed|DecodingError|expected JSON"
        r"|data could ?n.t be read because it is ?n.t in the correct format"
              r"|data could ?n.t be read because it is missing|not (?:a )?valid JSON"
        r"|Unexpected (?:character|token) '?<|JSON (?:text did not|parse error|could not be (?:parsed|decoded))"
        r"|Expected BEGIN_OBJECT"
        r"|malformed JSON|text did not start with|unacceptable (?:status code|content type)"
        r"|status code was unacceptable",
        "de": r"(?:HTML|Anmeldeseite|Webseite)[^\n]{0,12} (?:statt|anstelle von|anstatt) JSON"
        r"|Daten konnten nicht gelesen werden",
        "fr": r"(?:HTML|page[^\n]{0,20}) au lieu (?:de|du) JSON"
        r"|données n'ont pas pu être lues|données ne peuvent pas être lues",
        "es": r"(?:HTML|página[^\n]{0,20}) en (?:lugar|vez) de JSON"
        r"|(?:no se han podido|no se pudieron|no se pueden) leer los datos|datos no (?:pudieron|se pudieron"
              r"|se pueden) leer",
        "ja": r"JSON ?(?:ではなく|の代わりに) ?HTML"
        r"|データ[^\n]{0,20}(?:フォーマット|形式)[^\n]{0,20}(?:読み込|読み取)|データを読み(?:込|取)",
    },
    "maintenance": {
        "en": r"(?:under|undergoing|down for|scheduled|planned|ongoing|routine|for) (?:\w{1,12} )?maintenance"
              r"|maintenance (?:mode|window|in progress|work|page|break)"
        r"|(?:being|is) upgraded|upgrade in progress|be (?:right )?back (?:soon|shortly|later|online)|app[ _]offline"
        r"|Confluence is (?:starting|being)"
        r"|read-only mode",
        "de": r"Wartungs(?:arbeit|modus|fenster|seite|pause)|wird (?:gerade )?gewartet|in Wartung|(?:wegen"
              r"|Geplante) Wartung|gleich wieder (?:da|für)"
        r"|schreibgeschützte[nr]? Modus|wird (?:gerade )?aktualisiert",
        "fr": r"en (?:cours de )?maintenance|maintenance (?:en cours|planifiée|programmée|prévue)"
              r"|mode (?:de )?maintenance|de retour (?:bientôt|rapidement|très vite|dans)"
        r"|mode lecture seule|opération de maintenance",
        "es": r"en mantenimiento|mantenimiento (?:programado|planificado|previsto|en curso)"
              r"|modo (?:de )?mantenimiento|(?:labores|tareas) de mantenimiento|volveremos (?:pronto|en)"
        r"|modo de solo lectura",
        "ja": r"メンテナンス|読み取り専用モード",
    },
    "rate_limit": {
        "en": r"too many requests|rate[- ]?limit(?!\w*[- ](?:limit|remaining|reset|interval|fillrate)\b)"
              r"|(?:request )?throttl(?:ed|ing)|limiting (?:requests|connections)|request limit exceeded"
        r"|(?:over|exceed)\w{0,4}[^\n]{0,20}(?:quota|requests per)|retry after \d",
        "de": r"zu viele (?:Anfragen|Anforderungen|Zugriffe)|Anfragelimit|Ratenbegrenzung|Anfragen pro (?:Sekunde"
              r"|Minute)",
        "fr": r"trop de (?:requêtes|demandes)|limit\w{1,5} (?:de|du) (?:requêtes|débit|taux)",
        "es": r"demasiadas (?:solicitudes|peticiones)|límite de (?:solicitudes|peticiones|velocidad|frecuencia)",
        "ja": r"リクエスト(?:の)?(?:数|回数)?[がは]?(?:多すぎ|上限|制限)|レート制限|アクセス回数",
    },
    "blocked": {
        "en": r"(?:page|url|site|access|connection)[^\n.]{0,40}(?:has been|was|is|been) blocked|page blocked"
        r"|you have been blocked|request (?:was |has been |is )?(?:blocked|denied by)|requested URL was rejected"
              r"|has been (?:blocked|denied by)[^\n]{0,40}(?:polic|firewall|security|administrator)"
        r"|blocked by (?:\w{1,20} ){0,4}(?:firewall|WAF|polic|rule|security|proxy|administrator)"
        r"|Access Denied[^\n]{0,200}Reference|Incident ID",
        "de": r"(?:Zugriff|Anfrage|Seite|Verbindung)[^\n.]{0,40}(?:blockiert|gesperrt|abgewiesen)"
              r"|Sie wurden (?:blockiert|gesperrt)|blockiert (?:durch|von)",
        "fr": r"(?:accès|requête|page|site)[^\n.]{0,40}bloqué|vous avez été bloqué|bloqué(?:e)? par",
        "es": r"(?:acceso|solicitud|petición|página|sitio)[^\n.]{0,40}bloquead|has sido bloquead|(?:ha|han) bloqueado",
        "ja": r"ブロックされ(?:まし|てい)|(?:アクセス|リクエスト)[がは][^\n。]{0,12}(?:拒否|遮断|ブロック)",
    },
    "bot_check": {
        "en": r"just a moment\.\.\.|checking (?:if the site connection is secure|your browser)"
              r"|enable JavaScript and cookies|verif(?:y|ying) (?:that )?you are (?:a )?human"
        r"|making sure you're not a bot|(?:bot|cookie) (?:check|challenge|defen[cs]e|protection)|are you a robot"
        r"|Pardon Our Interruption|made us think you were a bot|enable JavaScript to view the page content"
        r"|press (?:&|and) hold|\bcaptcha\b|JavaScript challenge",
        "de": r"Nur einen Moment|Ihr Browser wird (?:über)?geprüft|aktivieren Sie JavaScript und Cookies"
              r"|dass Sie (?:ein Mensch|kein Roboter) sind|Bot-?(?:Schutz|Abwehr|Prüfung)",
        "fr": r"Un instant(?:\.\.\.|…)|vérification de votre navigateur|activer JavaScript et les cookies"
              r"|que vous êtes (?:un )?humain|protection (?:anti-?bot|contre les (?:bots|robots))",
        "es": r"Un momento(?:\.\.\.|…)|comprobando (?:tu|su) navegador|activa(?:r)? JavaScript y las cookies"
              r"|que (?:eres|es) (?:un )?(?:ser )?humano|protección (?:anti-?bots?|contra bots)",
        "ja": r"しばらくお待ちください(?:\.\.\.|…)|ブラウザー?を(?:確認|チェック)|JavaScript と Cookie を有効"
              r"|人間であること|ロボットではない|ボット対策",
    },
    "moved": {
        "en": r"(?:moved|migrated|relocated|renamed)[^\n.]{0,30}(?:new|other|another|different) (?:address|host"
              r"|domain|url|name|server)"
        r"|(?:old|former|previous) (?:address|host|url|domain|name)[^\n.]{0,40}redirect"
        r"|redirects?[^\n.]{0,40}(?:new (?:address|host|domain|url|name))|has moved to https?:"
        r"|moved permanently to|(?:rename|move|migration) of the (?:host|server|site|domain)|(?:host|server|site"
        r"|domain) (?:was|has been|is) (?:renamed|moved)",
        "de": r"(?:umgezogen|verschoben|umbenannt)[^\n.]{0,40}(?:Adresse|Domain|Host|URL|https?:)|(?:alte"
              r"|frühere) (?:Adresse|URL|Domain)[^\n.]{0,40}(?:leitet|Weiterleitung)|unter (?:einer"
              r"|der) neuen (?:Adresse|Domain|URL)",
        "fr": r"(?:déménagé|déplacé|migré)[^\n.]{0,40}(?:adresse|domaine|https?:)|ancienne (?:adresse"
              r"|URL)[^\n.]{0,40}redirig|nouvelle adresse",
        "es": r"(?:mudado|movido|trasladado|migrado)[^\n.]{0,40}(?:dirección|dominio|https?:)|(?:antigua"
              r"|vieja) (?:dirección|URL)[^\n.]{0,40}redir|nueva dirección",
        "ja": r"(?:移転|移動|引っ越)[^\n。]{0,12}(?:しまし|先)|新しい(?:アドレス|URL|ドメイン)(?:に|へ)",
    },
    "sign_in_again": {
        "en": r"(?:sign(?:ed)?|signing|log(?:ged)?|logging) in again|session (?:has )?expired|90 days",
        "de": r"(?:erneut|neu|wieder|nochmal) an(?:zu)?melden|Sitzung (?:ist )?abgelaufen|90 Tage",
        "fr": r"se reconnecter|reconnectez|session (?:a )?expiré|90 jours",
        "es": r"(?:volver a|de nuevo)[^\n]{0,10}iniciar sesión|iniciar sesión (?:de nuevo|otra vez)"
              r"|sesión (?:ha )?(?:caducad|expirad|caducó|expiró)|90 días",
        "ja": r"(?:再度|再び|もう一度)(?:ログイン|サインイン)|再(?:ログイン|サインイン)|セッション[^\n]{0,10}(?:期限"
              r"|切れ|タイムアウト)|90 ?日",
    },
    "no_permission": {
        "en": r"not permitted to (?:edit|create|perform|view)|\bread[- ]only\b|can(?:not|.t) (?:edit|save|comment)"
              r"|you do(?: not|n't) have permission",
        "de": r"keine Berechtigung|nicht (?:berechtigt|bearbeiten|speichern)|schreibgeschützt",
        "fr": r"n'avez pas (?:l'|les? |la )?(?:autorisation|droit|permission)|pas autorisé|lecture seule",
        "es": r"no tienes? permiso|sin permisos?|solo lectura|no (?:puede|puedo) (?:editar|guardar)",
        "ja": r"権限がありません|許可されていません|編集でき|読み取り専用",
    },
    "error_page": {
        "en": r"an error has occurred|something went wrong|System error|Bad Gateway|Service Unavailable"
              r"|Internal Server Error|Gateway Time-?out|no healthy upstream|no server is available",
        "de": r"ist ein Fehler aufgetreten|interner Serverfehler|Systemfehler|Dienst nicht verfügbar",
        "fr": r"une erreur (?:est survenue|s'est produite)|erreur interne du serveur|service indisponible",
        "es": r"(?:se ha producido|se produjo|ha ocurrido) un error(?! (?:de )?SSL)|error interno del servidor"
              r"|servicio no disponible",
        "ja": r"エラーが発生しました|サーバー?(?:の)?(?:内部)?エラー|サービスを利用できません",
    },
    "redirect_url": {
        "en": r"redirect[_ ]?ur[il][^\n]{0,40}(?:mismatch|(?:not|n.t) (?:match|valid|registered|allowed|whitelisted)"
              r"|invalid|unknown)"
        r"|(?:mismatch|invalid|unknown|unregistered|bad|incorrect)[^\n]{0,14} '?\"?redirect[_ ]?ur[il]",
        "de": r"(?:Weiterleitungs|Umleitungs|Redirect)-?UR[IL][^\n]{0,40}(?:stimmt nicht|ungültig"
              r"|nicht (?:registriert|gültig|erlaubt)|unbekannt)|ungültige (?:Weiterleitungs|Umleitungs"
              r"|Redirect)-?UR[IL]",
        "fr": r"UR[IL] de redirection[^\n]{0,40}(?:ne correspond|invalide|n'est pas|non valide|incorrecte)",
        "es": r"UR[IL] de redirec\w{1,9}[^\n]{0,40}(?:no coincide|no es válid|inválid|no válid|incorrect)",
        "ja": r"リダイレクト ?UR[IL][^\n]{0,20}(?:一致し|無効|正しく|登録され)",
    },
    "client": {
        "en": r"client[_ ]?(?:id)?[^\n]{0,20}(?:not found|unknown|is invalid|does not exist|not recogni[sz]ed"
              r"|not registered)"
        r"|(?:unknown|no such|invalid) client(?:[_ ]id| application|\b(?![_ ]certificate|_))",
        "de": r"Client-?ID[^\n]{0,30}(?:unbekannt|ungültig|nicht gefunden|falsch)|(?:unbekannte"
              r"|ungültige)[rn]? Client(?!-?zertifikat)",
        "fr": r"(?:identifiant|ID)(?: du)? client[^\n]{0,30}(?:inconnu|invalide|introuvable)|client inconnu",
        "es": r"(?:identificador|ID) (?:de|del) cliente[^\n]{0,30}(?:desconocid|inválid|no válid|no encontrad"
              r"|no existe)|cliente desconocido",
        "ja": r"クライアント ?ID[^\n]{0,20}(?:無効|不明|見つかり|正しく)",
    },
    "blank_page": {
        "en": r"\b(?:blank|empty|white)\b",
        "de": r"\b(?:leere?[rsn]?|weiße?[rsn]?)\b",
        "fr": r"(?:page|écran) (?:blanche?|vide)|reste (?:blanche?|vide)|\bvide\b",
        "es": r"en blanco|vací[oa]",
        "ja": r"真っ白|空白|白い(?:画面|ページ)|何も表示され",
    },
    "signed_in": {
        "en": r"(?:after|when) (?:I |they |people |users |we )?(?:sign(?:ing|ed|-| )?in|log(?:ging|ged|-| )?in"
              r"|(?:press(?:ing|ed)?|tap(?:ping|ped)?|choos\w{1,3}|click\w{0,3}) Allow)"
        r"|(?:sign|log)[- ]?in (?:itself )?(?:works|succeeds|completes|is fine|goes through)"
        r"|signed in (?:successfully|fine)|(?:press|tap|choose|click)\w{0,3} Allow",
        "de": r"nach (?:der Anmeldung|dem (?:Anmelden|Login|Einloggen))|Anmeldung (?:klappt|funktioniert|gelingt"
              r"|erfolgreich)|(?:auf|tippe) [\"']?(?:Zulassen|Erlauben)",
        "fr": r"après (?:la connexion|l'authentification|s'être connecté|m'être connecté)|connexion (?:fonctionne"
              r"|réussi)|(?:sur|j'appuie) [\"']? ?Autoriser",
        "es": r"(?:después de|tras|al) iniciar sesión|inicio de sesión (?:funciona|correcto)|(?:pulso|toco"
              r"|en) [\"']?Permitir",
        "ja": r"(?:ログイン|サインイン)(?:した)?(?:後|あと)|(?:ログイン|サインイン)は(?:でき|成功)|許可を(?:押|タップ)",
    },
    "everyone": {
        "en": r"\beverybod|\beveryone|\ball (?:of our |our |the )?(?:users|phones|people|devices|iphones)"
              r"|at the same time|at once",
        "de": r"\balle(?:n)? (?:unsere[nr]? )?(?:Benutzer|Nutzer|Telefone|Geräte|iPhones|Kollegen|Mitarbeiter)"
              r"|gleichzeitig",
        "fr": r"tout le monde|tous les (?:utilisateurs|téléphones|iPhones?|appareils)|en même temps",
        "es": r"todo el mundo|todos los (?:usuarios|teléfonos|iPhones?|dispositivos)|al mismo tiempo|a la vez",
        "ja": r"全員|全ユーザー?|すべての(?:ユーザー?|端末|iPhone)|一斉に",
    },
}  # fmt: skip


def phrases(*meanings: str) -> str:
    """Return one pattern that matches any of the meanings in any language."""
    return "|".join(f"(?:{PHRASES[meaning][language]})" for meaning in meanings for language in LANGUAGES)
