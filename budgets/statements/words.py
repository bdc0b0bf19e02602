"""What words in the cells of a statement mean: directions, states of a booking, balances.

English, German, French, Spanish, Portuguese, Italian, Polish, Dutch, the Nordic languages and
some Czech, Hungarian, Finnish and Turkish. Words are compared by `normal`.
"""

import re

from budgets.statements.column_names import normal


def _words(text: str) -> frozenset[str]:
    return frozenset(filter(None, (normal(word) for word in text.split(","))))


MONEY_OUT = _words("""af, s, o, soll, d, db, dr, dbit, debit, debits, debet, debito, débit, debe,
    dare, wn, cargo, adeudo, gasto, egreso, salida, saida, addebito, uscita, obciążenie, wydatek,
    ausgabe, ausgang, belastung, lastschrift, abgang, withdrawal, withdrawals, money out, out,
    outgoing, outflow, paid out, expense, terhelés, výdaj, uttag, sortie, dépense, despesa,
    uitgave, uit, udgift, utgift""")
MONEY_IN = _words("""bij, h, i, haben, c, cr, crdt, credit, credits, kredit, credito, crédit, haber,
    avere, ma, abono, ingreso, entrada, accredito, entrata, uznanie, wpływ, przychód,
    einnahme, eingang, gutschrift, zugang, deposit, deposits, money in, in, incoming,
    inflow, paid in, income, jóváírás, příjem, insättning, entrée, recette, receita,
    inkomst, inntekt, indtægt""")
PAIRS = frozenset(
    map(
        frozenset,
        (
            "sh",
            "dc",
            "dh",
            "da",
            "dk",
            "io",
            ("dr", "cr"),
            ("db", "cr"),
            ("wn", "ma"),
            ("af", "bij"),
        ),
    )
)
"""Directions of a letter or two; in a column of another name they count only as a pair."""
_SIGNS = {"+": 1, "-": -1, "\u2212": -1, "\u2013": -1}
_MARK = r"(?P<mark>CR|DR|DB|C|D|S|H|Credit|Debit|Soll|Haben)\.?"
_BEHIND = re.compile(rf"(?P<sum>.*(?:[0-9)]|[^\w\s.,]|\b[A-Z]{{3}} ))\s*{_MARK}", re.IGNORECASE)
_BEFORE = re.compile(r"(?P<mark>CR|DR|DB)\.?\s*(?P<sum>.*[0-9].*)", re.IGNORECASE)
_LONGEST = 60  # characters of a sum with its mark


def direction(text: str) -> int:
    """1 for a word of money in, -1 for one of money out, 0 for any other.

    >>> [direction(text) for text in ("Haben", "DR", "-", "maybe")]
    [1, -1, -1, 0]
    """
    word = normal(text)
    if not word:
        return _SIGNS.get(text.strip(), 0)
    return 1 if word in MONEY_IN else -1 if word in MONEY_OUT else 0


def marked(text: str) -> tuple[str, int]:
    """The sum without the mark of its direction, and the direction; 0 if it has no mark.

    >>> [marked(text) for text in ("12.50 CR", "3,00 S", "7.00-", "5 kr", "EUR 5 D")]
    [('12.50', 1), ('3,00', -1), ('7.00-', 0), ('5 kr', 0), ('EUR 5', -1)]
    """
    last = text[-1:]
    if (last.isdigit() and text[:1] not in "CDcd") or len(text) > _LONGEST:
        return text, 0
    found = _BEHIND.fullmatch(text) or _BEFORE.fullmatch(text)
    return (found["sum"].strip(), direction(found["mark"])) if found else (text, 0)


BOOKED = _words("""completed, complete, booked, posted, cleared, settled, success, successful,
    succeeded, executed, processed, done, ok, approved, paid, confirmed, finished, reconciled,
    actual, gebucht, umsatz gebucht, verbucht, ausgeführt, abgeschlossen, erfolgreich,
    erledigt, bezahlt, berechnet, bestätigt, comptabilisé, comptabilisée, effectué,
    effectuée, exécuté,
    exécutée, terminé, terminée, validé, validée, réussi, completado, completada,
    contabilizado, contabilizada, realizado, realizada, ejecutado, ejecutada, efectuado,
    efetuado, efetuada, finalizado, finalizada, liquidado, liquidada, concluído, concluída,
    confirmado, aprovado, aprovada, pago, lançado, eseguito, eseguita, contabilizzato,
    contabilizzata, completato, completata, concluso, zaksięgowano, zaksięgowana, zaksięgowany,
    zrealizowano, zrealizowana, zrealizowany, rozliczono, rozliczona, rozliczony, wykonana,
    wykonano, zakończona, zakończono, geboekt, verwerkt, voltooid, uitgevoerd, afgerond,
    bogført, bokført,
    bokförd, bokfört, genomförd, utført, gennemført, udført, kirjattu, zaúčtováno, zaúčtovaná,
    könyvelt, teljesült, проведено, исполнен, выполнено""")
NOT_BOOKED: dict[str, frozenset[str]] = {
    "pending": _words("""pending, in progress, processing, authorised, authorized, authorisation,
        authorization, uncleared, unposted, not posted, not booked, not cleared, unsettled, on
        hold, held, hold, scheduled, planned, waiting, awaiting, created, requested, unclaimed,
        initiated, preauthorized, temporary, memo, pre authorised, vorgemerkt, umsatz
        vorgemerkt, vormerkung, ausstehend, schwebend, offen, in bearbeitung, nicht gebucht,
        reserviert, geplant, wartend, terminiert, angekündigt, en attente, en cours, non
        comptabilisé, prévu, autorisé, à venir, pendiente, pendiente de contabilizar, en curso,
        en proceso, no contabilizado, retenido, autorizado, programado, pendente, em
        processamento, agendado, agendada, em andamento, in sospeso, in attesa, in
        elaborazione, in corso, autorizzato, non contabilizzato, prenotato, oczekująca, oczekujące,
        oczekujący, oczekuje, w trakcie, w realizacji, nierozliczona, nierozliczony,
        niezaksięgowana, blokada, zaplanowana, in behandeling, gereserveerd, gepland,
        openstaand, nog niet verwerkt, reserverad, väntande, venter, ventende, afventer, reserveret,
        reservert, odottaa, varaus, čeká, čekající, nezaúčtováno, függő, zárolt, bekliyor,
        beklemede, в обработке, ожидание"""),
    "reverted": _words("""reverted, reversed, voided, void, storniert, storno, rückgängig,
        rückgängig gemacht, zurückgebucht, revertido, revertida, estornado, estornada, stornato,
        stornata, extourné, teruggedraaid, wycofana, cofnięta, reverterad, возвращено"""),
    "declined": _words("""declined, rejected, refused, denied, blocked, not approved, abgelehnt,
        zurückgewiesen, verweigert, refusé, refusée, rejeté, rejetée, décliné, déclinée,
        rechazado, rechazada, denegado, denegada, recusado, recusada, negado, negada,
        rejeitado, rifiutato, rifiutata, respinto, negato, odrzucona, odrzucono, odrzucony,
        odmowa, geweigerd, afgewezen, avvisad, avvist, afvist, nekad, hylätty, zamítnuto,
        zamítnutá, elutasítva, elutasított, reddedildi, отклонено"""),
    "failed": _words("""failed, failure, error, unsuccessful, not completed, expired, timed out,
        fehlgeschlagen, gescheitert, fehler, abgelaufen, échoué, échouée, échec, expiré,
        expirée, fallido, fallida, caducado, falhou, falhado, falha, expirado, fallito,
        fallita, non riuscito, scaduto, nieudana, niepowodzenie, błąd, wygasła, mislukt,
        verlopen, fel, misslyckades, misslyckad, mislykket, mislykkedes, fejlet, epäonnistui,
        selhalo, sikertelen"""),
    "cancelled": _words("""cancelled, canceled, cancelled by user, deleted, removed, withdrawn,
        annulliert, abgebrochen, widerrufen, gelöscht, annulé, annulée, anulado, anulada,
        cancelado, cancelada, annullato, annullata, cancellato, anulowana, anulowano,
        anulowany, geannuleerd, ingetrokken, avbruten, makulerad, kansellert, annulleret,
        peruttu, zrušeno, zrušená, törölt, visszavont, iptal, iptal edildi, отменено"""),
}
_WHY_NOT = {word: state for state, words in NOT_BOOKED.items() for word in words}


def state(text: str) -> str | None:
    """ "" for the state of a booking, else why it is none; None for a word of neither kind.

    >>> [state(text) for text in ("Gebucht", "VORGEMERKT", "Declined", "blue")]
    ['', 'pending', 'declined', None]
    """
    word = normal(text)
    return "" if word in BOOKED else _WHY_NOT.get(word)


def is_section_out(text: str) -> bool:
    """Whether the text is the heading of a section of money out, and not a sentence."""
    words = normal(text)
    return len(words.split()) < 6 and (direction(words) or kind(words)) < 0


BALANCE = _words("""balance, saldo, solde, kontostand, kontosaldo, anfangssaldo, endsaldo,
    anfangsbestand, endbestand, schlusssaldo, schlussaldo, abschlusssaldo, eröffnungssaldo,
    startsaldo, tagessaldo, zwischensaldo, saldovortrag, saldoübertrag,
    beginsaldo, eindsaldo, slutsaldo, loppusaldo,
    alkusaldo, s a l d o, bakiye, egyenleg, nyitóegyenleg, záróegyenleg, zůstatek, saldi,
    balances, остаток, turnover, apyvarta, apgroz\u012bjums, käive""")
TOTAL = _words("""total, totals, totale, totaal, totalt, totaux, summe, gesamtsumme, zwischensumme,
    gesamt, gesamtbetrag, suma, razem, somme, subtotal, sub total, grand total, toplam, итого,
    součet, celkem, összesen, yhteensä""")
_AROUND = _words("""opening, closing, beginning, ending, start, starting, end, final, initial,
    previous, last, new, current, available, ledger, brought, carried, forward, account,
    statement, running, your, the, as, of, on, at, from, to, for, per, and, b, f, c, d, date,
    until, credits, debits, deposits, withdrawals, transactions, payments, credit, debit,
    month, period, am, vom, zum, bis, der, des, dem, den, alter, alt, neuer, neu,
    vorgetragen, vortrag, übertrag, laut, lt, letzter,
    aktueller, aktuell, anfang, ende, umsätze, buchungen, eingänge, ausgänge, soll, haben,
    konto, monat, gutschriften, le, la, les, du, au, en, l, fin, ancien, nouveau, précédent,
    départ, clôture, ouverture, débiteur, créditeur, comptable, disponible, opérations,
    crédits, débits, compte, al, a, de, del, el, inicial, anterior, actual, nuevo, contable,
    apertura, cierre, cuenta, abonos, cargos, do, da, dia, em, no, na, atual, novo, bloqueado,
    disponível, mês, conta, lançamentos, iniziale, finale, disponibile, contabile, precedente,
    attuale, chiusura, conto, mese, początkowe, końcowe, otwarcia, zamknięcia, poprzednie,
    dostępne, księgowe, dnia, na dzień, dzień, dostępne środki, rachunku, operacji, begin,
    eind, nieuw, nieuwe, vorig, vorige, oud, oude, van, ingående, utgående, inngående,
    udgående, gammel, nytt, ny, i, eur, usd, gbp, chf, pln, inr, brl, sek, nok, dkk, czk, huf,
    cad, aud, nzd, jpy, open, close, q1, day, daily, počáteční, konečný, nyitó, záró""")
_MONTHS = _words("""january, february, march, april, may, june, july, august, september, october,
    november, december, jan, feb, mar, apr, jun, jul, aug, sep, sept, oct, nov, dec, januar,
    februar, märz, mai, juni, juli, oktober, dezember, mär, okt, dez, janvier, février, mars,
    avril, juin, juillet, août, septembre, octobre, novembre, décembre, enero, febrero, marzo,
    abril, mayo, junio, julio, agosto, septiembre, octubre, noviembre, diciembre, ene, abr,
    ago, dic, janeiro, fevereiro, março, maio, junho, julho, setembro, outubro, novembro,
    dezembro, gennaio, febbraio, aprile, maggio, giugno, luglio, settembre, ottobre, dicembre,
    januari, februari, maart, mei, augustus, maj, augusti""")
_MAY_STAND = _AROUND | _MONTHS
_STEMS = ("sald", "balanc", "solde", "kontostand", "bestand", "tota", "summ", "suma", "gesamt",
          "s a l d o", "somme", "bakiye", "egyenleg", "statek", "razem", "celkem", "toplam",
          "остат", "итог", "turnov", "apyvart", "apgroz", "käive", "sszesen", "yhteens",
          "sou\u010det")  # fmt: skip


def may_be_summary(text: str) -> bool:
    """Whether part of a word for a balance or a total is in the text."""
    return any(map(text.casefold().__contains__, _STEMS))


def summary(cells: list[str]) -> str:
    """ "a balance" or "a total" for a row one of whose cells says just that, else "".

    >>> [summary(["31.01.", text]) for text in ("Saldo per 31. Januar", "Saldo Rechnung 7")]
    ['a balance', '']
    """
    if not may_be_summary("\n".join(cells)):
        return ""
    return next(filter(None, map(_summary, cells)), "")


def _summary(cell: str) -> str:
    if len(cell) > _LONGEST or not may_be_summary(cell):
        return ""
    words = normal(cell)
    if words in BALANCE or words in TOTAL:
        return "a balance" if words in BALANCE else "a total"
    nouns = {
        word for word in words.split() if word not in _MAY_STAND and not any(map(str.isdigit, word))
    }
    if nouns and nouns <= BALANCE | TOTAL:
        return "a balance" if nouns & BALANCE else "a total"
    return ""


_CARDS = re.compile(
    r"credit cards?|debit cards?|kreditkarten?|debitkarten?|cartes? de credit|cartes? de debit"
    r"|tarjetas? de (?:credito|debito)|cartao de (?:credito|debito)|carta di (?:credito|debito)"
    r"|kart[ay] (?:kredytow|debetow)\w+"
)
_KIND_OUT = re.compile(
    r"\b(?:debit|debito|debet|withdraw\w*|purchase\w*|pos|atm|standing order|expense"
    r"|\w*lastschrift\w*|abbuchung|belastung|kartenzahlung\w*|\w*auszahlung|bargeldauszahlung"
    r"|abhebung|dauerauftrag|ausgabe|einkauf|prelevement|retrait|achat|depense|cargo|compra"
    r"|retirada|saque|gasto|egreso|despesa|saida|levantamento|addebito|prelievo|spesa|uscita|\w*ausgang"
    r"|zakup|obciazenie|wydatek|wychodzac\w+|opname|afschrijving|incasso|aankoop|uitgave|uttag|kop"
    r"|kjop|kob|outgoing|sent|spent|(?:transfer|money|payment|cash)s? out|card payment|bill payment"
    r"|ausgehend\w*|uberweisungsauftrag|emise?s?|envoyee?s?|enviad[oa]s?|inviat[oa]|verzonden"
    r"|verstuurd|wyslan\w+|skickad|sendt|paiement (?:par )?carte|pago con tarjeta"
    r"|pagamento con carta)\b"
)
_KIND_IN = re.compile(
    r"\b(?:credit|credito|kredit|deposit|received|income|incoming|refund\w*|rebate|cashback|top up"
    r"|topup|\w*gutschrift\w*|\w*einzahlung|\w*eingang|einnahme|\w*erstattung|\w*ruckgabe"
    r"|ruck\w+|\w*storno|reversal|remboursement|versement|recue?s?|abono|ingreso|reembolso"
    r"|devolucion|accredito|entrata|versamento|rimborso|ricevut[oa]|wpływ|uznanie|zwrot"
    r"|przychodzac\w+|bijschrijving|storting|ontvangen|terugbetaling|recebid[oa]|recebimento"
    r"|estorno|deposito|entrada|insattning|aterbetalning|(?:transfer|money|payment|cash)s? in"
    r"|eingehend\w*|recibid[oa]s?|otrzyman\w+|mottagen|mottatt|modtaget)\b"
)
_PAYMENT = re.compile(
    r"payment (?:\w+ )?thank you|enregistre merci"
    r"|thank you for your payment|payment received|payments and credits"
    r"|pagamento recebido|paiement recu|merci pour votre paiement|pago recibido"
    r"|pagamento ricevuto|betaling ontvangen|zahlung erhalten|zahlungseingang"
    r"|zahlung eingegangen|inbetalning mottagen|dank fur ihre zahlung"
)


def kind(text: str) -> int:
    """1 for a kind of booking that brings money in, -1 for one that takes it out, 0 for others.

    >>> [kind(text) for text in ("Direct debit", "Bank credit", "SEPA-Lastschrift", "Transfer")]
    [-1, 1, -1, 0]
    """
    words = _CARDS.sub("", normal(text))
    comes, goes = bool(_KIND_IN.search(words)), bool(_KIND_OUT.search(words))
    return 0 if comes == goes else 1 if comes else -1


def is_payment_of_a_card(text: str) -> bool:
    """Whether the text is that of a payment that a card's issuer received."""
    return bool(_PAYMENT.search(normal(text)))


_TEXT_OUT = re.compile(
    r"\b(?:card purchase|debit purchase|pos purchase|direct debit|atm withdrawal|cash withdrawal"
    r"|kartenzahlung|lastschrift|sepa lastschrift\w*|bargeldauszahlung|compra (?:no|em|com|con|en)"
    r"|prelevement|retrait|achat carte|paiement carte|prelievo|pagamento carta|zakup przy uzyciu"
    r"|betaalautomaat|kortkop|kortbetalning|varekjop|transfer to|payment to|pagamento pos|prlv)\b"
)


_REFUND = re.compile(
    r"\b(?:refund\w*|\w*erstattung|remboursement|reembolso|estorno|rimborso|zwrot|terugbetaling"
    r"|cashback|aterbetalning|tilbakebetaling|tilbagebetaling)\b"
)


def text_kind(text: str) -> int:
    """-1 for a free text that a bank writes beside money out, and people do not; 0 for others."""
    words = normal(text)
    return -1 if _TEXT_OUT.search(words) and not _KIND_IN.search(words) else 0


def is_refund(text: str) -> bool:
    """Whether the text is that of a refund."""
    return bool(_REFUND.search(normal(text)))
