import StreamtopBase

/// How fast the content of a response came while there was something to send: the throughput without the gaps in which the server
/// waited for the encoder (handbook 5.6).
///
/// Gaps between deliveries are counted by size, so that the border between "sending" and "waiting" can be drawn at the end, where
/// the median gap is known: a gap counts as sending up to half a round trip or three median gaps. The first delivery after
/// each longer gap is left out with the gap.
struct DeliveryPace: Sendable {
    /// Classes of gaps, four an octave from a microsecond.
    private static let classes = 128
    /// Less says nothing: a few packets may have waited anywhere together.
    static let leastBytes: UInt64 = 32_768

    private struct Class: Sendable {
        var count: UInt32 = 0
        var time: Nanoseconds = 0
        var bytes: UInt64 = 0
    }

    private var classList: [Class] = []
    private var last: Timestamp?

    init() {}

    /// `bytes` more are there.
    mutating func note(_ bytes: Int, at time: Timestamp) {
        guard let last else {
            self.last = time
            return
        }
        let gap = time - last
        // What one packet completes is one delivery.
        guard gap > 0 else { return }
        if classList.isEmpty { classList = Array(repeating: Class(), count: Self.classes) }
        let place = Self.place(of: gap)
        classList[place].count &+= 1
        classList[place].time = saturatingAdd(classList[place].time, gap)
        classList[place].bytes &+= UInt64(bytes)
        self.last = time
    }

    private static func place(of gap: Nanoseconds) -> Int {
        let value = UInt64(max(gap / 250, 4))  // quarters of a microsecond
        let top = 63 - value.leadingZeroBitCount
        let quarter = Int(value >> UInt64(top - 2) & 3)
        return min(classes - 1, (top - 2) * 4 + quarter)
    }

    /// Bits a second; nil where too little came close together. `roundTrip` is the whole one.
    func throughput(roundTrip: Nanoseconds?) -> Double? {
        let total = classList.reduce(0) { $0 + Int($1.count) }
        guard total > 4 else { return nil }
        var seen = 0
        var median: Nanoseconds = 0
        for entry in classList where entry.count > 0 {
            seen += Int(entry.count)
            guard 2 * seen >= total else { continue }
            median = entry.time / Nanoseconds(entry.count)
            break
        }
        let border = max((roundTrip ?? 0) / 2, 3 * median)
        var time: Nanoseconds = 0
        var bytes: UInt64 = 0
        for entry in classList where entry.count > 0 && entry.time / Nanoseconds(entry.count) <= border {
            time = saturatingAdd(time, entry.time)
            bytes &+= entry.bytes
        }
        guard bytes >= Self.leastBytes, time > 0 else { return nil }
        return 8 * Double(bytes) / Double(time) * 1e9
    }
}
