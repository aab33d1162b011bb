extension Int64 {
    /// Nanoseconds of a number of seconds that may come from the wire: saturates, and is 0 where it is no number.
    package init(ofSeconds seconds: Double) {
        let nanoseconds = seconds * 1e9
        guard !nanoseconds.isNaN else {
            self = 0
            return
        }
        self = nanoseconds >= 9.2e18 ? .max : nanoseconds <= -9.2e18 ? .min : Int64(nanoseconds)
    }
}
