//! Problem documents (RFC 9457): the one place where a failure becomes an HTTP answer.

use domain::account::Language;
use domain::{Error, Fault, FieldCode, FieldError};
use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::reply::Reply;
use crate::words;

/// A failure on its way to the caller.
#[derive(Debug)]
pub struct Problem(Error);

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        Self(Error::Unavailable(fault))
    }
}

impl From<FieldError> for Problem {
    fn from(error: FieldError) -> Self {
        Self(error.into())
    }
}

/// A code of the contract: name, status, title and sentence in both languages.
pub struct Entry {
    pub code: &'static str,
    pub status: u16,
    pub it: (&'static str, &'static str),
    pub en: (&'static str, &'static str),
}

macro_rules! entries {
    ($($name:ident = $code:literal $status:literal
        it $it_title:literal $it_detail:literal
        en $en_title:literal $en_detail:literal;)*) => {
        $(const $name: Entry = Entry {
            code: $code, status: $status, it: ($it_title, $it_detail), en: ($en_title, $en_detail),
        };)*
        /// Every code that an answer can carry.
        pub const CATALOGUE: &[Entry] = &[$($name),*];
    };
}

entries! {
    INVALID_INPUT = "invalid_input" 400
        it "Controlla questi dati" "Alcuni dati mancano o non sono validi."
        en "Check this information" "Some information is missing or not valid.";
    UNKNOWN_FIELD = "unknown_field" 400
        it "Campo sconosciuto" "La richiesta contiene un campo che non conosciamo."
        en "Unknown field" "The request holds a field that we do not know.";
    MALFORMED_BODY = "malformed_body" 400
        it "Richiesta non leggibile" "Non riusciamo a leggere la richiesta."
        en "Unreadable request" "We cannot read the request.";
    LINK_NOT_VALID = "link_not_valid" 400
        it "Il link non è valido" "Il link è scaduto, è già stato usato o non è completo: chiedine uno nuovo."
        en "The link is not valid" "The link has expired, was used already or is incomplete: ask for a new one.";
    STALE_TIMESTAMP = "stale_timestamp" 400
        it "Messaggio fuori tempo" "L’orario del messaggio è troppo lontano dal nostro."
        en "Message out of time" "The message’s time is too far from ours.";
    INVALID_CURSOR = "invalid_cursor" 400
        it "Pagina non valida" "Il segnaposto della pagina non è valido: ricomincia dalla prima."
        en "Page not valid" "The page token is not valid: start again from the first page.";
    NOT_AUTHENTICATED = "not_authenticated" 401
        it "Accesso richiesto" "Accedi per continuare."
        en "Login required" "Log in to go on.";
    INVALID_CREDENTIALS = "invalid_credentials" 401
        it "Username o password non corretti" "Controlla username e password e riprova."
        en "Wrong username or password" "Check your username and password and try again.";
    BAD_SIGNATURE = "bad_signature" 401
        it "Firma non valida" "La firma del messaggio non è valida."
        en "Signature not valid" "The message’s signature is not valid.";
    ACCOUNT_NOT_ACTIVE = "account_not_active" 403
        it "Account da attivare" "Prima di accedere attiva l’account dal link che ti abbiamo inviato."
        en "Account not active yet" "Activate your account first from the link we sent you.";
    FORBIDDEN_ORIGIN = "forbidden_origin" 403
        it "Richiesta non consentita" "La richiesta non arriva dalle pagine del portale."
        en "Request not allowed" "The request does not come from the portal’s pages.";
    DEBT_NOT_FOUND = "debt_not_found" 404
        it "Pratica non trovata" "Non troviamo una pratica con questi dati. Ricontrolla i due codici: devono essere uguali a quelli dell’avviso."
        en "Debt not found" "We cannot find a debt with these details. Check both codes: they must match the notice.";
    PAYMENT_NOT_FOUND = "payment_not_found" 404
        it "Pagamento non trovato" "Non troviamo questo pagamento."
        en "Payment not found" "We cannot find this payment.";
    RECEIPT_NOT_FOUND = "receipt_not_found" 404
        it "Ricevuta non trovata" "Non troviamo questa ricevuta."
        en "Receipt not found" "We cannot find this receipt.";
    NOT_FOUND = "not_found" 404
        it "Indirizzo non trovato" "Controlla l’indirizzo."
        en "Address not found" "Check the address.";
    METHOD_NOT_ALLOWED = "method_not_allowed" 405
        it "Metodo non consentito" "Questo indirizzo non accetta questo metodo."
        en "Method not allowed" "This address does not take this method.";
    DEBT_ALREADY_PAID = "debt_already_paid" 409
        it "Pratica già pagata" "Questa pratica risulta già pagata."
        en "Already paid" "This debt is already paid.";
    DEBT_NOT_PAYABLE = "debt_not_payable" 409
        it "Pratica non pagabile" "Questa pratica non si può più pagare online."
        en "Not payable" "This debt can no longer be paid online.";
    PAYMENT_IN_PROGRESS = "payment_in_progress" 409
        it "Pagamento in corso" "C’è già un pagamento in corso: aspetta l’esito."
        en "Payment in progress" "A payment is already in progress: wait for its outcome.";
    REQUEST_IN_PROGRESS = "request_in_progress" 409
        it "Richiesta in corso" "La stessa richiesta è ancora in corso: aspetta un momento e riprova."
        en "Request in progress" "The same request is still running: wait a moment and try again.";
    AMOUNT_CHANGED = "amount_changed" 409
        it "Importo aggiornato" "L’ente ha aggiornato l’importo: controllalo prima di pagare."
        en "Amount changed" "The body has updated the amount: check it before you pay.";
    PAYLOAD_TOO_LARGE = "payload_too_large" 413
        it "Richiesta troppo grande" "La richiesta supera la dimensione consentita."
        en "Request too large" "The request is larger than allowed.";
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type" 415
        it "Formato non accettato" "La richiesta deve essere in JSON (application/json)."
        en "Format not accepted" "The request must be JSON (application/json).";
    IDEMPOTENCY_KEY_REUSED = "idempotency_key_reused" 422
        it "Chiave già usata" "Questa Idempotency-Key è già stata usata per un’altra richiesta."
        en "Key already used" "This Idempotency-Key was already used for another request.";
    TOO_MANY_REQUESTS = "too_many_requests" 429
        it "Troppi tentativi" "Hai fatto troppi tentativi. Aspetta e riprova."
        en "Too many attempts" "You have tried too many times. Wait and try again.";
    PSP_UNAVAILABLE = "psp_unavailable" 502
        it "Il PSP non risponde" "Il PSP scelto non risponde: riprova o scegline un altro."
        en "The provider does not answer" "The chosen provider does not answer: try again or choose another.";
    TEMPORARILY_UNAVAILABLE = "temporarily_unavailable" 503
        it "Servizio momentaneamente non disponibile" "Si è verificato un problema da parte nostra. Riprova tra qualche minuto."
        en "Temporarily unavailable" "Something went wrong on our side. Try again in a few minutes.";
}

fn entry(error: &Error) -> &'static Entry {
    match error {
        Error::Invalid(_) => &INVALID_INPUT,
        Error::UnknownField(_) => &UNKNOWN_FIELD,
        Error::MalformedBody => &MALFORMED_BODY,
        Error::LinkNotValid => &LINK_NOT_VALID,
        Error::StaleTimestamp => &STALE_TIMESTAMP,
        Error::InvalidCursor => &INVALID_CURSOR,
        Error::NotAuthenticated => &NOT_AUTHENTICATED,
        Error::InvalidCredentials => &INVALID_CREDENTIALS,
        Error::BadSignature => &BAD_SIGNATURE,
        Error::AccountNotActive => &ACCOUNT_NOT_ACTIVE,
        Error::ForbiddenOrigin => &FORBIDDEN_ORIGIN,
        Error::DebtNotFound => &DEBT_NOT_FOUND,
        Error::PaymentNotFound => &PAYMENT_NOT_FOUND,
        Error::ReceiptNotFound => &RECEIPT_NOT_FOUND,
        Error::NotFound => &NOT_FOUND,
        Error::MethodNotAllowed(_) => &METHOD_NOT_ALLOWED,
        Error::DebtAlreadyPaid => &DEBT_ALREADY_PAID,
        Error::DebtNotPayable => &DEBT_NOT_PAYABLE,
        Error::PaymentInProgress => &PAYMENT_IN_PROGRESS,
        Error::RequestInProgress => &REQUEST_IN_PROGRESS,
        Error::AmountChanged => &AMOUNT_CHANGED,
        Error::PayloadTooLarge => &PAYLOAD_TOO_LARGE,
        Error::UnsupportedMediaType => &UNSUPPORTED_MEDIA_TYPE,
        Error::IdempotencyKeyReused => &IDEMPOTENCY_KEY_REUSED,
        Error::TooManyRequests { .. } => &TOO_MANY_REQUESTS,
        Error::PspUnavailable(_) => &PSP_UNAVAILABLE,
        Error::Unavailable(_) => &TEMPORARILY_UNAVAILABLE,
    }
}

impl Problem {
    /// The contract's code.
    pub fn code(&self) -> &'static str {
        entry(&self.0).code
    }

    /// The code of an error.
    pub fn code_of(error: &Error) -> &'static str {
        entry(error).code
    }

    pub(crate) fn into_error(self) -> Error {
        self.0
    }

    /// The document. Nothing of a fault is in it.
    pub fn reply(&self, language: Language, request_id: &str) -> Reply {
        let entry = entry(&self.0);
        let (title, detail) = match language {
            Language::It => entry.it,
            Language::En => entry.en,
        };
        let mut document = json!({
            "type": format!("urn:problem:{}", entry.code),
            "title": title,
            "status": entry.status,
            "detail": detail,
            "code": entry.code,
            "requestId": request_id,
        });
        let errors: Vec<Value> = match &self.0 {
            Error::Invalid(errors) => errors.iter().map(|e| field(e, language)).collect(),
            Error::UnknownField(name) => {
                let name: String = name.chars().take(64).collect();
                vec![field(&FieldError::new(name, FieldCode::NotAllowed), language)]
            }
            _ => Vec::new(),
        };
        if let (false, Some(document)) = (errors.is_empty(), document.as_object_mut()) {
            document.insert("errors".to_owned(), Value::Array(errors));
        }
        let status = StatusCode::from_u16(entry.status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
        let reply = Reply::json(status, &document).with_header("content-type", "application/problem+json");
        let reply = match &self.0 {
            Error::TooManyRequests { retry_after } => {
                reply.with_header("retry-after", &retry_after.as_secs().max(1).to_string())
            }
            Error::Unavailable(_) | Error::PspUnavailable(_) => reply.with_header("retry-after", "5"),
            Error::MethodNotAllowed(allow) => reply.with_header("allow", allow),
            _ => reply,
        };
        reply.with_header("content-language", language.as_str())
    }
}

fn field(error: &FieldError, language: Language) -> Value {
    let mut out = json!({
        "field": error.field,
        "code": error.code.as_str(),
        "message": words::message(error, language),
    });
    if let (false, Some(out)) = (error.params.is_empty(), out.as_object_mut()) {
        let params: Map<String, Value> =
            error.params.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect();
        out.insert("params".to_owned(), Value::Object(params));
    }
    out
}
