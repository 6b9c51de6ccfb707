fn main() -> std::process::ExitCode {
    lambda::run::<import_debts::ImportDebts>()
}
