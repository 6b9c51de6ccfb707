//! On whose behalf personal data are read. A person reads as a [`Citizen`](crate::Citizen), which only a live session
//! makes; whoever holds both codes of a debt, a receipt's code or a mailed link shows just that. Everybody else is named
//! here, and `tests/tidy` holds which crate may name whom.

/// Who reads a debt without being a person.
#[derive(Clone, Copy, Debug)]
pub enum DebtReader {
    /// pagoPA's node, let in by its certificate and network.
    Node,
    /// The creditor's back office, which showed its key.
    Creditor,
    /// Somebody with rights of their own in the account at AWS.
    Operator,
    /// Our own work on the outbox.
    Worker,
}

/// Who reads an account without its session.
#[derive(Clone, Copy, Debug)]
pub enum AccountReader {
    /// Who is about to show the account's password.
    Login,
    /// Our own work: the outbox and the sweep.
    Worker,
    /// Somebody with rights of their own in the account at AWS.
    Operator,
}
