import StreamtopBase

/// How fast content came while there was something to send: the throughput without the gaps in which the server waited for the
/// encoder (handbook 5.6).
///
/// Within a CMAF chunk the rest of it is on its way, so the gap before each further delivery is time of sending. Gaps are counted by
/// size, and the border is drawn at the end, where their median is known: what is longer than half a round trip and three
/// medians (a window that opens, a repair) says nothing of the path's rate. A chunk that comes in one delivery tells
/// nothing.
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

    private var list: [Class] = []
    private var last: Timestamp?
    /// Class of the last gap; nil where that was none of sending.
    private var position: Int?

    init() {}

    /// `bytes` more are there. `begins`: what came before them was whole, so that nothing need have been on its way.
    mutating func note(_ bytes: Int, at time: Timestamp, begins: Bool = false) {
        guard let last else {
            self.last = time
            return
        }
        let gap = time - last
        guard gap > 0 else {
            // What came with one packet came in its gap.
            if let position { list[position].bytes &+= UInt64(bytes) }
            return
        }
        self.last = time
        guard !begins else {
            position = nil
            return
        }
        if list.isEmpty { list = Array(repeating: Class(), count: Self.classes) }
        let position = Self.position(of: gap)
        list[position].count &+= 1
        list[position].time = saturatingAdd(list[position].time, gap)
        list[position].bytes &+= UInt64(bytes)
        self.position = position
    }

    private static func position(of gap: Nanoseconds) -> Int {
        let value = UInt64(max(gap / 250, 4))  // quarters of a microsecond
        let top = 63 - value.leadingZeroBitCount
        let quarter = Int(value >> UInt64(top - 2) & 3)
        return min(classes - 1, (top - 2) * 4 + quarter)
    }

    /// Bytes that came while something was sent, and the time that they took. `roundTrip` is the whole one.
    func busy(roundTrip: Nanoseconds?) -> (bytes: UInt64, time: Nanoseconds) {
        let total = list.reduce(0) { $0 + Int($1.count) }
        var seen = 0
        var median: Nanoseconds = 0
        for entry in list where entry.count > 0 {
            seen += Int(entry.count)
            guard 2 * seen >= total else { continue }
            median = entry.time / Nanoseconds(entry.count)
            break
        }
        let border = max((roundTrip ?? 0) / 2, 3 * min(median, .seconds(3_600)))
        var time: Nanoseconds = 0
        var bytes: UInt64 = 0
        for entry in list where entry.count > 0 && entry.time / Nanoseconds(entry.count) <= border {
            time = saturatingAdd(time, entry.time)
            bytes &+= entry.bytes
        }
        return (bytes, time)
    }

    /// Bits a second; nil where too little came close together.
    static func throughput(_ bytes: UInt64, _ time: Nanoseconds) -> Double? {
        guard bytes >= leastBytes, time > 0 else { return nil }
        return 8 * Double(bytes) / Double(time) * 1e9
    }
}
