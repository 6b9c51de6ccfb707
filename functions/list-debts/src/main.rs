fn main() -> std::process::ExitCode {
    lambda::run::<list_debts::ListDebts>()
}
