import StreamtopBase

/// Which part of the delay between the capture point and a distant end waits on the way from that end: the end's own clock
/// tells (`TCPOneWayMeter`), and the rest of the round trip was met on the way there.
///
/// Looked at every 10 ms in which the end sends anything, data or acknowledgments, so that time counts and not packets.
struct TCPInboundMeter: Sendable {
    private static let step: Nanoseconds = .milliseconds(10)
    /// Delays below say nothing at ticks of a millisecond.
    private static let least: Nanoseconds = .milliseconds(5)
    /// Looks that are enough to tell, 0.2 s in which something waited: own.
    private static let enough: UInt32 = 20

    /// A delay on the way there that begins and stays: own; a second without it, then a second with it, by looks.
    private static let settled: UInt16 = 100
    private static let leastRest: Nanoseconds = BaseStepMeter.least
    private static let calmRest: Nanoseconds = leastRest / 2

    var oneWay = TCPOneWayMeter()
    private var next = Timestamp(nanoseconds: .min)
    private var looks: UInt32 = 0
    private var inbound: Nanoseconds = 0
    private var whole: Nanoseconds = 0
    /// Looks in which next to nothing waited on the way there; then those in a row since in which much did, and the least of it.
    private var calmLooks: UInt16 = 0
    private var lateLooks: UInt16 = 0
    private var leastLate: Nanoseconds = .max

    init() {}

    /// A segment stamped `stamp` came from the end; true where it is time for a look.
    @inline(__always)
    mutating func observe(stamp: UInt32, at time: Timestamp) -> Bool {
        oneWay.observe(stamp: stamp, at: time)
        guard time >= next else { return false }
        next = time + Self.step
        return true
    }

    /// `queue` is the delay of the end's component RTT as measured a short time ago.
    mutating func look(_ queue: Nanoseconds, stamp: UInt32, at time: Timestamp) {
        guard queue >= Self.least, let part = oneWay.queue(stamp: stamp, passed: time) else { return }
        if looks < .max { looks += 1 }
        inbound = saturatingAdd(inbound, min(part, queue))
        whole = saturatingAdd(whole, queue)
        let rest = queue - part
        if rest >= Self.leastRest {
            leastLate = min(leastLate, rest)
            if lateLooks < .max { lateLooks += 1 }
        } else if rest < Self.calmRest {
            if calmLooks < .max { calmLooks += 1 }
            lateLooks = 0
            leastLate = .max
        }
    }

    /// From some time on everything took longer on the way there, by this at least, and never less: that may be another path. Nil
    /// where it is not so.
    var unsettled: Nanoseconds? {
        calmLooks >= Self.settled && lateLooks >= Self.settled ? leastLate : nil
    }

    /// 0 to 1; nil where too little waited to tell.
    var share: Double? { looks >= Self.enough && whole > 0 ? Double(inbound) / Double(whole) : nil }
}
