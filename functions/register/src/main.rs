fn main() -> std::process::ExitCode {
    lambda::run::<register::Register>()
}
