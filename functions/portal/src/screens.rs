//! Every page of the portal: its address, who may see it, its template, its script and that script's messages.

use askama::Template;
use web::path_parameters;

use crate::page::PageContext;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anyone; the page is the same for all and may be kept by browsers if they ask first.
    Public,
    /// People without a session; the others are led to their debts by the script.
    LoggedOut,
    /// People with a session; nothing may be kept.
    Private,
}

pub struct Screen {
    /// The number by which the specification, the tests and the screenshots call it.
    pub id: &'static str,
    /// Template and catalogue prefix.
    pub name: &'static str,
    /// The address without the language, written as a route: `{name}` is one segment.
    pub address: &'static str,
    pub access: Access,
    /// The module `js/<script>.js` that fills the page in, if one does.
    pub script: Option<&'static str>,
    /// What the script says beyond its own `<name>.js.` messages and those that every page has: prefixes of keys.
    pub messages: &'static [&'static str],
    /// Belongs to spontaneous payments, which an entity may not offer.
    pub spontaneous: bool,
    /// Reached from outside (mails, PSPs), so in the person's language and not in the address's.
    pub entrance: bool,
    body: fn(&PageContext) -> askama::Result<String>,
}

/// Declares one template per file and a function that renders it.
macro_rules! templates {
    ($($render:ident $Template:ident $file:literal)*) => {$(
        #[derive(Template)]
        #[template(path = $file)]
        struct $Template<'a> {
            p: &'a PageContext<'a>,
        }

        fn $render(p: &PageContext) -> askama::Result<String> {
            $Template { p }.render()
        }
    )*};
}

templates! {
    search Search "ricerca.html"
    found Found "ricerca-esito.html"
    register Register "registrazione.html"
    details Details "registrazione-dati.html"
    registered Registered "registrazione-completata.html"
    activate Activate "attiva.html"
    login Login "accedi.html"
    forgotten Forgotten "password-dimenticata.html"
    reset Reset "reimposta-password.html"
    confirm_email ConfirmEmail "conferma-email.html"
    contest Contest "contesta.html"
    to_pay ToPay "pratiche.html"
    history History "storico.html"
    services Services "spontaneo.html"
    new_debt NewDebt "spontaneo-dati.html"
    new_summary NewSummary "spontaneo-riepilogo.html"
    debt Debt "pratica.html"
    receipt Receipt "ricevuta.html"
    pay Pay "paga.html"
    outcome Outcome "pagamento-esito.html"
    profile Profile "profilo.html"
    revoke Revoke "revoca-consenso.html"
    goodbye Goodbye "uscita.html"
    privacy Privacy "privacy.html"
    terms Terms "termini.html"
    legal Legal "note-legali.html"
    help Help "aiuto.html"
    accessibility Accessibility "accessibilita.html"
    verify Verify "verifica.html"
    not_found_body NotFound "non-trovata.html"
    maintenance_body Maintenance "manutenzione.html"
    not_offered_body NotOffered "non-previsti.html"
}

const FISCAL_CODE: &str = "err.fiscalCode.";
const NOTICE_CODE: &str = "err.noticeNumber.";
const DEBTS: &str = "pratica.js.";
/// The states of debts, where they are shown.
const STATES: &str = "stato.";
/// What can be wrong with a new password, and with the code of a mail.
const RESET: [&str; 5] =
    ["codice.js.", "err.code.", "err.username.", "err.password.", "err.passwordConfirmation."];

/// What can be wrong with a payment before it starts.
const PAYMENT: [&str; 6] = [
    "err.email.",
    "err.method.",
    "err.pspId.",
    "problem.debt_already_paid.detail",
    "problem.debt_not_payable.detail",
    "problem.payment_in_progress.detail",
];

/// Everything that can be wrong with who registers.
const REGISTRATION: [&str; 17] = [
    // What the step before made sure of is not said again.
    "err.fiscalCode.not_allowed",
    "err.firstName.",
    "err.lastName.",
    "err.companyName.",
    "err.address.",
    "err.country.",
    "err.city.",
    "err.province.",
    "err.postalCode.",
    "err.email.",
    "err.phone.",
    "err.username.",
    "err.password.",
    "err.passwordConfirmation.",
    "err.privacyAccepted.",
    "err.termsAccepted.",
    "err.too_long",
];

impl Screen {
    const fn new(
        id: &'static str,
        name: &'static str,
        address: &'static str,
        body: fn(&PageContext) -> askama::Result<String>,
    ) -> Self {
        Self {
            id,
            name,
            address,
            access: Access::Public,
            script: None,
            messages: &[],
            spontaneous: false,
            entrance: false,
            body,
        }
    }

    const fn scripted(mut self, messages: &'static [&'static str]) -> Self {
        self.script = Some(self.name);
        self.messages = messages;
        self
    }

    /// The module of a sister screen fills this one in too.
    const fn by_script_of(mut self, name: &'static str) -> Self {
        self.script = Some(name);
        self
    }

    const fn private(mut self) -> Self {
        self.access = Access::Private;
        self
    }

    const fn logged_out(mut self) -> Self {
        self.access = Access::LoggedOut;
        self
    }

    const fn spontaneous(mut self) -> Self {
        self.spontaneous = true;
        self
    }

    const fn entrance(mut self) -> Self {
        self.entrance = true;
        self
    }

    pub fn render(&self, page: &PageContext) -> askama::Result<String> {
        (self.body)(page)
    }

    /// The screen at an address without language.
    pub fn at(path: &str) -> Option<&'static Screen> {
        SCREENS.iter().find(|screen| path_parameters(screen.address, path).is_some())
    }

    pub fn not_found() -> &'static Screen {
        &NOT_FOUND
    }

    pub fn maintenance() -> &'static Screen {
        &MAINTENANCE
    }

    pub fn not_offered() -> &'static Screen {
        &NOT_OFFERED
    }
}

pub static SCREENS: &[Screen] = &[
    Screen::new("S01", "ricerca", "/", search)
        .scripted(&[FISCAL_CODE, NOTICE_CODE, "problem.debt_not_found.detail"])
        .entrance(),
    Screen::new("S02", "ricerca-esito", "/ricerca/esito", found).scripted(&[DEBTS, STATES]),
    Screen::new("S03", "registrazione", "/registrazione", register).scripted(&[FISCAL_CODE]).logged_out(),
    Screen::new("S04", "registrazione-dati", "/registrazione/dati", details)
        .scripted(&REGISTRATION)
        .logged_out(),
    Screen::new("S05", "registrazione-completata", "/registrazione/completata", registered).scripted(&[]),
    Screen::new("S06", "attiva", "/attiva", activate)
        .scripted(&[
            "codice.js.",
            "err.attiva.",
            "err.code.",
            "err.email.",
            "err.username.",
            "problem.link_not_valid.title",
            "problem.username_taken.",
        ])
        .entrance(),
    Screen::new("S07", "accedi", "/accedi", login)
        .scripted(&[
            "err.username.",
            "problem.account_not_active.detail",
            "problem.invalid_credentials.title",
        ])
        .logged_out(),
    Screen::new("S08", "password-dimenticata", "/password-dimenticata", forgotten)
        .scripted(&["err.accedi.", "err.username."])
        .logged_out(),
    Screen::new("S09", "reimposta-password", "/reimposta-password", reset).scripted(&RESET).entrance(),
    Screen::new("S36", "conferma-email", "/conferma-email", confirm_email)
        .scripted(&["problem.link_not_valid.title"])
        .entrance(),
    Screen::new("S37", "contesta", "/contesta", contest)
        .scripted(&["problem.link_not_valid.title"])
        .entrance(),
    Screen::new("S10", "pratiche", "/pratiche", to_pay).scripted(&[DEBTS, STATES]).private(),
    Screen::new("S11", "storico", "/pratiche/storico", history)
        .scripted(&[DEBTS, STATES, "err.from.", "err.to."])
        .by_script_of("pratiche")
        .private(),
    Screen::new("S12", "spontaneo", "/spontaneo", services).scripted(&[]).private().spontaneous(),
    Screen::new("S13", "spontaneo-dati", "/spontaneo/{service}", new_debt)
        .scripted(&["err.amount.", "err.reason.", "err.campo.", "err.too_long"])
        .private()
        .spontaneous(),
    Screen::new("S14", "spontaneo-riepilogo", "/spontaneo/{service}/riepilogo", new_summary)
        .scripted(&["err.serviceCode.not_allowed"])
        .private()
        .spontaneous(),
    Screen::new("S15", "pratica", "/pratiche/{notice}", debt).scripted(&[DEBTS, STATES]).private(),
    Screen::new("S16", "paga", "/paga/{notices}", pay).scripted(&PAYMENT).private(),
    Screen::new("S17", "pagamento-esito", "/paga/{payment}/esito", outcome)
        .scripted(&["metodo."])
        .private()
        .entrance(),
    Screen::new("S18", "ricevuta", "/pratiche/{notice}/ricevuta", receipt)
        .scripted(&[DEBTS, "metodo."])
        .private(),
    Screen::new("S20", "profilo", "/profilo", profile).scripted(&[]).private(),
    Screen::new("S21", "revoca-consenso", "/profilo/revoca-consenso", revoke).scripted(&[]).private(),
    Screen::new("S22", "uscita", "/uscita", goodbye).scripted(&[]),
    Screen::new("S23", "privacy", "/privacy", privacy),
    Screen::new("S24", "termini", "/termini", terms),
    Screen::new("S25", "note-legali", "/note-legali", legal),
    Screen::new("S26", "aiuto", "/aiuto", help),
    Screen::new("S27", "accessibilita", "/accessibilita", accessibility),
    Screen::new("S35", "verifica", "/verifica", verify).scripted(&[]),
];

static NOT_FOUND: Screen = Screen::new("S28", "non-trovata", "", not_found_body);
static MAINTENANCE: Screen = Screen::new("S29", "manutenzione", "", maintenance_body);
static NOT_OFFERED: Screen = Screen::new("S12", "non-previsti", "", not_offered_body).private();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_addresses_win_over_those_with_a_name() {
        assert_eq!(Screen::at("/").unwrap().id, "S01");
        assert_eq!(Screen::at("/pratiche").unwrap().id, "S10");
        assert_eq!(Screen::at("/pratiche/storico").unwrap().id, "S11");
        assert_eq!(Screen::at("/pratiche/301000000000000001").unwrap().id, "S15");
        assert_eq!(Screen::at("/pratiche/301000000000000001/ricevuta").unwrap().id, "S18");
        assert_eq!(Screen::at("/spontaneo/08.MENSA SCOLASTICA/riepilogo").unwrap().id, "S14");
        assert_eq!(Screen::at("/paga/1,2").unwrap().id, "S16");
        assert!(Screen::at("/paga/").is_none());
        assert!(Screen::at("/nulla").is_none());
        assert!(Screen::at("").is_none());
    }
}
