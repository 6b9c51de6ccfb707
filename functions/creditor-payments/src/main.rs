fn main() -> std::process::ExitCode {
    lambda::run::<creditor_payments::CreditorPayments>()
}
