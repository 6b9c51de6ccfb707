fn main() -> std::process::ExitCode {
    lambda::run::<payment_methods::PaymentMethods>()
}
