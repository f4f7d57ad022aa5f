"""The words by which a key says what its value is. Data of `lint.key_names`."""

# ruff: noqa: SIM905  words are read best as text

from __future__ import annotations

PLAIN_LAST = frozenset(
    """
    name names ref refs file files path paths dir url uri endpoint host port id ids uid arn ttl expiry expires
    expiration age timeout interval length size min max count limit policy rule algorithm algo type kind format
    encoding class mode method provider backend store engine issuer audience realm scope scopes header prefix suffix
    field column label selector enabled disabled required rotation rotate version rounds mtime hint regex pattern
    template example description resource resources verbs mount volume public fingerprint digest checksum alias
    hostname filename filepath dirname basename dbname hosts ports urls uris endpoints paths cost generator generators
    ciphertext ext extension extensions documentation docs tooltip
    time times date dates ms millis milliseconds seconds secs minutes hours days bytes
    """.split()
)
"""A key that ends in one of these does not hold a secret itself (a URL is still looked into)."""

PLAIN_AFTER = frozenset(
    """
    filter filters location manager service services env var variable param parameter flag option options status state
    action handler generator validator factory resolver request response error placeholder usage support supported
    present exists changed reset lookup operator controller image repository tag chart namespace role group user users
    username owner strategy strategies mechanism duration lifetime validity window plugin driver namespaces annotation
    annotations labels alg cmd domain command arguments hasher hashers validators handlers providers
    hashing encoder encryption complexity strength scheme query warning mismatch identity characters charset extras
    """.split()
)
"""A word for a secret with one of these behind it is about the secret: `tokenUser`, `secretNamespace`."""

PLAIN_FIRST = frozenset(
    """
    existing use using enable disable allow require has is no max min public generate create external reference skip
    checksum update force show hide remember forgot ignore
    """.split()
)
"""A key that begins with one of these and goes on does not hold a secret."""

PLAIN_TOGETHER = frozenset(
    """
    author authority authorizationmode keyboard keyword keywords keyring keyspace keystore monkey turkey tokenizer
    compass passthrough bypass passive secretary primarykey foreignkey sortkey partitionkey cachekey hashkey shardkey
    rangekey mapkey objectkey googcredential amzcredential accesslog auditlog apiversion tokenreview secretstore
    secretclass externalsecret externalsecrets sealedsecret sealedsecrets pushsecret sopssecret
    publickey protobufkey versionhash contenthash confighash templatehash sourcehash commithash archivehash
    imagehash certhash certhashes nexttoken pagetoken startingtoken continuationtoken changetoken
    publishablekey sitekey gpgkey gpgkeys pgpkey
    locktoken idempotencytoken creationtoken actiontoken instrumentationkey nopasswd aptkey aptkeys repokey
    repokeys websocketkey
    """.split()
)
"""One word, or two that belong together, that only look like a word for a secret."""

STRONG = frozenset(
    """
    password passwords passwd passphrase pass pwd pw secret secrets token tokens credential credentials creds apikey
    apisecret accesskey secretkey privatekey encryptionkey signingkey clientsecret sharedkey masterkey licensekey
    accountkey unsealkey sessionkey cookiesecret webhooksecret connectionstring dsn psk pat hmac seed mnemonic otp pin
    salt bearer basicauth htpasswd jwt dockerconfigjson dockercfg
    honeycombteam sonarlogin unsealkeys recoverykeys authkey passcode passcodes passkey peerpass apihash passwordsalt
    rootpw bindpw userpw adminpw dbpw authtok
    passwort dbpass userpass rootpass adminpass smtppass mailpass redispass mysqlpass ftppass
    keypass storepass loginpass sshpass wifipass ldappass authpass svcpass bindpass ldappw smtppw pswd
    """.split()
)
"""One word, or two that belong together: the value may be short and guessable and is a secret all the same."""

STRONG_ENDS = (
    "password", "passwd", "passphrase", "secret", "token", "apikey", "accesskey", "secretkey", "privatekey",
    "sharedkey", "credential", "credentials",
)  # fmt: skip
"""Ends of words written together, as in `dbpassword`."""

WEAK = frozenset(
    "key keys auth authorization hash cert session cookie code webhook license routing integration encrypt".split()
)
"""The value must also look random."""

MADE_UP = ("passw", "passphrase", "passcode", "pwd")
MADE_UP_WHOLE = frozenset(
    """
    pass pw pin psk pswd bindpw rootpw userpw adminpw dbpw ldappw smtppw
    dbpass userpass rootpass adminpass smtppass mailpass redispass mysqlpass ftppass
    keypass storepass loginpass sshpass wifipass ldappass authpass svcpass bindpass
    """.split()
)
"""Parts of words (`dbpassword`), and words, for what a person makes up."""

OF_WORDS = frozenset({"passphrase", "mnemonic", "seed"})
"""A key with one of these may hold several words, and they are the secret."""

PROSE = frozenset("description message help title summary comment comments pattern format note notes text".split())
"""A key that ends in one of these holds text for people or machines to read."""

IDENTIFYING = frozenset(
    """
    commit sha digest checksum checksums etag md fingerprint version uid id ids uuid guid revision
    rev integrity sum hash thumbprint serial
    """.split()
)
"""A key with one of these may hold long hex that names a thing."""

KEEPERS = frozenset(
    """
    vault wiki ci cd aws gcp azure sops kms ssm manager team operator doc docs documentation readme safe secret secrets
    store storage env environment environments variable variables helm terraform ansible puppet pipeline pipelines
    workflow actions deploy deployment deploytime runtime chart cluster admin administrator above below keepass
    bitwarden lastpass console dashboard settings setting file files config configuration infrastructure infra platform
    owner install installation installer startup start boot build script job hook controller kubernetes openbao
    automatically random randomly generator keychain keyring wallet elsewhere outside provider server system externally
    """.split()
)
"""Who or what keeps a secret, or makes it: a note that says where a value comes from names one."""
