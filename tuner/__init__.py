"""Open, local, device-aware AutoML for microcontrollers."""
