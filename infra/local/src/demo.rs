//! The demonstration creditor, "Comune di Test", and whose data it has.

use std::collections::BTreeMap;

use runtime::PaymentChannel;
use simulators::{aca, checkout, psp};

/// The user that is always there.
pub const USER: &str = "mario.rossi@example.it";
pub const PASSWORD: &str = "correct horse battery staple";
pub const FISCAL_CODE: &str = "RSSMRA80A01H501U";
/// Whose notice can be searched for, and who has no account.
pub const OTHER_FISCAL_CODE: &str = "VRDLCU75M41F205H";

/// The manual's own debt.
pub const MANUAL_NOTICE: &str = "001000000000106683";
pub const CANTEEN_DUE_SOON: &str = "301000000000010151";
pub const TRANSPORT_PAST_DUE: &str = "301000000000010252";
pub const MARKET_DUE_LATE: &str = "301000000000010353";
pub const CANTEEN_PAID: &str = "301000000000010454";
pub const TRANSPORT_CANCELLED: &str = "301000000000010555";
pub const OTHER_NOTICE: &str = "301000000000020158";

/// The parameters of the template for this creditor. Addresses are this stack's.
pub fn parameters(origin: &str, public_url: &str, channel: PaymentChannel) -> BTreeMap<String, String> {
    let [psp, checkout, aca] = [psp::API, checkout::API, aca::API].map(|path| format!("{origin}{path}"));
    let values = [
        ("CreditorName", "Comune di Test"),
        ("CreditorFiscalCode", "12345678903"),
        ("CreditorOffice", "Ufficio Tributi"),
        ("CreditorInfo", "Sportello al cittadino, piazza del Municipio 1, lunedì-venerdì 9-12"),
        ("CreditorIban", ""),
        ("CreditorPostalIban", "IT69D0760102800000016302093"),
        ("CreditorPostalHolder", "Comune di Test - Servizio Tesoreria"),
        ("CreditorPostalAuthorization", "AUT. PROVA 001/2026"),
        ("CreditorCbill", "AAAAA"),
        ("ContactEmail", "tributi@comune.test.example"),
        ("ContactPhone", "+39 06 0000001"),
        ("ContactPec", "protocollo@pec.comune.test.example"),
        ("ContactAddress", "piazza del Municipio 1, 00100 Test"),
        ("CreditorWebsite", "https://www.comune.test.example"),
        ("CreditorDpo", "dpo@comune.test.example"),
        ("AuxDigit", "3"),
        ("SegregationCode", "01"),
        ("ApplicationCode", ""),
        ("BrokerId", "98765432103"),
        ("StationId", "98765432103_01"),
        ("PaymentChannel", channel.as_str()),
        ("PspUrl", &psp),
        ("CheckoutUrl", &checkout),
        ("AcaUrl", &aca),
        ("PublicUrl", public_url),
        ("MailDomain", "comune.test.example"),
        ("MailFrom", "pagamenti@comune.test.example"),
        // No CloudWatch reads this log.
        ("MetricsNamespace", ""),
    ];
    values.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}
