"""`telemed gateway`: what a camera or a stethoscope at a station sees and hears, for the doctor; it only ever sends."""
