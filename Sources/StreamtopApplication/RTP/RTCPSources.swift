import StreamtopBase
import StreamtopWire

/// The two hosts that streams and reports go between. Reports name a stream by its SSRC alone, and travel on other ports
/// than it, each direction on its own: within two hosts 32 random bits are name enough.
package struct HostPair: Hashable, Sendable {
    private var low: IPAddress
    private var high: IPAddress

    package init(_ key: FlowKey) {
        low = key.low.address
        high = key.high.address
        if high < low { swap(&low, &high) }
    }
}

/// What RTCP says of every stream, whatever flow it says it in. Bounded: the oldest goes first.
package struct RTCPSourceTable: ~Copyable {
    package let capacity: Int
    package private(set) var evicted: UInt64 = 0

    private struct Key: Hashable {
        var hosts: HostPair
        var source: UInt32
    }

    private var sources: [Key: RTCPSource] = [:]
    private var order: [Key] = []
    private var head = 0

    package init(capacity: Int = 4_096) { self.capacity = capacity }

    package var count: Int { sources.count }

    package func facts(of source: UInt32, between hosts: HostPair) -> RTCPSource? {
        sources[Key(hosts: hosts, source: source)]
    }

    /// The entry of a stream, made where there is none yet.
    mutating func entry(_ source: UInt32, between hosts: HostPair) -> RTCPSource {
        let key = Key(hosts: hosts, source: source)
        if let known = sources[key] { return known }
        if sources.count >= capacity, head < order.count {
            sources[order[head]] = nil
            head += 1
            evicted &+= 1
            if head > 1_024, head * 2 > order.count {
                order.removeFirst(head)
                head = 0
            }
        }
        let fresh = RTCPSource()
        sources[key] = fresh
        order.append(key)
        return fresh
    }
}

/// What RTCP says of one stream.
package final class RTCPSource {
    /// Sender reports that a block may still quote.
    private static let remembered = 16
    /// Numbers asked for, to see which are asked for again.
    private static let askedCapacity = 256

    private struct Report {
        var middle: UInt32
        var time: Timestamp
        /// From the sender's own stamp to the tap, where both clocks agree; else nil.
        var age: Nanoseconds?
    }

    package internal(set) var nacks = 0
    package private(set) var askedNumbers = 0
    package private(set) var askedAgain = 0
    package internal(set) var pictureLoss = 0
    package internal(set) var intraRequests = 0
    package internal(set) var estimate: UInt64?
    package internal(set) var canonicalName: String?
    package private(set) var roundTrips = RoundTripSamples()
    /// The newest sender report: NTP time, RTP timestamp, and when it passed.
    package private(set) var lastReport: (networkTime: UInt64, timestamp: UInt32, time: Timestamp)?
    package private(set) var reportCount = 0
    /// Packets lost by the newest report about the stream; below zero where repeats came.
    package private(set) var lastLost: Int?
    private var reports: [Report] = []
    private var asked: [UInt16] = []
    /// Numbers whose packet has not come since they were first asked for, and when that was.
    private var unanswered: [(number: UInt16, time: Timestamp)] = []
    /// From the first NACK that asks for a packet to that packet, both as they pass.
    package private(set) var answers = RoundTripSamples()
    /// Own: no receiver waits longer; the number may come round again.
    private static let longestAnswer: Nanoseconds = .seconds(2)

    init() {}

    /// Own: the first report of a stream may map its clock only roughly (libwebrtc corrects it with the second).
    static let leastReports = 3

    /// NTP counts from 1900 (RFC 5905 section 6): 2,208,988,800 s before 1970.
    static func time(ofNetworkTime value: UInt64) -> Timestamp {
        Timestamp(
            seconds: Int64(value >> 32) - 2_208_988_800,
            nanoseconds: Int64(Double(value & 0xffff_ffff) * 1e9 / 4_294_967_296))
    }

    func note(_ report: RTCPSenderReport, at time: Timestamp) {
        reportCount &+= 1
        lastReport = (report.networkTime, report.timestamp, time)
        if reports.count == Self.remembered { reports.removeFirst() }
        reports.append(Report(middle: report.middleTime, time: time, age: Self.age(of: report, at: time)))
    }

    /// Own: a sender that stamps a report sends it within this; a clock that is off by less cannot be told from it.
    private static let longestAge: Nanoseconds = .milliseconds(200)

    private static func age(of report: RTCPSenderReport, at time: Timestamp) -> Nanoseconds? {
        let age = time - Self.time(ofNetworkTime: report.networkTime)
        return age >= 0 && age < longestAge ? age : nil
    }

    /// The report block quotes a sender report that passed here: to the receiver and back, as the sender works it out (RFC 3550
    /// section 6.4.1) where the tap's clock is the sender's, else from the tap on, without its need of a common clock.
    func roundTrip(of block: RTCPReportBlock, at time: Timestamp) -> Nanoseconds? {
        lastLost = Int(block.cumulativeLost)
        guard block.lastSenderReport != 0,
            let quoted = reports.last(where: { $0.middle == block.lastSenderReport })
        else { return nil }
        // 32 bits of 1/65536 s are 18 hours: below 2^47 ns.
        let delay = Nanoseconds(Double(block.delaySinceLast) * 1e9 / 65_536)
        let trip = time - quoted.time - delay + (quoted.age ?? 0)
        guard trip > 0, trip < .seconds(30) else { return nil }
        roundTrips.record(trip, at: time)
        return trip
    }

    func noteAsked(_ number: UInt16, at time: Timestamp) {
        askedNumbers &+= 1
        if asked.contains(number) {
            askedAgain &+= 1
        } else {
            if asked.count == Self.askedCapacity { asked.removeFirst() }
            asked.append(number)
            if unanswered.count == Self.askedCapacity { unanswered.removeFirst() }
            unanswered.append((number, time))
        }
    }

    /// The packet with this number was asked for and has not come since.
    func awaits(_ number: UInt16) -> Bool { unanswered.contains { $0.number == number } }

    /// The packet with this number passes again, or at last; true when it was asked for.
    @discardableResult
    func noteAnswer(_ number: UInt16, at time: Timestamp) -> Bool {
        guard let index = unanswered.firstIndex(where: { $0.number == number }) else { return false }
        let wait = time - unanswered.remove(at: index).time
        guard wait <= Self.longestAnswer else { return false }
        answers.record(wait, at: time)
        return true
    }
}
