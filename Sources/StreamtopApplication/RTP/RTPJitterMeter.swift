import StreamtopBase

/// Interarrival jitter (RFC 3550 section 6.4.1 and appendix A.8) over packets in order of arrival.
///
/// |D| is not linear in the clock rate, and the clock of a dynamic payload type becomes known only after some seconds: until
/// then the recursion runs for every rate that it may be, so that the figure is exact from the first packet on.
package struct RTPJitterMeter: Sendable {
    /// Clock rates in use (RFC 3551 and the registered payload formats).
    package static var rates: InlineArray<10, Double> {
        [8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 90_000]
    }

    // In clock units, of all rates beside each other: one instruction steps several.
    private var values: InlineArray<10, Double> = .init(repeating: 0)
    private var sums: InlineArray<10, Double> = .init(repeating: 0)
    private var largest: InlineArray<10, Double> = .init(repeating: 0)
    /// The only course that still runs.
    private var chosen: Int?
    private var steps = 0
    private var lastTime = Timestamp(nanoseconds: 0)
    private var lastTimestamp: UInt32 = 0
    private var hasLast = false

    package init() {}

    /// The clock is known: the other courses end.
    package mutating func settle(on rate: Int) { chosen = Self.index(of: rate) }

    private static func index(of rate: Int) -> Int? { rates.indices.first { rates[$0] == Double(rate) } }

    package mutating func observe(_ timestamp: UInt32, at time: Timestamp) {
        defer {
            lastTime = time
            lastTimestamp = timestamp
            hasLast = true
        }
        guard hasLast else { return }
        let elapsed = Double(time - lastTime) / 1e9
        let advance = Double(timestamp.distance(after: lastTimestamp))
        steps &+= 1  // one for each packet
        if let chosen {
            step(chosen, Self.rates[chosen], elapsed, advance)
        } else {
            let rates = Self.rates
            for index in 0..<10 { step(index, rates[index], elapsed, advance) }
        }
    }

    /// The sender's clock or the capture's began anew: the step to the next packet says nothing.
    package mutating func interrupt() { hasLast = false }

    @inline(__always)
    private mutating func step(_ index: Int, _ rate: Double, _ elapsed: Double, _ advance: Double) {
        let difference = abs(elapsed * rate - advance)
        let value = values[index] + (difference - values[index]) / 16
        values[index] = value
        sums[index] += value
        largest[index] = value > largest[index] ? value : largest[index]
    }

    package struct Reading: Equatable, Sendable {
        package var last: Nanoseconds
        package var mean: Nanoseconds
        package var maximum: Nanoseconds
    }

    /// nil before the second packet and for a rate that was not followed.
    package func reading(at rate: Int) -> Reading? {
        guard steps > 0, let index = Self.index(of: rate), chosen == nil || chosen == index else { return nil }
        func time(_ units: Double) -> Nanoseconds {
            let value = units * 1e9 / Self.rates[index]
            return value < 9e18 ? Nanoseconds(value) : .max
        }
        return Reading(
            last: time(values[index]), mean: time(sums[index] / Double(steps)),
            maximum: time(largest[index]))
    }
}
