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

    /// Of two rates, in their clock units: one instruction steps both.
    private struct Courses {
        var values = SIMD2<Double>.zero
        var sums = SIMD2<Double>.zero
        var largest = SIMD2<Double>.zero

        @inline(__always)
        mutating func step(_ rates: SIMD2<Double>, _ elapsed: Double, _ advance: Double) {
            var difference = elapsed * rates - advance
            difference.replace(with: -difference, where: difference .< 0)
            values += (difference - values) / 16
            sums += values
            largest.replace(with: values, where: values .> largest)
        }

        mutating func step(_ lane: Int, _ rate: Double, _ elapsed: Double, _ advance: Double) {
            let value = values[lane] + (abs(elapsed * rate - advance) - values[lane]) / 16
            values[lane] = value
            sums[lane] += value
            largest[lane] = max(largest[lane], value)
        }
    }

    /// By pairs of `rates`.
    private var courses: InlineArray<5, Courses> = .init(repeating: Courses())
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
            courses[chosen / 2].step(chosen % 2, Self.rates[chosen], elapsed, advance)
        } else {
            courses[0].step(SIMD2(8_000, 11_025), elapsed, advance)
            courses[1].step(SIMD2(12_000, 16_000), elapsed, advance)
            courses[2].step(SIMD2(22_050, 24_000), elapsed, advance)
            courses[3].step(SIMD2(32_000, 44_100), elapsed, advance)
            courses[4].step(SIMD2(48_000, 90_000), elapsed, advance)
        }
    }

    /// The sender's clock or the capture's began anew: the step to the next packet says nothing.
    package mutating func interrupt() { hasLast = false }

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
        let (pair, lane) = (courses[index / 2], index % 2)
        return Reading(
            last: time(pair.values[lane]), mean: time(pair.sums[lane] / Double(steps)),
            maximum: time(pair.largest[lane]))
    }
}
