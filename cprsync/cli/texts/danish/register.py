"""What errors of the register, of SFTP and of certificates say, in Danish."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

REGISTER: Final[Mapping[str, str]] = {
    # the mock
    "the mock does not answer: start it with `cprsync mock serve --dir DIR`": (
        "mocken svarer ikke: start den med `cprsync mock serve --dir MAPPE`"
    ),
    # the register
    "not asked: {ceiling} calls in a row got no answer": "ikke spurgt: {ceiling} kald i træk fik intet svar",
    "{host} cannot be reached": "{host} kan ikke nås",
    "{host} refuses our certificate: {why}": "{host} afviser vores certifikat: {why}",
    "the certificate of {host} {problem}": "certifikatet for {host} {problem}",
    "the register answers HTTP {status} and no SOAP": "registret svarer HTTP {status} og ingen SOAP",
    "the register answers HTTP {status}: {why}": "registret svarer HTTP {status}: {why}",
    "the answer is no HTTP": "svaret er ikke HTTP",
    "the register does not know the number": "registret kender ikke nummeret",
    "the register answers with an unknown result": "registret giver et ukendt resultat",
    "the answer belongs to another operation": "svaret hører til et andet kald",
    "the answer breaks the register's schema ({breach})": "svaret bryder registrets skema ({breach})",
    "the answer is too large: {what}": "svaret er for stort: {what}",
    "the answer is not well-formed XML, or is cut short": "svaret er ikke velformet XML, eller det er skåret af",
    "the answer is no SOAP envelope": "svaret er ingen SOAP-kuvert",
    "the answer is packed in a way that was not asked for": "svaret er pakket på en måde, der ikke blev bedt om",
    "the answer's body does not hold one element": "svarets krop rummer ikke ét element",
    "the answer demands what we do not know of": "svaret kræver noget, vi ikke kender",
    "the answer's packing is damaged": "svarets pakning er beskadiget",
    "the answer declares a document type": "svaret erklærer en dokumenttype",
    "the answer holds a processing instruction": "svaret rummer en behandlingsinstruktion",
    "a name or an address was read in another encoding": "et navn eller en adresse er læst i en anden tegnkodning",
    "the answer is empty": "svaret er tomt",
    "the answer is in a charset that is not taken": "svaret er i et tegnsæt, der ikke tages imod",
    "the answer holds no person": "svaret rummer ingen person",
    "the answer is not about the number asked for": "svaret handler ikke om det nummer, der blev spurgt om",
    "the answer holds an impossible value": "svaret rummer en umulig værdi",
    "the list of subscriptions breaks the register's schema": "listen over abonnementer bryder registrets skema",
    "the answer's fault or header is too large": "svarets fejl eller hoved er for stort",
    "the list of subscriptions holds what is no number": "listen over abonnementer rummer noget, der ikke er et nummer",
    "the answer is not the list of subscriptions": "svaret er ikke listen over abonnementer",
    "a request of ours breaks the register's schema ({what}): check service_agreement, user_system, user and cvr": (
        "et kald fra os bryder registrets skema ({what}): kontrollér service_agreement, user_system, user og cvr"
    ),
    "one replaced number leads to the next, and to no end": "ét afløst nummer fører til det næste, uden ende",
    "{why} (CallUUID {call})": "{why} (CallUUID {call})",
    "the register does not take the context model that we sent": ("registret tager ikke den kontekstmodel, vi sendte"),
    "the register does not accept our service agreement for this call": (
        "registret godtager ikke vores serviceaftale til dette kald"
    ),
    "the register does not accept our certificate for this call": (
        "registret godtager ikke vores certifikat til dette kald"
    ),
    "the register finds our request malformed": "registret finder vores kald forkert opbygget",
    "the register refuses the call as our mistake": "registret afviser kaldet som vores fejl",
    "the register reports a fault of its own": "registret melder en fejl hos sig selv",
    "the register's address is no https address": "registrets adresse er ingen https-adresse",
    "the register needs at least one worker": "registret kræver mindst én arbejder",
    "the register needs at least one call a second": "registret kræver mindst ét kald i sekundet",
    "CULR needs a worker and a call a second at least": "CULR kræver mindst én arbejder og ét kald i sekundet",
    # SFTP
    "the SFTP folder cannot be listed": "SFTP-mappen kan ikke vises",
    "the SFTP folder holds more than {most} files": "SFTP-mappen rummer flere end {most} filer",
    "a sealed delivery cannot be deleted there": "en forseglet leverance kan ikke slettes dér",
    "{path}: the SFTP key cannot be read": "{path}: SFTP-nøglen kan ikke læses",
    "{path}: not a private SSH key, or one with a passphrase": (
        "{path}: ikke en privat SSH-nøgle, eller en med adgangskode"
    ),
    "{path}: the known_hosts file cannot be read": "{path}: filen known_hosts kan ikke læses",
    "{path}: not a known_hosts file": "{path}: ikke en known_hosts-fil",
    "the connection to the SFTP server broke": "forbindelsen til SFTP-serveren blev brudt",
    "the SFTP server did not answer within {seconds} seconds": (
        "SFTP-serveren svarede ikke inden for {seconds} sekunder"
    ),
    "what was asked of the SFTP server took longer than {seconds} seconds in all": (
        "det, SFTP-serveren blev spurgt om, tog længere end {seconds} sekunder i alt"
    ),
    "a delivery comes more slowly than {floor} bytes a second": (
        "en leverance kommer langsommere end {floor} byte i sekundet"
    ),
    "the SFTP server's host key is none of those in known_hosts": (
        "SFTP-serverens værtsnøgle er ingen af dem i known_hosts"
    ),
    "the SFTP server does not accept our user and key": "SFTP-serveren godtager ikke vores bruger og nøgle",
    "the SFTP server does not answer": "SFTP-serveren svarer ikke",
    # certificates
    "{which} {problem}": "{which} {problem}",
    "{which} is not valid before {moment}": "{which} er ikke gyldigt før {moment}",
    "{which} has expired: {moment}": "{which} er udløbet: {moment}",
    "{host} {problem}": "{host} {problem}",
    "{why}, each time: it does so at the certificate step when it does not know our certificate; "
    "ours is in date and belongs to its key": (
        "{why}, hver gang: det gør den ved certifikatet, når den ikke kender vores; "
        "vores er gyldigt og hører til sin nøgle"
    ),
    "{path} holds no certificate in PEM form": "{path} rummer intet certifikat i PEM-form",
    "{path} is missing": "{path} mangler",
    "{path} cannot be read": "{path} kan ikke læses",
    "{which} belongs to company {found}, and the configuration says {company}": (
        "{which} tilhører virksomheden {found}, og i konfigurationen står {company}"
    ),
    "{ca} trusts a test authority: production does not": "{ca} har tillid til en testudsteder: det har produktion ikke",
    "the counterpart's issuers are missing: {ca}": "modpartens udstedere mangler: {ca}",
    "the counterpart's issuers are unreadable: {ca}": "modpartens udstedere kan ikke læses: {ca}",
    # parts of a sentence: what is said of a certificate, a host or an answer
    "our own certificate": "vores eget certifikat",
    "the issuer of our own certificate": "udstederen af vores eget certifikat",
    "it got none": "den fik intet",
    "it got none, or agreed on no way to encrypt": "den fik intet eller blev ikke enig om en kryptering",
    "it does not know the issuer": "den kender ikke udstederen",
    "it finds it expired or not yet valid": "den finder det udløbet eller ikke gyldigt endnu",
    "it finds it revoked": "den finder det tilbagekaldt",
    "it does not accept it": "den godtager det ikke",
    "it finds it damaged or wrong": "den finder det beskadiget eller forkert",
    "it does not take this kind": "den tager ikke denne slags",
    "it cannot verify its signature": "den kan ikke efterprøve dets underskrift",
    "it gives it no access": "den giver det ingen adgang",
    "is not yet valid": "er ikke gyldigt endnu",
    "has expired": "er udløbet",
    "is for another host name": "gælder et andet værtsnavn",
    "is for another address": "gælder en anden adresse",
    "does not come from an issuer that we trust": "kommer ikke fra en udsteder, vi har tillid til",
    "cannot be read in full": "kan ikke læses helt",
    "has a key that is too short: RSA needs 2048 bits or more": (
        "har en nøgle, der er for kort: RSA skal have mindst 2048 bit"
    ),
    "has an issuer whose key is too short": "har en udsteder, hvis nøgle er for kort",
    "is signed with a hash that is no longer safe": "er underskrevet med en hashfunktion, der ikke længere er sikker",
    "belongs to a certificate authority": "er en udsteders eget",
    "may not sign: digitalSignature is missing from its key usage": (
        "må ikke underskrive: digitalSignature mangler i dets nøgleanvendelse"
    ),
    "may not sign: it has no key usage": "må ikke underskrive: det har ingen nøgleanvendelse",
    "may not be shown by a client: clientAuth is missing": "må ikke vises af en klient: clientAuth mangler",
    "is a test certificate, by its issuer: production does not take it": (
        "er efter sin udsteder et testcertifikat: det tager produktion ikke"
    ),
    "belongs to a person: an organisation certificate is needed": (
        "tilhører en person: der skal et organisationscertifikat til"
    ),
    "is no organisation certificate: its company number or UUID is missing": (
        "er intet organisationscertifikat: CVR-nummer eller UUID mangler"
    ),
    "may issue no certificates": "må ikke udstede certifikater",
    "has been revoked": "er tilbagekaldt",
    "has an issuer that has been revoked": "har en udsteder, der er tilbagekaldt",
    "is not taken by OpenSSL": "tages ikke af OpenSSL",
    "takes no connections": "tager ikke imod forbindelser",
    "did not answer in time": "svarede ikke i tide",
    "closed the connection before it answered": "lukkede forbindelsen, før den svarede",
    "broke its answer off": "afbrød sit svar",
    "it points to another address, which is not followed": "det peger på en anden adresse, som ikke følges",
    "it wants another kind of access": "det vil have en anden slags adgang",
    "our certificate or agreement has no access": "vores certifikat eller aftale har ingen adgang",
    "there is no such service: check the address": "der er ingen sådan tjeneste: kontrollér adressen",
    "our request is too large": "vores kald er for stort",
    "is not set: give client_cert and client_key, or p12": "er ikke sat: giv client_cert og client_key, eller p12",
    "does not belong to the key": "hører ikke til nøglen",
    "or its key is unreadable: not in PEM form, or locked with a password": (
        "eller dets nøgle kan ikke læses: ikke i PEM-form, eller låst med en adgangskode"
    ),
    "is unreadable: no .p12, or its password is missing or wrong": (
        "kan ikke læses: ingen .p12, eller dens adgangskode mangler eller er forkert"
    ),
    "is unreadable: the .p12 lacks the key or the certificate": (
        "kan ikke læses: .p12-filen mangler nøglen eller certifikatet"
    ),
    "was not issued by the certificate that follows it in the file": (
        "er ikke udstedt af det certifikat, der følger efter det i filen"
    ),
}
