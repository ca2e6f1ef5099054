"""What to do next about certificates, SFTP and the mock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cprsync.cli.texts.advice.general import advice

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cprsync.cli.texts.advice.general import Advice

REGISTER: Final[Mapping[str, Advice]] = {
    "certificate.ours": advice(
        2,
        "Kør `cprsync certs check`; certs/README.md siger, hvordan et certifikat fornyes.",
        "Run `cprsync certs check`; certs/README.md says how to renew a certificate.",
    ),
    "certificate.ca.test": advice(
        2,
        'Lad `ca` navngive produktionens udstedere, eller skriv environment = "test"; intet er sendt.',
        'Let `ca` name the issuers of production, or write environment = "test"; nothing was sent.',
    ),
    "certificate.ours.cvr": advice(
        2,
        "Brug jeres eget certifikat. Kalder en leverandør for jer, så skriv dens CVR-nummer i certificate_cvr.",
        "Use your own certificate. If a supplier calls for you, name its company number in certificate_cvr.",
    ),
    "certificate.ours.revoked": advice(
        2,
        "Bestil et nyt certifikat, og spørg, hvorfor dette blev tilbagekaldt; certs/README.md siger hvordan.",
        "Order a new certificate and ask why this one was revoked; certs/README.md says how.",
    ),
    "certificate.ours.test": advice(
        2,
        'Brug et certifikat til produktion, eller skriv environment = "test"; intet er sendt.',
        'Use a certificate for production, or write environment = "test"; nothing was sent.',
    ),
    "certificate.refused": advice(
        2,
        "Spørg platformen, om certifikatet er registreret til jeres system; kør `cprsync certs check`.",
        "Ask the platform whether this certificate is registered to your system; run `cprsync certs check`.",
    ),
    "certificate.theirs": advice(
        2,
        "Kontrollér værtsnavnet og filen `ca` i [library.register]; intet sendes, før de passer sammen.",
        "Check the host name and the `ca` file of [library.register]; nothing is sent until they agree.",
    ),
    "certificate.theirs.revoked": advice(
        2,
        "Spørg modparten om dens certifikat; intet er sendt og intet sendes, før den har et nyt.",
        "Ask the counterpart about its certificate; nothing was sent, nor will be until it has a new one.",
    ),
    "certificate.theirs.test": advice(
        2,
        "Kontrollér adresserne: modparten er et testsystem. Intet er sendt.",
        "Check the addresses: the counterpart is a test system. Nothing was sent.",
    ),
    "mock.not_running": advice(
        4,
        "Start den med `cprsync mock serve --dir MAPPE`.",
        "Start it with `cprsync mock serve --dir DIR`.",
    ),
    "mock.stopped": advice(
        7,
        "Start den med `cprsync mock serve --dir MAPPE`: den siger sin dag. Bed så om de nætter, der mangler.",
        "Start it with `cprsync mock serve --dir DIR`: it says its day. Then ask for the nights that are left.",
    ),
    "sftp.broken": advice(
        4,
        "Prøv igen senere; det, der blev hentet helt, ligger i indbakken.",
        "Try again later; what was fetched whole is in the inbox.",
    ),
    "sftp.crowded": advice(
        2,
        'Ryd mappen på serveren, eller sæt after = "delete" i [library.feed].',
        'Clear the folder on the server, or set after = "delete" in [library.feed].',
    ),
    "netmedia.refused_in_a_row": advice(
        2,
        "Brugeren er godkendt, men kaldene afvises: spørg DBC, om `group` i [library.culr] må skrive for bibliotekets"
        " `agency`. Accepter det, der så står som afvist på `cprsync review list`; resten venter og sendes af natten.",
        "The user is accepted, but the calls are refused: ask DBC whether `group` of [library.culr] may write for the"
        " library's `agency`. Then accept what `cprsync review list` has as refused; the rest waits for the night.",
    ),
    "sftp.delete": advice(
        2,
        'Bed om ret til at slette dér, eller sæt after = "keep" i [library.feed].',
        'Ask for the right to delete there, or set after = "keep" in [library.feed].',
    ),
    "sftp.folder": advice(
        2,
        "Kontrollér `folder` i [library.feed] og vores rettigheder dér med platformen.",
        "Check `folder` in [library.feed] and our rights there with the platform.",
    ),
    "sftp.host_key": advice(
        2,
        "Intet er sendt. Spørg platformen ad en anden vej, om dens nøgle er ny, før I ændrer `known_hosts`.",
        "Nothing was sent. Ask the platform, by another way, whether its key is new before you change `known_hosts`.",
    ),
    "sftp.key": advice(
        2,
        "Kontrollér `key` i [library.feed]: en SSH-nøgle uden adgangskode, som kun ejeren kan læse.",
        "Check `key` in [library.feed]: an SSH key without a passphrase that only its owner reads.",
    ),
    "sftp.known_hosts": advice(
        2,
        "Kontrollér `known_hosts` i [library.feed]: den rummer serverens nøgle.",
        "Check `known_hosts` in [library.feed]: it holds the server's key.",
    ),
    "sftp.refused": advice(
        2,
        "Spørg platformen, om den offentlige del af `key` hører til `user` i [library.feed].",
        "Ask the platform whether the public half of `key` belongs to `user` of [library.feed].",
    ),
    "sftp.too_long": advice(
        4,
        "Prøv igen senere: det, der blev hentet helt, ligger i indbakken, og resten hentes næste gang. Er filerne så "
        "store, så hæv `total_seconds` i [library.feed].",
        "Try again later: what was fetched whole is in the inbox, and the rest is fetched the next time. If the files "
        "are that large, raise `total_seconds` in [library.feed].",
    ),
    "sftp.too_slow": advice(
        4,
        "Prøv igen senere; intet halvt er gemt. Bliver det ved, så spørg platformen om dens server; er linjen så "
        "langsom, så sænk `floor_bytes_per_second` i [library.feed].",
        "Try again later; nothing half was kept. If it stays so, ask the platform about its server; if the line is "
        "that slow, lower `floor_bytes_per_second` in [library.feed].",
    ),
    "sftp.unreachable": advice(
        4,
        "Prøv igen senere; bliver det ved, så kontrollér `host` og `port` i [library.feed].",
        "Try again later; if it stays so, check `host` and `port` in [library.feed].",
    ),
}
