fn main() -> std::process::ExitCode {
    lambda::run::<password::Password>()
}
