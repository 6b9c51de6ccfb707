fn main() -> std::process::ExitCode {
    lambda::run::<revoke_consent::RevokeConsent>()
}
