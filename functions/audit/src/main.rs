fn main() -> std::process::ExitCode {
    lambda::run_worker::<audit::Audit>()
}
