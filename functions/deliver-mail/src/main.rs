fn main() -> std::process::ExitCode {
    lambda::run_worker::<deliver_mail::ProcessOutbox>()
}
