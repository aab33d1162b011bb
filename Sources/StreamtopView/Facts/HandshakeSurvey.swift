import StreamtopBase
import StreamtopModel

/// Handshakes of many flows by kind: how long clients waited until they could send, and why others never could.
struct HandshakeSurvey {
    /// In the order of what they cost.
    enum Kind: Int, CaseIterable {
        case zeroRTT, resumed, oneRTT, twoRTT, retry, helloRetry
    }

    struct Group {
        var kind: Kind
        /// Waiting times, ascending.
        var times: [Nanoseconds] = []
        /// Finished handshakes of this kind, those without a known time included.
        var count = 0
        /// Round trips before the client may send, the least and the most; nil while none is known.
        var trips: ClosedRange<Int>?

        /// The time that `share` of the handshakes did not exceed (nearest rank); nil without times.
        func percentile(_ share: Double) -> Nanoseconds? {
            guard !times.isEmpty else { return nil }
            let rank = Int((share * Double(times.count)).rounded(.up))
            return times[max(0, min(rank - 1, times.count - 1))]
        }

        /// Handshakes by time in `columns` columns of `scale`.
        func histogram(columns: Int, _ scale: LogScale) -> [Int] {
            var counts = Array(repeating: 0, count: max(1, columns))
            for time in times { counts[scale.column(of: time, of: counts.count)] += 1 }
            return counts
        }
    }

    /// Flows that ended, or fell silent, before their handshake did.
    struct Failure {
        var reason: String
        var count: Int
        /// The newest flow of them.
        var flow: FlowSnapshot
    }

    private(set) var groups = Kind.allCases.map { Group(kind: $0) }
    private(set) var failures: [Failure] = []
    /// Handshakes that have begun and may still end.
    private(set) var underWay = 0

    init(_ snapshot: Snapshot, _ filter: Filter) {
        for flow in snapshot.flows where filter == .all || filter.matches(flow) { take(flow) }
        for index in groups.indices { groups[index].times.sort() }
        failures.sort { ($1.count, $0.reason) < ($0.count, $1.reason) }
    }

    /// Shortest and longest time of all kinds; nil without times.
    var span: ClosedRange<Nanoseconds>? {
        guard let least = groups.compactMap(\.times.first).min(), let most = groups.compactMap(\.times.last).max()
        else { return nil }
        return least...most
    }

    private mutating func take(_ flow: FlowSnapshot) {
        if let failure = flow.$handshake?.value.failure { return fail(Words.handshakeFailure(failure), flow) }
        guard let security = flow.security, let cost = flow.handshakeCost else { return }
        guard let kind = Self.kind(flow, security, cost) else {
            // Picked up in the middle: neither begun nor failed before our eyes.
            if cost.clientMaySend == nil, security.handshake.timeline.contains(where: { $0.step == .clientHello }) {
                underWay += 1
            }
            return
        }
        groups[kind.rawValue].count += 1
        if let time = cost.time { groups[kind.rawValue].times.append(time) }
        if let trips = cost.trips {
            let known = groups[kind.rawValue].trips ?? trips...trips
            groups[kind.rawValue].trips = min(known.lowerBound, trips)...max(known.upperBound, trips)
        }
    }

    private mutating func fail(_ reason: String, _ flow: FlowSnapshot) {
        guard let index = failures.firstIndex(where: { $0.reason == reason }) else {
            failures.append(Failure(reason: reason, count: 1, flow: flow))
            return
        }
        failures[index].count += 1
        failures[index].flow = flow
    }

    private static func kind(_ flow: FlowSnapshot, _ security: TLSSnapshot, _ cost: HandshakeCost) -> Kind? {
        switch security.handshake.kind {
        case .incomplete: return nil
        case .helloRetry: return .helloRetry
        default: break
        }
        // A detour costs more than what it led to.
        if flow.quic?.hasRetry == true || flow.dtls?.cookie == true { return .retry }
        switch security.handshake.kind {
        case .zeroRTT: return .zeroRTT
        case .resumed, .psk: return .resumed
        default: return security.handshake.roundTrips.map { $0 >= 2 ? .twoRTT : .oneRTT }
        }
    }
}

/// A logarithmic axis of time between two lengths.
struct LogScale {
    /// Least and most, in powers of two of a nanosecond.
    private let low: Double
    private let high: Double

    init(_ span: ClosedRange<Nanoseconds>) {
        low = Self.log2(span.lowerBound)
        high = max(low + 1, Self.log2(span.upperBound))
    }

    func column(of time: Nanoseconds, of columns: Int) -> Int {
        let share = (Self.log2(time) - low) / (high - low)
        return max(0, min(columns - 1, Int(share * Double(columns))))
    }

    /// Binary logarithm by halving: exact at powers of two, linear between.
    private static func log2(_ time: Nanoseconds) -> Double {
        let value = max(1, time)
        let whole = Int64.bitWidth - 1 - value.leadingZeroBitCount
        return Double(whole) + Double(value) / Double(Int64(1) << Int64(whole)) - 1
    }
}
