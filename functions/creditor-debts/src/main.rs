fn main() -> std::process::ExitCode {
    lambda::run::<creditor_debts::CreditorDebts>()
}
