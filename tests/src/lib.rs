//! The actors that the stories are told with.
