fn main() -> std::process::ExitCode {
    lambda::run::<create_spontaneous::CreateSpontaneous>()
}
