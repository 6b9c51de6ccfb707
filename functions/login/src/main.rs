fn main() -> std::process::ExitCode {
    lambda::run::<login::Login>()
}
