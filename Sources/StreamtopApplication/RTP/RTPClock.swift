import StreamtopBase

/// Clock rate of a stream: told by its payload type or by signalling, else inferred from how fast its timestamps advance
/// against capture time, and media time against capture time (handbook 7.4).
package struct RTPClock: Sendable {
    package enum Origin: Equatable, Sendable {
        case assigned, signalled, inferred
    }

    /// Rates told from each other by slope after two seconds; 44.1 kHz and its parts lie too near to others for that.
    private static var common: InlineArray<6, Int> { [8_000, 16_000, 24_000, 32_000, 48_000, 90_000] }
    private static var rare: InlineArray<4, Int> { [11_025, 12_000, 22_050, 44_100] }
    /// Own: an offset of the first packet by 80 ms moves the slope by 4 % after two seconds.
    private static let shortest: Nanoseconds = .seconds(2)
    private static let settled: Nanoseconds = .seconds(10)
    private static let rareAfter: Nanoseconds = .seconds(20)
    private static let snap = 0.04

    package private(set) var rate: Int?
    package private(set) var origin: Origin?
    private var firstTime = Timestamp(nanoseconds: 0)
    private var lastTime = Timestamp(nanoseconds: 0)
    private var lastTimestamp: UInt32 = 0
    /// Clock units since the first timestamp; the largest so far, and of the last packet.
    private var advance: Int64 = 0
    private var newest: Int64 = 0
    private var newestTime = Timestamp(nanoseconds: 0)
    private var timestamps = 0
    /// Steps between neighbouring timestamps that were the same as the one before.
    private var lastStep: Int64 = 0
    private var equalSteps = 0
    private var steps = 0
    /// Media and capture time of runs before an interruption, in clock units and nanoseconds.
    private var unitsBefore: Int64 = 0
    private var wallBefore: Nanoseconds = 0

    package init() {}

    package mutating func assign(_ rate: Int, origin: Origin) {
        self.rate = rate
        self.origin = origin
    }

    /// A packet; timestamps that were seen before say nothing new. True when the rate is another now.
    @discardableResult
    package mutating func observe(_ timestamp: UInt32, at time: Timestamp) -> Bool {
        guard timestamps > 0 else {
            firstTime = time
            newestTime = time
            lastTime = time
            lastTimestamp = timestamp
            timestamps = 1
            return false
        }
        let step = Int64(timestamp.distance(after: lastTimestamp))
        guard step != 0 else { return false }
        lastTimestamp = timestamp
        lastTime = time
        advance += step  // 2^32 at most for each of 2^31 packets: below 2^63
        timestamps &+= 1
        steps &+= 1
        if step == lastStep { equalSteps &+= 1 }
        lastStep = step
        if advance > newest {
            newest = advance
            newestTime = time
        }
        guard origin == nil || (origin == .inferred && time - firstTime < Self.settled) else { return false }
        let before = rate
        infer(at: time)
        return rate != before
    }

    /// The numbers or the clock began anew: slope and media time go on from the next packet.
    package mutating func interrupt() {
        unitsBefore += newest
        wallBefore = saturatingAdd(wallBefore, max(0, newestTime - firstTime))
        timestamps = 0
        advance = 0
        newest = 0
        steps = 0
        equalSteps = 0
    }

    private mutating func infer(at time: Timestamp) {
        let wall = newestTime - firstTime
        guard wall > 0, newest > 0, timestamps >= 8 else { return }
        let slope = Double(newest) * 1e9 / Double(wall)
        if wall >= Self.shortest {
            // The common rates lie too far apart for another one to fit as well.
            if let rate, origin == .inferred, !Self.isRare(rate), abs(slope / Double(rate) - 1) <= Self.snap { return }
            rate = Self.nearest(slope, in: Self.common, within: Self.snap)
            if rate == nil, wall >= Self.rareAfter { rate = Self.nearest(slope, in: Self.rare, within: 0.01) }
        } else if wall >= .milliseconds(500), equalSteps * 5 >= steps * 4, let hint = Self.hint(lastStep) {
            // Nearly all steps are alike, and such steps are one rate's: the slope need only agree.
            rate = Self.nearest(slope, in: [hint], within: 0.15)
        }
        origin = rate == nil ? nil : .inferred
    }

    private static func isRare(_ rate: Int) -> Bool { rate % 1_000 != 0 || rate == 12_000 }

    /// The rate of a timestamp step of one packet or picture that only one clock in use makes: 20 and 60 ms of Opus, 20 ms of
    /// 8 kHz, pictures at 30, 29.97, 25, 24, 15 and 60 a second.
    private static func hint(_ step: Int64) -> Int? {
        switch step {
        case 160: 8_000
        case 960, 2_880: 48_000
        case 3_000, 3_003, 3_600, 3_750, 6_000, 1_500: 90_000
        default: nil
        }
    }

    private static func nearest<let number: Int>(
        _ slope: Double, in rates: InlineArray<number, Int>, within share: Double
    ) -> Int? {
        for index in rates.indices where abs(slope / Double(rates[index]) - 1) <= share { return rates[index] }
        return nil
    }

    /// Seconds of media and of capture time between the same two packets; nil without a clock.
    package var mediaClock: (advance: Double, wall: Double)? {
        guard let rate, timestamps > 1 || unitsBefore > 0 else { return nil }
        let wall = saturatingAdd(wallBefore, timestamps > 1 ? max(0, newestTime - firstTime) : 0)
        return (Double(unitsBefore + newest) / Double(rate), wall.seconds)
    }

    /// Seconds of media between the first and the newest timestamp of the present run; nil without a clock.
    package var span: Double? { rate.map { Double(newest) / Double($0) } }

    /// Arrival less media time of the last packet, in seconds from the first packet on; only differences mean something.
    package func transit(of timestamp: UInt32, at time: Timestamp) -> Double? {
        guard let rate, timestamps > 0 else { return nil }
        let units = advance + Int64(timestamp.distance(after: lastTimestamp))
        return (time - firstTime).seconds - Double(units) / Double(rate)
    }
}
