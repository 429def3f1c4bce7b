"""The columns, install states, and platforms in app inventories of MDMs, as data. Pure.

Sources, by confidence:

- Documented: Intune's export reports ``AppInvRawData``, ``DevicesByAppInv`` and ``DeviceInstallStatusByApp``
  (learn.microsoft.com/mem/intune/fundamentals/reports-export-graph-available-reports); Microsoft Graph's
  ``resultantAppState``; the states of Apple's ``ManagedApplicationList``; the fields of Ivanti's API, whose
  ``platformType`` is a letter (help.ivanti.com).
- Shown by the consoles, so an export can differ: Jamf Pro's inventory display fields, Workspace ONE's app reports and
  deployment states (docs.vmware.com), Ivanti's and other consoles' lists.
- Translations: the names of report columns in Microsoft's German, French, Spanish and Japanese pages on monitoring
  apps (learn.microsoft.com/de-de, fr-fr, es-es and ja-jp, "mem/intune/apps/app-protection-policies-monitor" and
  "graph/api/resources/intune-apps-mobileappinstallstatus"). Names that those pages do not have are translated from the
  English ones and unconfirmed, as are all Italian, Dutch and Portuguese ones.

Names are compared without case, accents, spaces and punctuation: see ``key_of``.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping

# The columns by what they hold. If a file has several of one kind, the first one listed here counts.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "id": (
        "Serial number", "Serial", "Device serial number", "Serial no", "SN", "UDID", "Device UDID", "Device ID",
        "Managed device ID", "Device UUID", "UUID", "Device GUID", "IMEI",
        "Seriennummer", "Geräteseriennummer", "Seriennr", "Geräte-ID", "Gerätekennung",
        "Numéro de série", "N° de série", "Numéro de série de l’appareil", "ID de l’appareil", "ID d’appareil",
        "Identifiant de l’appareil",
        "Número de serie", "N.º de serie", "Número de serie del dispositivo", "ID de dispositivo",
        "ID del dispositivo", "Identificador del dispositivo",
        "シリアル番号", "製造番号", "デバイスのシリアル番号", "デバイスID", "端末ID", "デバイス識別子",
        "Numero di serie", "ID dispositivo", "Serienummer", "Apparaat-id", "Número de série", "ID do dispositivo",
    ),
    "name": (
        "Device name", "Device friendly name", "Friendly name", "Mobile device name", "Managed device name",
        "Computer name", "Phone name", "Device", "Phone", "Display name",
        "Gerätename", "Name des Geräts", "Gerätebezeichnung", "Gerät", "Anzeigename",
        "Nom de l’appareil", "Nom d’appareil", "Nom du terminal", "Nom du périphérique", "Appareil", "Nom convivial",
        "Nom complet", "Nom d’affichage",
        "Nombre del dispositivo", "Nombre de dispositivo", "Nombre del equipo", "Dispositivo", "Nombre descriptivo",
        "Nombre para mostrar",
        "デバイス名", "デバイスの名前", "端末名", "端末名称", "機器名", "機器名称", "デバイス", "端末", "フレンドリ名",
        "表示名",
        "Nome dispositivo", "Nome del dispositivo", "Apparaatnaam", "Toestelnaam", "Nome do dispositivo",
    ),
    "version": (
        "Application short version", "Short version", "App short version", "Bundle short version",
        "Installed version", "Version installed", "Installed app version", "Current version", "Application version",
        "App version", "Version of the app", "Bundle version",
        "Installierte Version", "Anwendungsversion", "App-Version", "Version der App", "Version der Anwendung",
        "Kurzversion",
        "Version installée", "Version de l’application", "Version d’application", "Version de l’app",
        "Version de l’appli", "Version courte",
        "Versión instalada", "Versión de la aplicación", "Versión de aplicación", "Versión de la app",
        "Versión corta",
        "インストール済みバージョン", "インストールされているバージョン", "アプリのバージョン", "アプリバージョン",
        "アプリケーションのバージョン", "アプリケーションバージョン", "短いバージョン",
        "Versione installata", "Versione app", "Versione dell’app", "Versione applicazione", "Geïnstalleerde versie",
        "Appversie", "Versão instalada", "Versão do aplicativo", "Versão da aplicação",
    ),
    "app": (
        "Application name", "App name", "Application", "App", "Application title", "App title", "Software name",
        "Anwendungsname", "App-Name", "Name der App", "Name der Anwendung", "Anwendung", "Applikation",
        "Nom de l’application", "Nom d’application", "Nom de l’app", "Nom de l’appli", "Appli",
        "Nombre de la aplicación", "Nombre de aplicación", "Nombre de la app", "Aplicación",
        "アプリ名", "アプリ名称", "アプリの名前", "アプリケーション名", "アプリケーションの名前", "アプリ",
        "アプリケーション",
        "Nome app", "Nome dell’app", "Nome applicazione", "Applicazione", "App-naam", "Toepassing",
        "Nome do aplicativo", "Aplicativo",
    ),
    "bundle": (
        "Bundle ID", "App bundle ID", "Bundle identifier", "Application identifier", "App identifier", "App ID",
        "Identifier", "Package name", "Package ID",
        "Bundle-ID", "Paket-ID", "App-ID", "Anwendungskennung", "ID de bundle", "ID du bundle",
        "Identifiant de l’application", "ID de paquete", "Identificador de la aplicación",
        "バンドルID", "バンドル識別子", "アプリID", "アプリ識別子",
    ),
    "platform": (
        "Platform", "Device platform", "Platform type", "Platform name", "Device type", "Operating system", "OS",
        "OS type", "OS name", "OS description", "Device OS",
        "Plattform", "Geräteplattform", "Gerätetyp", "Betriebssystem",
        "Plateforme", "Plate-forme", "Plateforme de l’appareil", "Type d’appareil", "Type de l’appareil",
        "Système d’exploitation",
        "Plataforma", "Plataforma del dispositivo", "Tipo de dispositivo", "Sistema operativo", "SO",
        "プラットフォーム", "デバイスの種類", "デバイスタイプ", "オペレーティングシステム", "基本ソフト",
        "Piattaforma", "Platform van het apparaat", "Besturingssysteem", "Sistema operacional",
    ),
    "state": (
        "AppInstallState_loc", "InstallState_loc", "App status", "Application status", "Install status",
        "Installation status", "App install status", "Installation state", "App state", "Installed",
        "Is installed", "App installed",
        "Installationsstatus", "App-Status", "App-Installationsstatus", "Status der Installation",
        "Anwendungsstatus", "Installiert",
        "État d’installation", "État de l’installation", "Statut d’installation", "Statut de l’installation",
        "État de l’application", "Statut de l’application", "Installé", "Installée",
        "Estado de instalación", "Estado de la instalación", "Estado de la aplicación", "Instalado", "Instalada",
        "インストール状態", "インストールの状態", "インストール状況", "インストールステータス", "アプリの状態",
        "アプリのインストール状態", "インストール済み",
        "Stato installazione", "Stato dell’installazione", "Installatiestatus", "Status da instalação",
    ),
    "state_code": ("AppInstallState", "InstallState"),  # numbers, or the same texts
    "user": (
        "User principal name", "UPN", "Primary user UPN", "Email address", "Email", "User email", "Enrollment user",
        "Enrollment username", "Enrolled user", "Primary user", "User name", "Username", "User", "Owner",
        "Benutzerprinzipalname", "E-Mail-Adresse", "E-Mail", "Benutzername", "Benutzer", "Registrierungsbenutzer",
        "Besitzer",
        "Nom d’utilisateur principal", "Nom principal de l’utilisateur", "Adresse e-mail", "Nom d’utilisateur",
        "Nom de l’utilisateur", "Utilisateur", "Propriétaire",
        "Nombre principal de usuario", "Correo electrónico", "Dirección de correo electrónico", "Nombre de usuario",
        "Nombre del usuario", "Usuario", "Propietario",
        "ユーザープリンシパル名", "メールアドレス", "メール", "ユーザー名", "ユーザ名", "ユーザー", "利用者", "所有者",
        "Nome utente", "Utente", "Gebruikersnaam", "Gebruiker", "Nome de usuário", "Usuário",
    ),
}  # fmt: skip

# Columns of the system's version: a bare "Version" beside one of them, or beside the platform, may be the system's.
SYSTEM_VERSION_COLUMNS = (
    "OS version", "Operating system version", "System version", "iOS version", "OS build", "Betriebssystemversion",
    "OS-Version", "Version du système d’exploitation", "Version du système", "Versión del sistema operativo",
    "OS バージョン", "OS のバージョン", "オペレーティングシステムのバージョン",
)  # fmt: skip
# Columns of the platform after which a bare "Version" is the system's.
SYSTEM_COLUMNS = (
    "OS", "Operating system", "OS name", "OS type", "Device OS", "Betriebssystem", "Système d’exploitation",
    "Sistema operativo", "SO", "オペレーティングシステム", "Besturingssysteem", "Sistema operacional",
)  # fmt: skip
# Columns of reports that count installations by app and list no phones; "Display name" is the app's there.
COUNT_COLUMNS = (
    "Installed device count", "Device count", "Devices count", "Installed devices", "Number of devices", "Installs",
    "Install count", "Number of installs", "Failed device count", "Not installed device count", "Device total",
    "Geräteanzahl", "Anzahl der Geräte", "Anzahl Geräte", "Installationen", "Installierte Geräte",
    "Nombre d’appareils", "Appareils installés", "Número de dispositivos", "Dispositivos instalados",
    "デバイス数", "デバイスの数", "インストール数", "端末数",
)  # fmt: skip
DISPLAY_NAME_COLUMNS = ("Display name", "Anzeigename", "Nom d’affichage", "Nombre para mostrar", "表示名")
# Names that say too little on their own: a version, a status, a name of what?
BARE_VERSION_COLUMNS = ("Version", "Versión", "バージョン", "Versione", "Versie", "Versão", "Ver.")
BARE_STATE_COLUMNS = (
    "Status", "State", "Zustand", "État", "Statut", "Estado", "状態", "ステータス", "状況", "Stato", "Situação",
)  # fmt: skip
BARE_NAME_COLUMNS = ("Name", "Nom", "Nombre", "名前", "名称", "Nome", "Naam")
VERSION_WORDS = ("version", "バージョン", "versie", "versão")  # in names such as "Confluence Data Center version"

# What an install state says: True, the app is on the phone; False, it is not; None, the MDM does not know.
INSTALL_STATES: Mapping[bool | None, tuple[str, ...]] = {
    True: (
        "Installed", "Install succeeded", "Success", "Succeeded", "Present", "Managed", "User installed app",
        "Update available", "Update rejected", "Prompting for update", "Prompting for management",
        "Management rejected", "Uninstall failed", "Up to date", "Updating", "Yes", "True",
        "Installiert", "Erfolgreich", "Vorhanden", "Deinstallation fehlgeschlagen", "Fehler bei der Deinstallation",
        "Ja", "Wahr",
        "Installé", "Installée", "Réussite", "Présent", "Présente", "Échec de la désinstallation", "Oui", "Vrai",
        "Instalado", "Instalada", "Correcto", "Presente", "Error al desinstalar", "Error de desinstalación", "Sí",
        "Verdadero",
        "インストール済み", "インストール済", "インストールされています", "成功", "アンインストールに失敗しました",
        "アンインストール失敗", "はい", "有",
        "Installato", "Installata", "Geïnstalleerd", "Instalado com êxito", "Sim",
    ),
    False: (
        "Not installed", "Uninstalled", "Failed", "Install failed", "Installation failed", "Error", "Not present",
        "Absent", "Missing", "Removed", "Removed by user", "User removed", "MDM removed", "Pending", "Pending install",
        "Install pending", "Installing", "Awaiting install on device", "Prompting for install", "Prompting",
        "Pending release", "Needs redemption", "Redeeming", "Download in progress", "Download failed",
        "Install rejected", "User rejected install", "User rejected", "Rejected", "Managed but uninstalled",
        "Prompting for login", "Validating purchase", "License not available",
        "Not applicable", "Available", "Queued", "Assigned", "No", "False",
        "Nicht installiert", "Deinstalliert", "Fehlgeschlagen", "Fehler", "Fehler bei der Installation",
        "Installation fehlgeschlagen", "Installation ausstehend", "Ausstehend", "Nicht vorhanden", "Nicht zutreffend",
        "Nicht anwendbar", "Entfernt", "Vom Benutzer entfernt", "Verfügbar", "Nein", "Falsch",
        "Non installé", "Non installée", "Désinstallé", "Désinstallée", "Échec", "Échec de l’installation",
        "Installation en attente", "En attente", "En attente d’installation", "Absente", "Non applicable",
        "Sans objet", "Supprimé", "Supprimée", "Disponible", "Non", "Faux",
        "No instalado", "No instalada", "Sin instalar", "Desinstalado", "Desinstalada", "Erróneo", "Con errores",
        "Error de instalación", "Error en la instalación", "Instalación pendiente", "Pendiente",
        "Pendiente de instalación", "Ausente", "No aplicable", "No procede", "Quitado", "Eliminado", "Falso",
        "未インストール", "インストールされていません", "インストールされていない", "未導入", "アンインストール済み",
        "失敗", "失敗しました", "エラー", "インストールに失敗しました", "インストール失敗", "インストール保留中",
        "インストールの保留中", "保留中", "保留", "該当なし", "適用外", "該当しない", "削除済み", "利用可能", "いいえ",
        "無", "Non installato", "Non installata", "Niet geïnstalleerd", "Mislukt", "Não instalado", "Não",
    ),
    None: (
        "Unknown", "Not known", "Not reported", "Not available", "N/A", "Unbekannt", "Nicht bekannt", "Inconnu",
        "Inconnue", "Desconocido", "Desconocida", "不明", "未確認", "Sconosciuto", "Onbekend", "Desconhecido",
    ),
}  # fmt: skip
# Intune's numbers: 1 installed, 2 failed, 3 not installed, 4 uninstall failed, 5 pending or not installed (that differs
# between reports), -1 not applicable, 99 unknown. A column "Installed" has 0 and 1.
INSTALL_CODES: Mapping[str, bool | None] = {
    "1": True, "4": True, "0": False, "2": False, "3": False, "5": False, "-1": False, "99": None, "": None,
}  # fmt: skip

# Beginnings of the words that name a platform. Ivanti writes one letter: I for iOS, A for Android, M for macOS.
APPLE_PLATFORMS = ("ios", "ipad", "iphone", "ipod")
APPLE_LETTER = "i"
OTHER_APPLE_PLATFORMS = ("mac", "osx", "tv", "watch", "vision", "appletv", "darwin")
# An app whose name has these beside the product's is another one: the cloud app, or an app of another vendor.
OTHER_APPS = ("cloud", "for {product}", "für {product}", "pour {product}", "para {product}", "for atlassian {product}")
NO_VERSION = ("", "-", "--", "–", "—", "n/a", "na", "none", "null", "unknown", "not installed", "not available")


def key_of(name: str) -> str:
    """Return the name as it is compared: lowercase letters and digits without accents."""
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    return "".join(character for character in decomposed if character.isalnum())


def keys_of(names: Iterable[str]) -> tuple[str, ...]:
    """Return the keys of several names, in order."""
    return tuple(dict.fromkeys(key_of(name) for name in names))
