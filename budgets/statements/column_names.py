"""The names that banks, cards and wallets give their columns, by role.

Names are compared by `normal`: without accents, case, punctuation and currency. Of the names of a
role the first one that a header has is taken, and every one for "description" and "status".
"""

import re
import unicodedata

_CODE = re.compile(
    r"(?:[(\[]|\b(?:in|en) )\s*([A-Z]{3})\s*(?:[)\]]|$)"
    r"|\s(EUR|USD|GBP|CHF|PLN|SEK|NOK|DKK|CZK|HUF|RON|INR|BRL|CAD|AUD|NZD)$"
)
_SYMBOL = re.compile(r"[(\[]\s*\W\s*[)\]]")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_WORD = re.compile(r"[^\W_]+")


def normal(name: str) -> str:
    """A name without accents, case, punctuation and currency.

    >>> normal("  Montant de l'opération (EUR)")
    'montant de l operation'
    """
    name = _SYMBOL.sub(" ", _CODE.sub(" ", name.strip()))
    letters = unicodedata.normalize("NFKD", name.casefold())
    kept = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return " ".join(_WORD.findall(kept))


def header_name(cell: str) -> str:
    """The normal name of a column, with the words of one like "bookedOn" apart.

    >>> header_name("bookedOn"), header_name("PayPal")
    ('booked on', 'pay pal')
    """
    name = normal(cell)
    return name if name in _KNOWN else normal(_HUMP.sub(" ", cell))


def currency_in(name: str) -> str:
    """The currency a column has in its name, as in "Amount (EUR)"; "" if none."""
    found = _CODE.search(name.strip())
    return (found[1] or found[2]) if found else ""


def _names(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(normal(name) for name in text.split(",")))


_AMOUNT_OF_ACCOUNT = """amount in account currency, account currency amount, account amount,
    billing amount, billed amount, betrag in kontowährung, betrag kontowährung, gegenwert,
    montant en devise du compte, contre valeur, importe en divisa de la cuenta, contravalor,
    importo in divisa conto, controvalore, kwota w walucie rachunku,
    kwota transakcji waluta rachunku, bedrag in rekeningvaluta"""
_CURRENCY_OF_ACCOUNT = """account currency, billing currency, kontowährung, devise du compte,
    divisa de la cuenta, divisa conto, waluta rachunku, rekeningvaluta"""
AMOUNT_OF_ACCOUNT = frozenset(_names(_AMOUNT_OF_ACCOUNT))
"""Sums that were converted to the currency of the account."""
CURRENCY_OF_ACCOUNT = frozenset(_names(_CURRENCY_OF_ACCOUNT))

NAMES: dict[str, tuple[str, ...]] = {
    role: _names(names)
    for role, names in {
        "date": """booking date, posting date, posted date, post date, posted on, date posted,
            date booked, transaction date, trans date, txn date, tran date, date, completed
            date, completed on, created on, datetime, date time, transaction date time,
            buchungstag, buchungsdatum, datum, buchung, date de comptabilisation, date
            comptable, date operation, date d operation, date de l operation, dateop, date op,
            fecha operacion, fecha de operacion, fecha de la operacion, f operacion, fecha
            contable, fecha, data, data contabile, data operazione, data di contabilizzazione,
            data lancamento, data do lancamento, data movimento, data mov, data da transacao,
            data operacji, data księgowania, data transakcji, boekdatum, boekingsdatum,
            transactiedatum, datum transactie, bokforingsdag, bokforingsdatum, bokføringsdato,
            bogført, bogføringsdato, dato, kirjauspäivä, datum zaúčtování, datum provedení,
            könyvelés dátuma, дата, дата операции, value date, date de valeur, date valeur,
            dateval, fecha valor, data valuta, data waluty, wertstellung, valutadatum,
            rentedatum, date de fin, datum des abschlusses, fecha de finalización, data
            zrealizowania, data di completamento, data de conclusão, datum voltooid, tarih,
            i\u015flem tarihi, ημερομηνία, kuupäev, datum knjiženja, data tranzacției, дата
            операції, 日付, 取引日, お取引日, 取引日付, settlement date, operation date,
            date completed, transactiondate, release date, timestamp, created utc,
            tranzakció dátuma, created, created at, valuta, wert, started date, authorised on""",
        "amount": f"""{_AMOUNT_OF_ACCOUNT}, net, net amount, amount net, transaction net
            amount, netto, nettobetrag, montant net, importe neto, importo netto, valor liquido,
            amount total, total amount, amount, transaction amount, betrag, buchungsbetrag,
            umsatz, montant,
            montant de l operation, montant operation, montant euros, importe, importe de la
            operacion, monto, cantidad, importo, valor, valor da transacao, quantia, montante,
            importancia, kwota, kwota operacji, kwota transakcji, bedrag, transactiebedrag,
            belopp, beløp, beløb, summa, määrä, määrä euroa, částka, objem, összeg,
            tranzakció összege, suma, tutar, işlem tutar\u0131, сумма, сумма операции, ποσό, 金額,
            取引金額, iznos, сума, sum, value,
            gross, gross amount, brutto, bruttobetrag, montant brut, importe bruto, importo lordo,
            valor bruto""",
        "credit": """credit, credits, credit amount, amount credit, credit amt, money in, paid
            in, deposits, deposit, deposit amt, deposit amount, inflow, receipts, received
            amount, gutschrift, haben, eingang, eingänge, einnahmen, abono, abonos, ingreso,
            ingresos, haber, crédito, créditos, entradas, entrada, accrediti, accredito, avere,
            entrate, uznania, uznanie, wpływy, bij, bedrag bij, bijschrijving, credit eur,
            insättning, inn, ind, tulo, приход, поступление, inn på konto, alacak, πίστωση,
            uplata, お預り金額, 預入金額, お預入金額, 入金, 入金金額, 入金額""",
        "debit": """debit, debits, debit amount, amount debit, debit amt, money out, paid out,
            withdrawals, withdrawal, withdrawal amt, withdrawal amount, outflow, payments,
            belastung, soll, lastschrift, ausgang, ausgänge, ausgaben, cargo, cargos, adeudo,
            gasto, gastos, debe, débito, débitos, saídas, saída, addebiti, addebito, dare,
            uscite, obciążenia, obciążenie, wydatki, debet, af, bedrag af, afschrijving, uttag,
            ut, meno, расход, списание, ut fra konto, borç, χρέωση, isplata, お支払金額,
            引出金額, お引出金額, お引出し金額, 出金, 出金金額, 出金額""",
        "direction": """debit credit, credit debit, debit or credit, credit or debit, debit
            credit indicator, credit debit indicator, credit debit code, debit credit code,
            creditdebitindicator, debitcreditcode, cdtdbtind, transaction direction, direction,
            dr cr, cr dr, drcr, crdr, d c, c d, soll haben, soll haben kennzeichen, haben soll,
            s h, h s, sens, debit ou credit, debe haber, cargo abono, debito credito, credito
            debito, dare avere, d a, wn ma, obciążenie uznanie, af bij, bij af, debet credit,
            plus minus, in out, richting, d k, k d, debet kredit, deebet kreedit, b a, t j, д
            к, дебет кредит, borç alacak, χρέωση πίστωση""",
        "fee": """fee, fees, fee amount, amount fee, transaction fee, gebühr, gebühren,
            entgelt, frais, commission, commissions, comisión, comisiones, tarifa,
            comissão, commissione, commissioni, prowizja, opłata, kosten,
            transactiekosten, avgift, gebyr, tax, taxes, tax amount, tax withheld,
            withholding tax, steuer, steuern, kapitalertragsteuer, quellensteuer, impot, imposta,
            impuesto, podatek, bronbelasting""",
        "balance": """balance, running balance, running bal, runningbalance, account balance,
            accountbalance, balance after, balance after transaction, closing balance,
            available balance, ledger balance, saldo, saldo nach buchung, kontostand,
            kontosaldo, neuer saldo, saldo contable, saldo disponible, saldo contabile, saldo
            progressivo, saldo po operacji, saldo após, saldo na boeking, saldo na mutatie,
            saldo na trn, solde, solde progressif, solde après operation, bakiye, egyenleg,
            zůstatek, остаток, υπόλοιπο, stanje, 残高, 差引残高""",
        "status": """status, state, transaction status, transaction state, booking status,
            payment status, buchungsstatus, statut, etat, estado, estado de la operacion,
            stato, stato operazione, situação, status transakcji, stan, stan operacji, staat,
            tila, stav, állapot, статус, balance impact, auswirkung auf guthaben, durum,
            κατάσταση, olek, būsena, 状態, ステータス""",
        "description": """description, transaction description, original description, label,
            details, transaction details, title, name, payee, payee name, payer, payer name,
            merchant, merchant name, counterparty, counterparty name, counter party, target
            name, source name, from, to, sender, recipient, receiver, beneficiary, beneficiary
            name, narrative, narration, particulars, remarks, transaction remarks, options,
            reference, payment reference, memo, note, notes, message, subject, purpose, reason,
            comment, extended details, statement descriptor, supplierfound, buchungstext,
            buchungsdetails, begünstigter zahlungspflichtiger, beguenstigter
            zahlungspflichtiger, begünstigter auftraggeber, auftraggeber begünstigter,
            auftraggeber empfänger, auftraggeber zahlungsempfänger, auftraggeber, auftraggeber
            zahlungspflichtiger, empfänger, empfaenger, empfänger zahlungsempfänger, empfänger
            auftraggeber, zahlungsempfänger, zahlungspflichtiger, name des partners,
            partnername, partner name, partner, gegenpartei, gegenkonto inhaber, name
            zahlungsbeteiligter, zahlungspartner, händler, verwendungszweck, vorgang
            verwendungszweck, verwendungszweckzeile 1, verwendungszweckzeile 2, zweck,
            zahlungsgrund, zahlungsreferenz, betreff, beschreibung, beschreibung 1,
            beschreibung 2, beschreibung1, beschreibung2, beschreibung3, avisierungstext,
            mitteilung, notiz, bemerkung, text, transaktionsdetails, libellé, libellé
            operation, libellé de l operation, libellé simplifié, libellé complémentaire,
            libelle court, nature de l operation, détails, intitulé, bénéficiaire, tiers,
            contrepartie, communication, communications, motif, commentaire, référence,
            informations complémentaires, concepto, descripción, detalle, detalles,
            beneficiario, ordenante, beneficiario o ordenante, destinatario, remitente,
            comercio, movimiento, observaciones, referencia, más datos, descrição, histórico,
            lançamento, título, estabelecimento, favorecido, remetente, detalhes,
            identificação, memo descrição, descrizione, descrizione operazione, causale,
            causale descrizione, dettagli, operazione, controparte, ordinante, opis, opis
            operacji, opis transakcji, tytuł, tytułem, tytuł operacji, tytuł przelewu, nadawca,
            odbiorca, nadawca odbiorca, nazwa odbiorcy, nazwa nadawcy, kontrahent, dane
            kontrahenta, naam omschrijving, naam tegenpartij, naam, naam tegenrekening,
            tegenpartij, omschrijving, omschrijving 1, omschrijving 2, omschrijving 3,
            mededelingen, mededeling, betalingskenmerk, beskrivning, beskrivelse, meddelande,
            melding, tekst, mottaker, mottagare, afsender, modtager, avsändare, saaja, maksaja,
            saaja maksaja, viesti, selite, název protiúčtu, zpráva pro příjemce, poznámka,
            popis, közlemény, partner neve, описание, описание операции, назначение платежа,
            контрагент, aç\u0131klama, αιτιολογία, περιγραφή, selgitus, paskirtis, gavėjas,
            detalii, опис, 摘要, お取引内容, 取引内容, 内容""",
        "type": """transaction type, type, transaction code, txn type, details type, umsatzart,
            buchungsart, transaktionstyp, typ, art, vorgang, type d operation, type operation,
            type de transaction, nature, tipo, tipo de movimiento, tipo de operacion, tipo de
            transacao, tipo transacao, tipo lancamento, tipo operazione, tipo movimento, rodzaj
            transakcji, rodzaj operacji, rodzaj, typ operacji, typ transakcji, typ transakce,
            soort, soort transactie, transactietype, mutatiesoort, mutatie soort,
            transaksjonstype, laji, info, transaction""",
        "id": """transaction id, id, fitid, transaction number, transaction no, transaktions id,
            transaktionsnummer, transaktions nr, buchungsnummer, id transaction, numero de
            transaction, identifiant, id transaccion, id de transaccion, identificador, id da
            transacao, id transazione, id transakcji, numer transakcji, volgnr, volgnummer,
            transactie id, transactiereferentie, transferwise id""",
        "currency": f"""currency, currency code, {_CURRENCY_OF_ACCOUNT}, transaction currency,
            währung, waehrung, devise, monnaie, moneda, divisa, moeda, valuta contabile, waluta,
            munt, muntsoort, měna, pénznem, valutakod, валюта""",
        "account": """auftragskonto, iban auftragskonto, konto, account, account number, account
            no, account name, accountnum, compte, numero de compte, cuenta, numero de cuenta,
            iban bban, rekening, rekeningnummer, eigen rekening, rachunek, numer rachunku""",
    }.items()
}
_KNOWN = frozenset(name for names in NAMES.values() for name in names)
CARDS = frozenset(
    _names("""card member, cardmember, cardholder, cardholder name, card no, card number,
        karteninhaber, kartennummer, titulaire de la carte, titular de la tarjeta, titular do
        cartao, trans date""")
)
"""Columns that statements of cards have."""
CARD_HEADERS = frozenset([("date", "title", "amount"), ("date", "category", "title", "amount")])
"""Whole headers of cards."""
_TEXT = frozenset(
    _names("""name, payee, payer, description, memo, narration, narrative, merchant, beneficiary,
        counterparty, remitter, purpose, auftraggeber, empfänger, empfaenger,
        zahlungsempfänger, zahlungspflichtiger, zahlungspflichtige, begünstigter,
        verwendungszweck, zweck,
        beschreibung, mitteilung, partner, libellé, bénéficiaire, destinataire, émetteur,
        donneur, concepto, descripción, destinatario, ordenante, beneficiario, descrição,
        histórico, favorecido, remetente, descrizione, causale, opis, tytuł, nadawca, odbiorca,
        kontrahent, naam, omschrijving, tegenpartij, begunstigde, mededeling, mededelingen,
        beskrivning, beskrivelse, mottagare, mottaker, modtager, avsändare, avsender,
        meddelande, melding, saaja, maksaja, viesti, příjemce, zpráva, popis, közlemény,
        описание, назначение""")
)
_NO_TEXT = frozenset(
    _names("""account, number, no, nr, nummer, id, code, kod, iban, bic, swift, date, datum, data,
        fecha, bank, banco, banque, bankcode, blz, currency, email, address, adresse, adres,
        indirizzo, country, city, type, category, konto, kontonummer, kontonr, compte, cuenta,
        conta, conto, rachunek, rachunku, numer, rekening, rekeningnummer, amount, balance""")
)


def is_text(name: str) -> bool:
    """Whether a column of that name, normal, holds a payer, a payee or a purpose.

    >>> is_text("name of the other party"), is_text("account name")
    (True, False)
    """
    words = frozenset(name.split())
    return not words.isdisjoint(_TEXT) and words.isdisjoint(_NO_TEXT)
