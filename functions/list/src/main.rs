fn main() -> std::process::ExitCode {
    lambda::run::<list::ListDebts>()
}
