fn main() -> std::process::ExitCode {
    lambda::run::<activate::Activate>()
}
