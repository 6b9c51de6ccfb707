fn main() -> std::process::ExitCode {
    lambda::run::<account::Account>()
}
