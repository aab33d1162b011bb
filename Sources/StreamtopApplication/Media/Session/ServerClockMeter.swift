import StreamtopBase
import StreamtopModel

/// How far the clocks of a server are from the capture's, as far as its answers tell (handbook 5.4).
struct ServerClockMeter: Sendable {
    /// What holds for all Date fields so far, in nanoseconds: each has whole seconds and was written between the request's arrival and
    /// the answer's first byte.
    private var low: Nanoseconds = .min
    private var high: Nanoseconds = .max
    private var middles: [Nanoseconds] = []
    private(set) var dates = 0
    private(set) var timeSource: Nanoseconds?
    private(set) var youngest: Nanoseconds = .max

    private static let keptMiddles = 64

    init() {}

    /// An answer that was made at `date` by its server's clock.
    mutating func note(date: Timestamp, of exchange: MediaExchange) {
        guard let first = exchange.responseTime, let asked = exchange.requestTime else { return }
        // A stored answer tells when it was stored.
        if let cache = exchange.cache, (cache.age ?? 0) > 0 { return }
        let half = (exchange.roundTrip ?? 0) / 2
        let latest = date + .seconds(1) - (asked + half)
        let earliest = date - (first - half)
        dates += 1
        low = max(low, earliest)
        high = min(high, latest)
        let middle = date + .milliseconds(500) - (first - half)
        if middles.count >= Self.keptMiddles { middles.removeFirst() }
        middles.append(middle)
    }

    /// The answer of a time source: `value` was its clock when it answered.
    mutating func note(timeOfDay value: Timestamp, of exchange: MediaExchange) {
        guard let first = exchange.responseTime else { return }
        timeSource = value - (first - (exchange.roundTrip ?? 0) / 2)
    }

    /// A chunk came this long after its stamp; below 0 the stamp is of a clock ahead.
    mutating func note(age: Nanoseconds) { youngest = min(youngest, age) }

    var offset: MediaClockOffset {
        var offset = MediaClockOffset()
        offset.timeSource = timeSource
        offset.dateSamples = dates
        if dates > 0 {
            // Where the answers contradict each other (several servers, a clock that steps) the middle one stands.
            offset.date = low <= high ? low / 2 + high / 2 : middles.sorted()[middles.count / 2]
        }
        if youngest < 0 { offset.producer = youngest == .min ? .max : -youngest }
        return offset
    }
}
