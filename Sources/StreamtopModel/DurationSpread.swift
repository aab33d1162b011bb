import StreamtopBase

/// How long things took, over many of them.
package struct DurationSpread: Equatable, Sendable {
    package var samples: Int
    package var p50: Nanoseconds
    package var p95: Nanoseconds
    package var maximum: Nanoseconds

    package init(samples: Int, p50: Nanoseconds, p95: Nanoseconds, maximum: Nanoseconds) {
        self.samples = samples
        self.p50 = p50
        self.p95 = p95
        self.maximum = maximum
    }

    /// nil without samples.
    package init?(_ samples: borrowing RoundTripSamples) {
        guard let p50 = samples.quantile(0.5), let p95 = samples.quantile(0.95) else { return nil }
        self.init(samples: samples.count, p50: p50, p95: p95, maximum: samples.maximum)
    }
}
