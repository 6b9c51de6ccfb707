//! Processes the outbox: [`OutboxWorker`] looks up, decides, sends. `process-outbox` and `sweep` call it; either alone
//! is enough.

use domain::account::{Account, AccountId, AccountStatus, Language, LinkPurpose, Profile};
use domain::creditor::Creditor;
use domain::debt::DebtState;
use domain::notice::NoticeNumber;
use domain::outbox::{CloseReason, OutboxMessage, Recipient};
use domain::person::Email;
use domain::rate_limits::LetterKind;
use domain::{Cents, Fault, Timestamp};
use identity::{Link, Links};
use mail::{MailedLink, Mailer, Message, Paid};
use pagopa::aca::{AcaClient, Position};
use runtime::metrics::MailOutcome;
use runtime::{ConfigError, Env, Measure, Metrics};
use store::{AccountReader, Accounts, DebtReader, DebtWriter, Debts, Outbox, RateLimits, StoredMessage};

#[derive(Clone)]
pub struct OutboxWorker {
    outbox: Outbox,
    accounts: Accounts,
    writer: DebtWriter,
    limits: RateLimits,
    links: Links,
    mailer: Mailer,
    archive: Option<Archive>,
    metrics: Metrics,
}

/// What the central archive of notices (ACA) is told: only for creditors that use it.
#[derive(Clone)]
struct Archive {
    aca: AcaClient,
    debts: Debts,
    creditor: Creditor,
}

impl Archive {
    fn connect(env: &Env) -> Result<Option<Self>, ConfigError> {
        let Some(aca) = AcaClient::connect(env)? else { return Ok(None) };
        Ok(Some(Self { aca, debts: Debts::connect(env)?, creditor: creditor::creditor(env)? }))
    }
}

impl OutboxWorker {
    pub fn connect(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self {
            outbox: Outbox::connect(env)?,
            accounts: Accounts::connect(env)?,
            writer: DebtWriter::connect(env)?,
            limits: RateLimits::connect(env)?,
            links: Links::connect(env)?,
            mailer: Mailer::connect(env)?,
            archive: Archive::connect(env)?,
            metrics: env.metrics().clone(),
        })
    }

    pub fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    pub fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    /// Processes one message, if it is still to do and nobody else has it. A failure of SES puts it back; only
    /// a failure of the store comes back to the caller.
    pub async fn deliver(&self, id: &str) -> Result<(), Fault> {
        let Some(stored) = self.outbox.lease(id).await? else { return Ok(()) };
        if stored.is_exhausted() {
            return self.outbox.failed(&stored).await;
        }
        if let Some(at) = self.not_before(&stored).await? {
            return self.outbox.postpone(id, at).await;
        }
        match self.process(&stored).await {
            Ok(()) => self.outbox.done(id).await,
            Err(fault) => {
                tracing::warn!(event = "outbox.retry", doing = fault.doing, cause = %fault.source, message_id = id, "a message will be tried again");
                self.outbox.failed(&stored).await
            }
        }
    }

    async fn process(&self, stored: &StoredMessage) -> Result<(), Fault> {
        match &stored.message {
            OutboxMessage::Register { profile, password } => self.register(stored, profile, password).await,
            OutboxMessage::ResendActivation { username, .. } => {
                self.resend(stored, username, LetterKind::ActivationAgain).await
            }
            OutboxMessage::ForgotPassword { username, browser, .. } => {
                self.forgot(stored, username, browser.as_deref()).await
            }
            OutboxMessage::AccountActivated { email, language } => {
                let login = self.links.page("/accedi");
                let to = (email, *language);
                self.write(stored, LetterKind::Told, to, &Message::Activated { login }).await
            }
            OutboxMessage::PasswordChanged { email, language } => {
                let forgot = self.links.page("/password-dimenticata");
                let to = (email, *language);
                self.write(stored, LetterKind::Told, to, &Message::PasswordChanged { forgot }).await
            }
            OutboxMessage::ConfirmEmail { account, email } => {
                self.send_confirmation(stored, account, email).await
            }
            OutboxMessage::EmailChangeAsked { email, language } => {
                let help = self.links.page("/aiuto");
                let to = (email, *language);
                self.write(stored, LetterKind::Told, to, &Message::EmailChangeAsked { help }).await
            }
            OutboxMessage::IdentityProven { account, proof, known } => {
                self.tell_of_proof(stored, account, *proof, known.as_ref()).await
            }
            OutboxMessage::IdentityDisputed { accounts } => self.tell_of_dispute(stored, accounts).await,
            OutboxMessage::IdentityDecided { account } => self.tell_of_decision(stored, account).await,
            OutboxMessage::NewDevice { account, at } => {
                let forgot = self.links.page("/password-dimenticata");
                let message = Message::NewDevice { at: domain::time::rome_minute(*at), forgot };
                self.tell_account(stored, account, &message).await
            }
            OutboxMessage::AccountUnused { account, until } => {
                let login = self.links.page("/accedi");
                let message = Message::AccountUnused { until: domain::time::italian_date(*until), login };
                self.tell_account(stored, account, &message).await
            }
            OutboxMessage::CloseAccount { account, by } => self.close(stored, account, *by).await,
            OutboxMessage::UploadPosition { notice } => self.upload(notice).await,
            OutboxMessage::PaymentReceived { to, others, paid, fee, .. } => {
                let Some((email, language)) = self.address(to, others).await? else {
                    return Ok(());
                };
                let (kind, verified) = match to {
                    Recipient::Address(..) => (LetterKind::MoneyElsewhere, false),
                    Recipient::Account(_) | Recipient::Debtor(_) => (LetterKind::Money, true),
                };
                let sum = Cents::sum(paid.iter().map(|line| line.amount));
                let total = sum.and_then(|sum| sum.plus(*fee)).unwrap_or_default();
                let paid = paid
                    .iter()
                    .map(|line| Paid {
                        reason: verified.then(|| line.reason.clone()),
                        iuv: line.iuv.clone(),
                        amount: line.amount,
                        paid_on: line.paid_on,
                    })
                    .collect();
                let page = self.links.page("/pratiche/storico");
                let message = Message::PaymentReceived { total, fee: *fee, paid, page };
                self.write(stored, kind, (&email, language), &message).await
            }
            OutboxMessage::PaymentDiffers { account, reasons, came, agreed, .. } => {
                let to = Recipient::Account(account.clone());
                let Some((email, language)) = self.found(&to).await? else { return Ok(()) };
                let (reasons, came, agreed) = (reasons.clone(), *came, *agreed);
                let page = self.links.page("/pratiche");
                let message = Message::PaymentDiffers { reasons, came, agreed, page };
                self.write(stored, LetterKind::Money, (&email, language), &message).await
            }
            OutboxMessage::PaymentFailed { account, reasons, .. } => {
                let Some(account) = account.clone() else { return Ok(()) };
                let Some((email, language)) = self.found(&Recipient::Account(account)).await? else {
                    return Ok(());
                };
                let page = self.links.page("/pratiche");
                let message = Message::PaymentFailed { reasons: reasons.clone(), page };
                self.write(stored, LetterKind::Money, (&email, language), &message).await
            }
        }
    }

    /// Where and in which language to write of money. Nowhere if there is no such account, or not any more: the
    /// receipt stays. Nor if another message about the same money goes to the same address.
    async fn address(
        &self,
        to: &Recipient,
        others: &[Recipient],
    ) -> Result<Option<(Email, Language)>, Fault> {
        let Some(found) = self.found(to).await? else { return Ok(None) };
        for other in others {
            if self.found(other).await?.is_some_and(|(email, _)| email == found.0) {
                return Ok(None);
            }
        }
        Ok(Some(found))
    }

    async fn found(&self, to: &Recipient) -> Result<Option<(Email, Language)>, Fault> {
        let account = match to {
            Recipient::Address(email, language) => return Ok(Some((email.clone(), *language))),
            Recipient::Account(id) => self.accounts.by_id(AccountReader::Worker, id).await?,
            Recipient::Debtor(code) => self.accounts.by_fiscal_code(AccountReader::Worker, code).await?,
        };
        let active = account.filter(|account| account.status == AccountStatus::Active);
        Ok(active.map(|account| (account.profile.email, account.profile.language)))
    }

    /// Tells an active account's holder something about it.
    async fn tell_account(
        &self,
        stored: &StoredMessage,
        account: &AccountId,
        message: &Message,
    ) -> Result<(), Fault> {
        let Some(account) = self.active(account).await? else { return Ok(()) };
        let to = (&account.profile.email, account.profile.language);
        self.write(stored, LetterKind::Told, to, message).await
    }

    /// A registration, and the link that activates it: the same for every code and username, whoever has them.
    async fn register(&self, stored: &StoredMessage, profile: &Profile, password: &str) -> Result<(), Fault> {
        // The message's own id makes the account's: the same message again is the same account.
        let id = AccountId::new(stored.id.chars().take(32).collect::<String>());
        let account = self.accounts.register(&id, profile, password).await?;
        match account.status {
            AccountStatus::Pending => {
                self.send_activation(stored, &[account], LetterKind::Registration).await
            }
            AccountStatus::Active | AccountStatus::Closed => Ok(()),
        }
    }

    /// Links for the registrations that wait for a username, each its own.
    async fn resend(&self, stored: &StoredMessage, username: &Email, kind: LetterKind) -> Result<(), Fault> {
        let waiting = self.accounts.waiting(AccountReader::Worker, username).await?;
        self.send_activation(stored, &waiting, kind).await
    }

    async fn forgot(
        &self,
        stored: &StoredMessage,
        username: &Email,
        browser: Option<&str>,
    ) -> Result<(), Fault> {
        let record = self.accounts.by_username(AccountReader::Worker, username).await?;
        let Some(account) = record.map(|record| record.account) else { return Ok(()) };
        match account.status {
            AccountStatus::Active => self.send_reset(stored, &account, browser).await,
            // A password cannot be reset before the account is active: the link for that is what they need.
            AccountStatus::Pending => self.resend(stored, username, LetterKind::ActivationForgotten).await,
            AccountStatus::Closed => Ok(()),
        }
    }

    /// One mail to the username with a link for each of its accounts: nobody knows which of them whoever reads it made.
    async fn send_activation(
        &self,
        stored: &StoredMessage,
        accounts: &[Account],
        kind: LetterKind,
    ) -> Result<(), Fault> {
        let Some(Profile { username, language, .. }) = accounts.first().map(|account| &account.profile)
        else {
            return Ok(());
        };
        if !self.may_write(stored, kind, username, None).await? {
            return Ok(());
        }
        let mut links = Vec::new();
        for account in accounts {
            let link = self.new_link(stored, account, LinkPurpose::Activate).await?;
            links.push(MailedLink {
                url: link.url,
                code: link.code.grouped(),
                registered: account.created_at,
            });
        }
        self.mailer.send(username, *language, &Message::Activate { links }).await
    }

    async fn send_reset(
        &self,
        stored: &StoredMessage,
        account: &Account,
        browser: Option<&str>,
    ) -> Result<(), Fault> {
        let profile = &account.profile;
        if !self.may_write(stored, LetterKind::Reset, &profile.email, browser).await? {
            return Ok(());
        }
        let link = self.new_link(stored, account, LinkPurpose::ResetPassword).await?;
        let message = Message::ResetPassword { link: link.url, code: link.code.grouped() };
        self.mailer.send(&profile.email, profile.language, &message).await
    }

    async fn new_link(
        &self,
        stored: &StoredMessage,
        account: &Account,
        purpose: LinkPurpose,
    ) -> Result<Link, Fault> {
        let link = self.links.of_message(&stored.id, purpose, account.id.as_str()).await?;
        self.accounts.new_link(account, purpose, &link.token, Some(&link.code)).await?;
        Ok(link)
    }

    /// The link that confirms another address: nothing else goes there before it is used.
    async fn send_confirmation(
        &self,
        stored: &StoredMessage,
        id: &AccountId,
        email: &Email,
    ) -> Result<(), Fault> {
        let account = self.accounts.by_id(AccountReader::Worker, id).await?;
        // Another address may wait by now.
        let waits = |account: &Account| {
            account.status == AccountStatus::Active
                && account.profile.unconfirmed_email.as_ref() == Some(email)
        };
        let Some(account) = account.filter(waits) else { return Ok(()) };
        if !self.may_write(stored, LetterKind::Confirmation, email, None).await? {
            return Ok(());
        }
        let purpose = LinkPurpose::ConfirmEmail;
        let link = self.links.of_message(&stored.id, purpose, account.id.as_str()).await?;
        self.accounts.new_link(&account, purpose, &link.token, None).await?;
        self.mailer.send(email, account.profile.language, &Message::ConfirmEmail { link: link.url }).await
    }

    /// Whoever may know better of a proof gets a link that contests it: the creditor's own address of the debtor, and every
    /// other account that names the code.
    async fn tell_of_proof(
        &self,
        stored: &StoredMessage,
        id: &AccountId,
        proof: Timestamp,
        known: Option<&Email>,
    ) -> Result<(), Fault> {
        let account = self.accounts.by_id(AccountReader::Worker, id).await?;
        let proven = |account: &Account| account.proof.as_ref().is_some_and(|given| given.at == proof);
        let Some(account) = account.filter(proven) else { return Ok(()) };
        let others = self.accounts.naming(AccountReader::Worker, &account.profile.fiscal_code).await?;
        let others = others.into_iter().filter(|other| other.id != account.id);
        let others = others.map(|other| (other.profile.email, other.profile.language));
        let mut told: Vec<Email> = Vec::new();
        for (email, language) in
            known.map(|email| (email.clone(), Language::default())).into_iter().chain(others)
        {
            let again = told.contains(&email) || domain::proof::is_own(&account, &email);
            if again || !self.may_write(stored, LetterKind::Proof, &email, None).await? {
                continue;
            }
            let link = self.links.of_message(&stored.id, LinkPurpose::ContestProof, email.as_str()).await?;
            self.accounts.new_contest(&account, proof, &link.token).await?;
            self.mailer.send(&email, language, &Message::IdentityProven { link: link.url }).await?;
            told.push(email);
        }
        Ok(())
    }

    /// Both accounts hear that the creditor has to decide; so does the operator, by this line of the log.
    async fn tell_of_dispute(&self, stored: &StoredMessage, accounts: &[AccountId]) -> Result<(), Fault> {
        tracing::error!(
            event = "identity.disputed",
            accounts = accounts.len(),
            "whose a fiscal code is, is to be decided"
        );
        for id in accounts {
            if let Some(account) = self.active(id).await? {
                let help = self.links.page("/aiuto");
                let profile = &account.profile;
                let to = (&profile.email, profile.language);
                self.write(stored, LetterKind::Told, to, &Message::IdentityDisputed { help }).await?;
            }
        }
        Ok(())
    }

    async fn tell_of_decision(&self, stored: &StoredMessage, id: &AccountId) -> Result<(), Fault> {
        let Some(account) = self.active(id).await? else { return Ok(()) };
        let (profile, proven) = (&account.profile, account.identity_proven);
        let login = self.links.page("/accedi");
        let to = (&profile.email, profile.language);
        self.write(stored, LetterKind::Told, to, &Message::IdentityDecided { proven, login }).await
    }

    async fn active(&self, id: &AccountId) -> Result<Option<Account>, Fault> {
        let account = self.accounts.by_id(AccountReader::Worker, id).await?;
        Ok(account.filter(|account| account.status == AccountStatus::Active))
    }

    /// Writes to an address, unless its mailbox has had its letters of this kind.
    async fn write(
        &self,
        stored: &StoredMessage,
        kind: LetterKind,
        (email, language): (&Email, Language),
        message: &Message,
    ) -> Result<(), Fault> {
        match self.may_write(stored, kind, email, None).await? {
            true => self.mailer.send(email, language, message).await,
            false => Ok(()),
        }
    }

    /// Returns whether a mailbox gets another letter of this kind (AB-08, IDN-04); what a known browser asks for is counted
    /// for itself. A message that comes back, after a failure or because its worker died, was counted the first time.
    async fn may_write(
        &self,
        stored: &StoredMessage,
        kind: LetterKind,
        email: &Email,
        browser: Option<&str>,
    ) -> Result<bool, Fault> {
        if !stored.is_new() {
            return Ok(true);
        }
        let subject = format!("{} {}", email.mailbox(), browser.unwrap_or_default());
        let may = self.limits.within(kind.limits(), &subject).await?;
        if !may {
            self.metrics.note(Measure::Mail(MailOutcome::Limited));
            tracing::warn!(event = "mail.limited", ?kind, "a mailbox has had its letters for now");
        }
        Ok(may)
    }

    /// Tells the central archive what a debt is now, whatever it was when the message was written.
    async fn upload(&self, notice: &NoticeNumber) -> Result<(), Fault> {
        let Some(archive) = &self.archive else { return Ok(()) };
        let Some(debt) = archive.debts.get(DebtReader::Worker, notice).await? else { return Ok(()) };
        if debt.is_forgotten() {
            return Ok(());
        }
        let position = Position::of(&debt, &archive.creditor, archive.debts.now());
        match archive.aca.upload(&position).await {
            Ok(stored) => {
                tracing::info!(event = "aca.stored", status = stored.status.unwrap_or_default(), "archive");
                Ok(())
            }
            Err(why) if why.worth_repeating() => Err(why.into()),
            Err(why) => {
                tracing::error!(event = "aca.refused", %notice, %why, "the archive refused a position");
                Ok(())
            }
        }
    }

    /// When a message about a debt that is not published yet is to be done.
    async fn not_before(&self, stored: &StoredMessage) -> Result<Option<Timestamp>, Fault> {
        let (OutboxMessage::UploadPosition { notice }, Some(archive)) = (&stored.message, &self.archive)
        else {
            return Ok(None);
        };
        let debt = archive.debts.get(DebtReader::Worker, notice).await?;
        let now = archive.debts.now();
        let unpublished = debt.filter(|debt| debt.state == DebtState::Open && !debt.is_published(now));
        Ok(unpublished.and_then(|debt| debt.days.valid_from).and_then(domain::time::start_of))
    }

    /// Mails a confirmation before the address is erased, then erases.
    async fn close(&self, stored: &StoredMessage, id: &AccountId, by: CloseReason) -> Result<(), Fault> {
        let Some(account) = self.accounts.by_id(AccountReader::Worker, id).await? else { return Ok(()) };
        let profile = &account.profile;
        let search = self.links.page("/");
        let to = (&profile.email, profile.language);
        let message = match by {
            CloseReason::Revoked => Some(Message::ConsentRevoked { search }),
            CloseReason::Operator => Some(Message::AccountClosed { help: self.links.page("/aiuto") }),
            // Its holder was told before.
            CloseReason::Unused => None,
        };
        if let Some(message) = &message {
            self.write(stored, LetterKind::Told, to, message).await?;
        }
        self.writer.take_back_all(&account).await?;
        self.accounts.erase(&account).await
    }
}
